import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import { noBrowser, openBrowser, type TestBrowser } from '../support/browser.ts';
import { eventually, recordCanary, Service } from '../support/service.ts';
import { endedCall } from '../support/story.ts';
import { open, prepare, signIn } from './console-rig.ts';

const SLOW = { timeout: 120_000 };
const TO = '+41793026727';
/** What previews are spoken with: nobody's. Nine digits, so that no log has a PIN of that length by chance. */
const MADE_UP = '584209713';
const MARKUP = `<img src=x onerror="window.owned=1"><script>window.owned=1</script>`;
/** Calls to it are refused by the customer's own server, in words that are no words. */
const REFUSED = '+41793026729';

describe.skipIf(noBrowser !== undefined)(noBrowser ?? 'the console, used', SLOW, () => {
  let service: Service;
  let browser: TestBrowser;
  let ear: Ear;
  let customer: Customer;
  beforeAll(async () => {
    customer = await startCustomer();
    const folder = mkdtempSync(join(process.env.SAYPIN_TEST_RUN ?? tmpdir(), 'console-'));
    const file = join(folder, 'saypin.json');
    const hooks = { beforeSend: { url: `${customer.url}/may-i` } };
    writeFileSync(file, JSON.stringify({ webhooks: { allowPrivate: true }, hooks }));
    [service, browser, ear] = await Promise.all([
      Service.start({ SAYPIN_CONFIG: file }),
      openBrowser(),
      Ear.create(),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
    await customer.close();
  });

  test('sign in, make an application and a template, hear it, send it, verify it', async () => {
    await service.sim('PUT', `/phones/${TO}`, { outcome: 'answer', answerAfterMs: 0 });
    const { page, problems, close } = await signIn(browser, service);
    await page.getByRole('link', { name: 'Applications' }).click();
    await page.getByLabel('Name').fill('Shop of the story');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { level: 1, name: 'Shop of the story' }).waitFor();
    await page.getByRole('button', { name: 'Make a plan' }).click();
    await page.getByRole('button', { name: 'Save plan' }).click();
    await page.getByRole('button', { name: 'Remove plan' }).waitFor();

    await page.getByRole('link', { name: 'New template' }).click();
    await page.getByLabel('Text').fill('Your code is,, {{pin}}');
    await page.getByLabel('PIN length').fill(String(MADE_UP.length));
    await page.getByLabel('Repeat key').fill('');
    await page.locator('.utterances').getByText('Your code is').waitFor();
    await page
      .locator('.symbols.pin b')
      .nth(MADE_UP.length - 1)
      .waitFor();
    expect(await page.locator('.symbols.pin b').allTextContents()).toEqual([...MADE_UP]);
    expect(await page.getByLabel('SSML').textContent()).toContain(
      "<say-as interpret-as='characters'>5</say-as>",
    );
    let wav: Buffer | undefined;
    await page.route('**/console/api/preview', async route => {
      const answer = await route.fetch();
      wav = await answer.body();
      await route.fulfill({ response: answer, body: wav });
    });
    await page.getByRole('button', { name: 'Listen' }).click();
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    expect(wav && ear.listen(wav).readings).toEqual([MADE_UP]);
    // What was fetched is what is played and drawn.
    await eventually('sound to be played', async () =>
      page.evaluate<boolean>(`document.querySelector('audio').currentTime > 0.1`),
    );
    const tallest = await page.evaluate<number>(
      `Math.max(...[...document.querySelectorAll('.waveform rect')].map(bar => Number(bar.getAttribute('height'))))`,
    );
    expect(tallest).toBeGreaterThan(30);

    await page.getByRole('button', { name: 'Create template' }).click();
    await page.getByRole('button', { name: 'Save template' }).waitFor();
    await page.getByLabel('Number').fill(TO);
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    const call = await endedCall(service, TO);
    const heard = ear.listen(await service.recording(call.id)).readings[0];
    if (heard === undefined) throw new Error('no PIN was heard');
    recordCanary(heard);
    await page.getByText('the whole code was heard').waitFor();
    expect(await page.locator('main').textContent()).not.toContain(heard);

    await page.getByRole('link', { name: 'Open the verification' }).click();
    await page.getByRole('heading', { level: 1, name: TO }).waitFor();
    await page.getByLabel('PIN', { exact: true }).fill('000');
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('Wrong. 9 tries are left.').waitFor();
    // One check in three seconds: the application's own limit holds here as well.
    await eventually('the right PIN to be taken', async () => {
      const pin = page.getByLabel('PIN', { exact: true });
      if ((await pin.count()) === 0) return true;
      await pin.fill(heard);
      await page.getByRole('button', { name: 'Check' }).click();
      await page.waitForTimeout(700);
      return (await page.locator('.timeline').getByText('Verified').count()) > 0;
    });
    await page.locator('.timeline').getByText('Verified').waitFor();
    expect(await page.locator('.timeline > li').allTextContents()).toEqual([
      expect.stringContaining('Asked for'),
      expect.stringMatching(/^Voiceby twilioDelivered.*the whole code was heard/),
      expect.stringContaining('Verified'),
    ]);
    // The limit's 429 is the one thing that may have gone wrong.
    expect(problems.filter(text => !text.includes('429'))).toEqual([]);
    await close();
  });

  test('a live call: its state is lit as it moves, and no key is shown', async () => {
    const ids = await prepare(service);
    const to = '+41793026728';
    await service.sim('PUT', `/phones/${to}`, { outcome: 'manual' });
    const { page, problems, close } = await signIn(browser, service);
    await open(page, service, '/calls', 'Live calls');
    await service.api('POST', '/v1/verifications', {
      to,
      applicationId: ids.applicationId,
      template: ids.messageId,
      channel: 'voice',
    });
    const { id } = await eventually('the phone to ring', async () => {
      const { calls } = await service.sim<{ calls: { id: string; state: string }[] }>(
        'GET',
        `/phones/${to}/calls`,
      );
      return calls.find(({ state }) => state === 'ringing');
    });
    await page.getByRole('region', { name: 'What the carriers say' }).getByText(to).waitFor();
    await service.sim('POST', `/calls/${id}/answer`);
    const panel = page.getByRole('region', { name: to });
    await panel.getByRole('img', { name: 'State: Says the code' }).waitFor();
    expect(await panel.locator('.node.now').textContent()).toBe('Says the code');
    await service.sim('POST', `/calls/${id}/keys`, { keys: '1' });
    await panel.locator('.pairs > div', { hasText: 'Repeats' }).getByText('1').waitFor();
    await service.sim('POST', `/calls/${id}/hangup`);
    await panel.getByText('the phone hung up').waitFor();
    expect(await panel.locator('.node.now').textContent()).toBe('Ended');
    expect(problems).toEqual([]);
    await close();
  });

  test('a key is shown once, and when it is revoked its session is over', async () => {
    const { page, problems, close } = await signIn(browser, service);
    await open(page, service, '/keys', 'API keys');
    await page.getByLabel('Name').fill('for a while');
    await page.getByLabel('May').selectOption('Send and verify PINs');
    await page.getByRole('button', { name: 'Make a key' }).click();
    const key = (await page.locator('.secret code').textContent()) ?? '';
    expect(key).toMatch(/^[0-9a-f]{32}-/);
    await page.reload();
    await page.getByRole('row', { name: /for a while/ }).waitFor();
    expect(await page.content()).not.toContain(key);

    const other = await browser.page(service.url);
    await other.page.goto(`${service.url}/console`);
    await other.page.getByLabel('API key').fill(key);
    await other.page.getByRole('button', { name: 'Sign in' }).click();
    await other.page.getByRole('heading', { name: 'Overview' }).waitFor();
    // It may not see keys, and is told so.
    await other.page.getByRole('link', { name: 'API keys' }).click();
    await other.page.getByText('may not see this').waitFor();

    await page.getByRole('button', { name: 'Revoke for a while' }).click();
    await page.getByRole('button', { name: 'Revoke for good' }).click();
    await page
      .getByRole('row', { name: /for a while/ })
      .getByText('Revoked')
      .waitFor();
    await other.page.getByRole('link', { name: 'Verifications' }).click();
    await other.page.getByLabel('API key').waitFor();
    expect(problems).toEqual([]);
    await other.close();
    await close();
  });

  test('a webhook is made, tested and replayed; what a carrier and a customer’s server say stays text', async () => {
    await service.sim('PUT', `/phones/${REFUSED}`, { smsOutcome: 'undelivered' });
    const { page, problems, close } = await signIn(browser, service);
    await open(page, service, '/webhooks', 'Webhooks');
    await page.getByLabel('Address').fill(`${customer.url}/events`);
    await page.getByLabel('Description').fill(`orders ${MARKUP}`);
    await page.getByRole('button', { name: 'Add' }).click();
    const secret = (await page.locator('.secret code').textContent()) ?? '';
    const panel = page.getByRole('region', { name: `${customer.url}/events` });
    await panel.getByText(`orders ${MARKUP}`).waitFor();
    await panel.getByRole('button', { name: 'Test' }).click();
    await panel.getByText(/^url: 200, \d+ ms$/).waitFor();
    expect(customer.told().map(({ type }) => type)).toEqual(['webhook.test']);

    const { body } = await service.api<{ id: string }>('POST', '/v1/verifications', {
      to: REFUSED,
      plan: { steps: [{ channel: 'sms' }, { channel: 'voice' }] },
    });
    const failed = await eventually('the failure to be told', async () =>
      customer.told().find(({ type }) => type === 'delivery.failed'),
    );
    expect(new Webhook(secret).verify(failed.body, failed.headers)).toMatchObject({
      data: { verificationId: body.id },
    });
    await page.getByRole('button', { name: 'Look again' }).click();
    const row = page.getByRole('row').filter({ hasText: REFUSED });
    await row.getByRole('button', { name: 'Replay delivery.failed' }).click();
    await page.getByText('Sent again to 1 endpoint.').waitFor();
    await eventually(
      'the replay',
      async () => customer.told().filter(({ id }) => id === failed.id).length === 2,
    );

    await open(page, service, `/verifications/${body.id}`, REFUSED);
    const timeline = page.locator('.timeline');
    // Twilio's number for "unreachable destination handset", which the simulated carrier reports with the text.
    await timeline.getByText('30003').waitFor();
    await timeline.getByText(`detail: ${MARKUP}`).waitFor();
    expect(await page.locator('img[src=x], #app script').count()).toBe(0);
    expect(await page.evaluate('window.owned')).toBeUndefined();
    expect(problems).toEqual([]);
    await close();
  });

  test('signing in: a wrong key is refused, signing out ends it, and the page never holds the key', async () => {
    const { page, close } = await browser.page(service.url);
    await page.goto(`${service.url}/console/verifications`);
    await page.getByLabel('API key').fill('no-such-key');
    await page.keyboard.press('Enter');
    await page.getByText('There is no such key, or it was revoked.').waitFor();
    await page.getByLabel('API key').fill(service.apiKey);
    await page.keyboard.press('Enter');
    // Where one wanted to go in the first place.
    await page.getByRole('heading', { level: 1, name: 'Verifications' }).waitFor();
    expect(
      await page.evaluate('document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })'),
    ).toBe('{}');
    expect(await page.content()).not.toContain(service.apiKey);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    await page.reload();
    await page.getByLabel('API key').waitFor();
    await close();
  });
});

interface Told {
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}

interface Customer {
  readonly url: string;
  readonly told: () => readonly Told[];
  readonly close: () => Promise<void>;
}

/** The customer's own server: takes events, and is asked before each send. */
async function startCustomer(): Promise<Customer> {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      const { type, data } = JSON.parse(body) as { type: string; data: { to?: string; channel?: string } };
      if (request.url === '/events') {
        told.push({ id: String(request.headers['webhook-id']), type, body, headers: plain(request.headers) });
        response.end();
        return;
      }
      const allow = data.to !== REFUSED || data.channel !== 'voice';
      response.end(JSON.stringify(allow ? { allow } : { allow, reason: MARKUP }));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told: () => told,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
