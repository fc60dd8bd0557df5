import { gzipSync } from 'node:zlib';

import type { FrameLocator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import {
  accessibilityProblems,
  DESKTOP,
  noBrowser,
  openBrowser,
  PHONE,
  tapLoudspeaker,
  type PageOptions,
  type TestBrowser,
  type WatchedPage,
} from '../support/browser.ts';
import { eventually, recordCanary, Service } from '../support/service.ts';

const SLOW = { timeout: 90_000 };
/** Listening is work for the processor that the call needs as well. */
const LISTEN_EVERY_MS = 700;
const HEARD_WITHIN_MS = 30_000;
const TO = '+41793026727';
/** Time for some notes of the ring. */
const RING_MS = 1_500;
const MAX_FIRST_PAINT_MS = 1_000;
/** Of the page itself; the phone in it keeps to a limit of its own. */
const MAX_SCRIPT = 20 * 1024;

interface SimCall {
  readonly id: string;
  readonly state: string;
  readonly keysPressed: string;
}

describe.skipIf(noBrowser !== undefined)(noBrowser ?? 'the first page', SLOW, () => {
  let service: Service;
  let browser: TestBrowser;
  let ear: Ear;
  beforeAll(async () => {
    [service, browser, ear] = await Promise.all([Service.start(), openBrowser(), Ear.create()]);
  }, 30_000);
  // Ends what is left of a call, and forgets what the phone was set to.
  beforeEach(async () => void (await service.sim('DELETE', '/')));
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
  });

  test('call, ring, answer, hear, repeat, type, verified', async () => {
    const { page, phone, problems, close } = await open();
    await page.getByRole('button', { name: 'Call me' }).click();
    await phone.getByRole('button', { name: 'Answer' }).click();
    const call = await eventually('the call', async () => (await calls()).at(-1));
    const readings = async (): Promise<readonly string[]> => {
      await page.waitForTimeout(LISTEN_EVERY_MS);
      return ear.listen(await service.recording(call.id)).readings;
    };
    const first = await eventually(
      'the first reading',
      async () => {
        const [said] = await readings();
        return said?.length === 6 && said;
      },
      HEARD_WITHIN_MS,
    );
    recordCanary(first);
    await phone.getByRole('button', { name: '1', exact: true }).click();
    expect(
      await eventually(
        'the second reading',
        async () => {
          const said = await readings();
          return said.length >= 2 && said[1]?.length === 6 && said;
        },
        HEARD_WITHIN_MS,
      ),
    ).toEqual([first, first]);
    expect((await calls()).at(-1)).toMatchObject({ state: 'answered', keysPressed: '1' });
    for (const frame of page.frames()) expect(await frame.content()).not.toContain(first);

    const field = page.getByLabel('What did you hear?');
    await field.fill(first === '000000' ? '111111' : '000000');
    await field.press('Enter');
    await page.getByText('Not that one. 9 tries are left.').waitFor();
    await field.fill(first);
    await field.press('Enter');
    await page.getByText('Verified. That was the right code.').waitFor();
    expect(await field.isDisabled()).toBe(true);
    expect(problems).toEqual([]);
    await close();
  });

  test('one click: the phone rings aloud, and the words follow the call', async () => {
    // Whatever a test evaluates in a frame counts as a touch there: the phone is left alone until it has rung.
    const { page, phone, problems, close } = await open({ tap: true, untouched: true });
    await page.getByRole('button', { name: 'Call me' }).click();
    await page.getByText('The phone rings. Answer it.').waitFor();
    await page.waitForTimeout(RING_MS);
    const frame = page.frames().find(each => each.url().startsWith(service.simUrl))!;
    const loudest = await frame.evaluate<number>(
      'Math.max(...window.__tap.map(({ samples }) => Math.max(...samples)))',
    );
    expect(loudest).toBeGreaterThan(0.01);
    await phone.getByText('Sound is on').waitFor();
    await phone.getByRole('button', { name: 'Answer' }).click();
    await page.getByText('Listen, and type what you hear.').waitFor();
    await phone.getByRole('button', { name: 'Hang up' }).click();
    await page.getByText('The call is over. Type what you heard, or call again.').waitFor();
    expect(problems).toEqual([]);
    await close();
  });

  test('a text first: it is on the phone, and no call is placed', async () => {
    const { page, phone, problems, close } = await open();
    await page.getByRole('switch', { name: 'Text me first, call me if it fails' }).check();
    await page.getByRole('button', { name: 'Call me' }).click();
    await page.getByText('A text is on its way: see Messages on the phone.').waitFor();
    await phone.getByRole('button', { name: 'Messages 1 new' }).click();
    const text = await phone.getByText(/^Hello, your code is \d{6}\.$/).textContent();
    const pin = /\d{6}/.exec(text ?? '')?.[0] ?? '';
    recordCanary(pin);
    await page.getByLabel('What did you hear?').fill(pin);
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText('Verified. That was the right code.').waitFor();
    expect(await calls()).toHaveLength(0);
    expect(problems).toEqual([]);
    await close();
  });

  test('a text that fails: the phone rings', async () => {
    await service.sim('PUT', `/phones/${TO}`, { outcome: 'manual', smsOutcome: 'undelivered' });
    const { page, phone, problems, close } = await open();
    await page.getByRole('switch').check();
    await page.getByRole('button', { name: 'Call me' }).click();
    await phone.getByRole('button', { name: 'Decline' }).click();
    expect(problems).toEqual([]);
    await close();
  });

  test.each([
    ['light', DESKTOP],
    ['dark', DESKTOP],
    ['light', PHONE],
    ['dark', PHONE],
  ] as const)('axe finds nothing in any state: %s, %o', async (scheme, size) => {
    const { page, phone, problems, close } = await open({ scheme, size, reducedMotion: true });
    const found: Record<string, readonly string[]> = {};
    const look = async (state: string): Promise<void> => {
      found[state] = await accessibilityProblems(page);
    };
    await look('at first');
    await page.getByRole('button', { name: 'Call me' }).click();
    await phone.getByRole('button', { name: 'Decline' }).waitFor();
    await look('ringing');
    await phone.getByRole('button', { name: 'Decline' }).click();
    const field = page.getByLabel('What did you hear?');
    await field.fill('12');
    await field.press('Enter');
    await page.getByText('The code has 6 digits.').waitFor();
    await look('too short');
    // Nobody has spoken: what was verified looks the same with any code.
    await page.route('**/welcome/check', async route => {
      await route.fulfill({ json: { verified: true, attemptsLeft: 0 } });
    });
    await field.fill('123456');
    await field.press('Enter');
    await page.getByText('Verified. That was the right code.').waitFor();
    await look('verified');
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map(state => [state, []])));
    const { width, scrolled } = await page.evaluate<{ width: number; scrolled: number }>(
      '({ width: innerWidth, scrolled: document.documentElement.scrollWidth })',
    );
    expect(scrolled).toBe(width);
    // axe asks the frame too, in vain: it has no axe, and phone-looks.test.ts looks at its page.
    expect(problems.filter(text => !text.includes("'postMessage'"))).toEqual([]);
    await close();
  });

  test('little script, an early first paint, nothing from elsewhere', async () => {
    const { page, problems, scripts, close } = await open();
    const paint = await page.evaluate<number>(
      "performance.getEntriesByName('first-contentful-paint')[0].startTime",
    );
    expect(paint).toBeLessThan(MAX_FIRST_PAINT_MS);
    const own = [...scripts].filter(([path]) => path.startsWith('/welcome/'));
    expect(own).toHaveLength(1);
    expect(own.reduce((sum, [, body]) => sum + gzipSync(body).length, 0)).toBeLessThan(MAX_SCRIPT);
    expect(problems).toEqual([]);

    const blocked = await page.evaluate<string>(`new Promise(done => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => done(violatedDirective));
      const frame = document.createElement('iframe');
      frame.src = 'http://127.0.0.1:1/';
      document.body.append(frame);
      setTimeout(() => done('let in'), 2000);
    })`);
    expect(blocked).toBe('frame-src');
    await close();
  });

  /** The page with its phone at rest; the phone's own origin is let in beside the page's. */
  async function open(
    options: PageOptions & { untouched?: boolean } = {},
  ): Promise<WatchedPage & { phone: FrameLocator }> {
    const watched = await browser.page(service.url, options);
    const { page } = watched;
    const simulator = new URL(service.simUrl).origin;
    await page.route(
      url => url.origin === simulator,
      async route => await route.continue(),
    );
    if (options.tap === true) await tapLoudspeaker(page);
    await page.goto(`${service.url}/`);
    const phone = phoneIn(page);
    if (options.untouched !== true) await phone.getByText('Waiting for a call').waitFor();
    return { ...watched, phone };
  }

  function phoneIn(page: Page): FrameLocator {
    return page.frameLocator('iframe[title="Simulated phone +41 79 302 67 27"]');
  }

  async function calls(): Promise<readonly SimCall[]> {
    return (await service.sim<{ calls: SimCall[] }>('GET', `/phones/${TO}/calls`)).calls;
  }
});
