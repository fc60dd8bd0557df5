import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Page } from 'playwright-core';

import { noBrowser, DESKTOP, openBrowser, PHONE } from '../test/support/browser.ts';
import { eventually, Service } from '../test/support/service.ts';
import { allPages, open, prepare, signIn } from '../test/browser/console-rig.ts';

/**
 * `npm run screenshots [folder]`: every page of the console and of the phone, and the first page, at desktop and phone width, light and dark, into
 * out/screenshots; and how large its script is and how soon it paints. Runs the service and its simulator.
 */

if (noBrowser !== undefined) {
  process.stderr.write(`${noBrowser}\n`);
  process.exit(1);
}

const FOLDER = process.argv[2] ?? join(import.meta.dirname, '../out/screenshots');
const TO = '+41793026727';
const LANDLINE = '+41446681800';
const OTHERS = [
  '+4915112345678',
  '+33612345678',
  '+447400123456',
  '+12025550123',
  '+5511987654321',
  '+393312345678',
];
const SIZES = [
  ['desktop', DESKTOP],
  ['phone', PHONE],
] as const;
const SCHEMES = ['light', 'dark'] as const;

mkdirSync(FOLDER, { recursive: true });
const service = await Service.start();
const browser = await openBrowser();
try {
  const ids = await prepare(service, {
    text: 'Hello {{name}}. Your code is,, {{pin}}. Once more,, {{pin}}.',
  });
  const verification = await fill(ids);
  for (const [width, size] of SIZES) {
    for (const scheme of SCHEMES) {
      await consolePages(width, size, scheme);
      await phonePages(width, size, scheme);
      await firstPage(width, size, scheme);
    }
  }
  process.stdout.write(`${await figures()}\nPictures are in ${FOLDER}\n`);

  async function consolePages(width: string, size: typeof DESKTOP | typeof PHONE, scheme: 'light' | 'dark') {
    const fresh = await browser.page(service.url, { size, scheme, reducedMotion: true });
    await fresh.page.goto(`${service.url}/console`);
    await fresh.page.getByLabel('API key').waitFor();
    await shoot(fresh.page, `console-sign-in-${width}-${scheme}`);
    await fresh.close();
    const { page, close } = await signIn(browser, service, { size, scheme, reducedMotion: true });
    for (const [path, heading] of allPages(ids, verification, TO)) {
      await open(page, service, path, heading);
      if (heading === 'Template' || heading === 'Send a test') await listen(page);
      const call = heading === 'Live calls' ? await callNow(page) : undefined;
      await shoot(page, `console-${slug(heading)}-${width}-${scheme}`);
      if (call !== undefined) await service.sim('POST', `/calls/${call}/hangup`);
    }
    await close();
  }

  async function phonePages(width: string, size: typeof DESKTOP | typeof PHONE, scheme: 'light' | 'dark') {
    await service.sim('PUT', `/phones/${TO}`, { outcome: 'manual' });
    const { page, close } = await browser.page(service.simUrl, { size, scheme, reducedMotion: true });
    await page.goto(service.simUrl);
    // The list itself, which is asked for when the page is there.
    await page.getByRole('heading', { name: 'Phones' }).waitFor();
    await shoot(page, `phone-index-${width}-${scheme}`);
    await page.goto(`${service.simUrl}/phones/${TO}`);
    await page.getByText('Waiting for a call').waitFor();
    await shoot(page, `phone-waiting-${width}-${scheme}`);
    const id = await ring();
    await page.getByRole('button', { name: 'Answer' }).waitFor();
    await shoot(page, `phone-ringing-${width}-${scheme}`);
    await page.getByRole('button', { name: 'Answer' }).click();
    await page.getByRole('button', { name: 'Hang up' }).waitFor();
    // Something is to be seen of the sound.
    await page.waitForTimeout(2_500);
    await shoot(page, `phone-call-${width}-${scheme}`);
    await service.sim('POST', `/calls/${id}/hangup`);
    await close();
  }

  async function firstPage(width: string, size: typeof DESKTOP | typeof PHONE, scheme: 'light' | 'dark') {
    await service.sim('PUT', `/phones/${TO}`, { outcome: 'manual' });
    const { page, close } = await browser.page(service.url, { size, scheme, reducedMotion: true });
    const simulator = new URL(service.simUrl).origin;
    await page.route(
      url => url.origin === simulator,
      async route => await route.continue(),
    );
    await page.goto(service.url);
    const phone = page.frameLocator('iframe');
    await phone.getByText('Waiting for a call').waitFor();
    await shoot(page, `first-page-${width}-${scheme}`);
    await page.getByRole('button', { name: 'Call me' }).click();
    await phone.getByRole('button', { name: 'Answer' }).click();
    await page.getByText('Listen, and type what you hear.').waitFor();
    await page.waitForTimeout(1_500);
    await page.getByLabel('What did you hear?').fill('123');
    await shoot(page, `first-page-call-${width}-${scheme}`);
    await phone.getByRole('button', { name: 'Hang up' }).click();
    await close();
  }

  /** Verifications of every kind, so that the pages have something to show. */
  async function fill({ applicationId, messageId }: typeof ids): Promise<string> {
    const create = async (to: string, more: object = {}): Promise<string> => {
      const body = { to, applicationId, template: messageId, placeholders: { name: 'Anna' }, ...more };
      return (await service.api<{ id: string }>('POST', '/v1/verifications', body)).body.id;
    };
    await service.api('PUT', `/v1/applications/${applicationId}/delivery`, {
      steps: [{ channel: 'sms', next: { onFailure: true, noReportAfterSeconds: 30 } }, { channel: 'voice' }],
    });
    await service.api('POST', '/v1/keys', { name: 'web shop', scopes: ['2fa:pin:send'] });
    for (const to of OTHERS)
      await service.sim('PUT', `/phones/${to}`, { outcome: 'busy', smsOutcome: 'delivered' });
    await service.sim('PUT', `/phones/${OTHERS[0]}`, { outcome: 'busy', smsOutcome: 'undelivered' });
    for (const [index, to] of OTHERS.entries()) {
      for (let count = 0; count < OTHERS.length - index; count++) {
        const id = await create(to);
        // The texts of the first do not arrive, and its phone is busy.
        if (index > 0 && count % 3 !== 2) await verify(id, to, count);
        else if (count > 3) await service.api('POST', `/v1/verifications/${id}/cancel`);
      }
    }
    await service.sim('PUT', `/phones/${LANDLINE}`, { outcome: 'answer', answerAfterMs: 0 });
    await create(LANDLINE);
    await service.sim('PUT', `/phones/${TO}`, {
      outcome: 'answer',
      answerAfterMs: 0,
      smsOutcome: 'undelivered',
    });
    const shown = await create(TO);
    await eventually(
      'the call of the shown verification to end',
      async () => {
        const { body } = await service.api<{ timeline: { state: string; endedAt?: string }[] }>(
          'GET',
          `/v1/verifications/${shown}`,
        );
        return body.timeline.length === 2 && body.timeline.every(({ endedAt }) => endedAt !== undefined);
      },
      60_000,
    );
    return shown;
  }

  /** With the PIN of the text that arrived, as its reader would. */
  async function verify(id: string, to: string, before: number): Promise<void> {
    const texts = await eventually('a text', async () => {
      const { messages } = await service.sim<{ messages: { body: string }[] }>(
        'GET',
        `/phones/${to}/messages`,
      );
      return messages.length > before && messages;
    });
    const pin = /\d{4}/.exec(texts.at(-1)?.body ?? '')?.[0] ?? '';
    await service.api('POST', `/v1/verifications/${id}/check`, { pin });
  }

  async function ring(): Promise<string> {
    await service.sim('PUT', `/phones/${TO}`, { outcome: 'manual' });
    await service.api('POST', '/v1/verifications', {
      to: TO,
      applicationId: ids.applicationId,
      template: ids.messageId,
      channel: 'voice',
    });
    return await eventually('the phone to ring', async () => {
      const { calls } = await service.sim<{ calls: { id: string; state: string }[] }>(
        'GET',
        `/phones/${TO}/calls`,
      );
      return calls.find(({ state }) => state === 'ringing')?.id;
    });
  }

  async function callNow(page: Page): Promise<string> {
    const id = await ring();
    await service.sim('POST', `/calls/${id}/answer`);
    await page.getByRole('img', { name: 'State: Says the code' }).waitFor();
    return id;
  }

  async function listen(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Listen' }).click();
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await page.waitForTimeout(1_500);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Listen' }).waitFor();
    await page.evaluate('scrollTo(0, 0)');
  }

  async function figures(): Promise<string> {
    const { page, close, scripts } = await signIn(browser, service);
    const paints: number[] = [];
    for (let load = 0; load < 5; load++) {
      await page.reload();
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      paints.push(
        await page.evaluate<number>(
          `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN`,
        ),
      );
    }
    const { gzipSync } = await import('node:zlib');
    const bytes = [...scripts.values()].reduce((sum, body) => sum + gzipSync(body).length, 0);
    await close();
    const worst = Math.max(...paints);
    const lines = [
      `script of the console: ${(bytes / 1024).toFixed(0)} KB gzip in ${scripts.size} files (budget 200 KB)`,
      `first paint on loopback: ${paints.map(ms => ms.toFixed(0)).join(', ')} ms (budget 1000 ms)`,
    ];
    if (bytes > 200 * 1024 || !(worst < 1_000)) process.exitCode = 1;
    return lines.join('\n');
  }
} finally {
  await browser.close();
  await service.stop();
}

async function shoot(page: Page, name: string): Promise<void> {
  writeFileSync(join(FOLDER, `${name}.png`), await page.screenshot());
}

function slug(heading: string): string {
  return heading === TO ? 'verification' : heading.toLowerCase().replaceAll(/[^a-z]+/g, '-');
}
