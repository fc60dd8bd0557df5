import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { noBrowser, openBrowser, type TestBrowser, type WatchedPage } from '../support/browser.ts';
import { Customer, eventually, mulawSine, share, wavFile } from '../sip-sim/customer.ts';

const SLOW = { timeout: 90_000 };
const TO = '+41793026727';
const OTHER = '+4915112345678';

describe.skipIf(noBrowser !== undefined)(noBrowser ?? 'what the browser phone does', SLOW, () => {
  let customer: Customer;
  let browser: TestBrowser;
  let watched: WatchedPage;
  beforeAll(async () => {
    [customer, browser] = await Promise.all([Customer.start({ speed: 10 }), openBrowser()]);
  });
  beforeEach(async () => {
    await customer.clear();
    customer.documents.set('/answer', '<Response><Pause length="5"/></Response>');
    return async () => {
      expect(watched.problems).toEqual([]);
      await watched.close();
    };
  });
  afterAll(async () => {
    await browser.close();
    await customer.close();
  });

  /** Opens the pages of these numbers and waits until they are connected. */
  async function open(...numbers: string[]): Promise<WatchedPage['page']> {
    watched = await browser.page(customer.sim.url);
    await watched.page.goto(`${customer.sim.url}/phones/${numbers.join(',')}`);
    await eventually('the phones', async () => {
      const { phones } = await customer.control<{ phones: { held: boolean }[] }>('GET', '/phones');
      return phones.filter(({ held }) => held).length === numbers.length;
    });
    await watched.page.getByText('Waiting for a call').first().waitFor();
    return watched.page;
  }

  test('an open page waits for its person; a closed one answers by itself', async () => {
    const page = await open(TO);
    expect(await customer.control('GET', `/phones/${TO}`)).toMatchObject({ outcome: 'manual' });
    const unanswered = await customer.call(TO, { timeout: 20 });
    await page.getByRole('button', { name: 'Answer' }).waitFor();
    expect(await customer.ended(unanswered)).toMatchObject({ outcome: 'no-answer' });
    await page.getByRole('log').getByText('Missed').waitFor();
    await page.goto('about:blank');
    await eventually('the phone to be put down', async () => {
      const phone = await customer.control<{ outcome: string }>('GET', `/phones/${TO}`);
      return phone.outcome === 'answer';
    });
    expect(await customer.ended(await customer.call(TO))).toMatchObject({ outcome: 'completed' });
  });

  test('declines with the button and with Escape', async () => {
    const page = await open(TO);
    const first = await customer.call(TO);
    await page.getByRole('button', { name: 'Decline' }).click();
    expect(await customer.ended(first)).toMatchObject({ outcome: 'busy', sipCode: 603, endedBy: 'phone' });
    const second = await customer.call(TO);
    await page.getByRole('button', { name: 'Decline' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await customer.ended(second)).toMatchObject({ outcome: 'busy', sipCode: 603 });
  });

  test.each([
    ['Busy', { outcome: 'busy', sipCode: 486 }],
    ['Rejects', { outcome: 'busy', sipCode: 603 }],
    ['Unreachable', { outcome: 'failed', sipCode: 480 }],
    ['No answer', { outcome: 'no-answer', sipCode: 487 }],
    ['Answers by itself', { outcome: 'completed', sipCode: 200 }],
  ])('the switch “%s”', async (label, expected) => {
    const page = await open(TO);
    const set = customerUpdate();
    await page.getByRole('radio', { name: label }).check();
    await set;
    expect(await customer.ended(await customer.call(TO, { timeout: 5 }))).toMatchObject(expected);
  });

  test('unreachable is also off the network, and choosing another undoes it', async () => {
    const page = await open(TO);
    let set = customerUpdate();
    await page.getByRole('radio', { name: 'Unreachable' }).check();
    await set;
    expect(await customer.control('GET', `/hlr/${TO}`)).toMatchObject({ reachable: false });
    set = customerUpdate();
    await page.getByRole('radio', { name: 'You answer' }).check();
    await set;
    const settings = await customer.control('GET', `/phones/${TO}`);
    expect(settings).toMatchObject({ sipCode: null, reachable: true, smsOutcome: 'delivered' });
  });

  test('voicemail says the greeting that was chosen', async () => {
    const page = await open(TO);
    let set = customerUpdate();
    await page.getByRole('radio', { name: 'Voicemail' }).check();
    await set;
    set = customerUpdate();
    await page.getByLabel('Use a WAV file as greeting').setInputFiles({
      name: 'greeting.wav',
      mimeType: 'audio/wav',
      buffer: wavFile(mulawSine(700, 600), 7, 8_000),
    });
    await set;
    customer.documents.set(
      '/answer',
      `<Response><Connect><Stream url="${customer.wsUrl}/media"/></Connect></Response>`,
    );
    await customer.call(TO);
    const media = await eventually('the greeting', () => {
      const stream = customer.media.at(-1);
      return stream && stream.of('media').length > 40 ? stream : undefined;
    });
    const said = Buffer.concat(
      media.of('media').map(({ raw }) => Buffer.from(raw.media?.payload ?? '', 'base64')),
    );
    expect(share(Int16Array.from(said.subarray(800, 4_000), expand), 700)).toBeGreaterThan(0.9);
  });

  test('a file that is no WAV is refused in words', async () => {
    const page = await open(TO);
    await page.getByRole('radio', { name: 'Voicemail' }).check();
    await page.getByLabel('Use a WAV file as greeting').setInputFiles({
      name: 'greeting.wav',
      mimeType: 'audio/wav',
      buffer: Buffer.from('no sound'),
    });
    await page.getByRole('alert').getByText('must be a WAV file').waitFor();
    // The browser notes each refused request by itself.
    expect(watched.problems.filter(text => !text.includes('400'))).toEqual([]);
    (watched.problems as string[]).length = 0;
  });

  test('several phones at once: each its own calls, the keyboard to the one touched last', async () => {
    customer.documents.set('/answer', '<Response><Pause length="1200"/></Response>');
    const page = await open(TO, OTHER);
    const first = page.getByRole('article', { name: 'Phone +41' });
    const second = page.getByRole('article', { name: 'Phone +49' });
    const calls = [await customer.call(TO), await customer.call(OTHER)];
    await first.getByRole('button', { name: 'Answer' }).click();
    await second.getByRole('button', { name: 'Answer' }).click();
    await second.getByRole('group', { name: 'Keypad' }).waitFor();
    await page.keyboard.press('4');
    await first.getByRole('heading', { name: '+41' }).click();
    await page.keyboard.press('1');
    await first.getByLabel('Keys pressed').getByText('1').waitFor();
    await page.keyboard.press('Escape');
    expect(await customer.ended(calls[0]!)).toMatchObject({ keysPressed: '1', endedBy: 'phone' });
    expect(await customer.get(calls[1]!)).toMatchObject({ keysPressed: '4', state: 'answered' });
    await second.getByRole('button', { name: 'Hang up' }).click();
    expect(await customer.ended(calls[1]!)).toMatchObject({ endedBy: 'phone' });
  });

  /** The next change of a phone's behaviour; to be asked for before it is made. */
  async function customerUpdate(): Promise<void> {
    const response = await watched.page.waitForResponse(answer => answer.request().method() === 'PUT');
    expect(response.status()).toBe(200);
  }
});

/** G.711 expansion, by its definition. */
function expand(byte: number): number {
  const value = ~byte & 0xff;
  const magnitude = ((((value & 15) << 3) + 132) << ((value >> 4) & 7)) - 132;
  return value & 0x80 ? -magnitude : magnitude;
}
