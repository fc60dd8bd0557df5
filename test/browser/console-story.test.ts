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

describe.skipIf(noBrowser !== undefined)(noBrowser ?? 'the console, used', SLOW, () => {
  let service: Service;
  let browser: TestBrowser;
  let ear: Ear;
  beforeAll(async () => {
    [service, browser, ear] = await Promise.all([Service.start(), openBrowser(), Ear.create()]);
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
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
