import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { noBrowser, openBrowser, tapLoudspeaker, type TestBrowser } from '../support/browser.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { Customer, eventually, mulaw, type Media } from '../sip-sim/customer.ts';
import { matchPieces, median } from './matching.ts';

const SLOW = { timeout: 60_000 };
const TO = '+41793026727';
const WRITTEN = '+41 79 302 67 27';
const CALLER = '+1 500 555 0006';

/** Noise that no other noise resembles: what is found of it in the page came from this call. */
function burst(ms: number, seed: number): Uint8Array {
  const noise = seededRandom(seed)(ms * 8);
  let smooth = 0;
  return Uint8Array.from(noise, byte => {
    smooth = 0.7 * smooth + (byte - 127.5) * 55;
    return mulaw(Math.round(smooth));
  });
}

describe.skipIf(noBrowser !== undefined)(noBrowser ?? 'a call at the browser phone', SLOW, () => {
  let customer: Customer;
  let browser: TestBrowser;
  beforeAll(async () => {
    [customer, browser] = await Promise.all([Customer.start({ speed: 1 }), openBrowser()]);
  });
  beforeEach(async () => {
    await customer.clear();
    customer.documents.set(
      '/answer',
      `<Response><Connect><Stream url="${customer.wsUrl}/media"/></Connect></Response>`,
    );
  });
  afterAll(async () => {
    await browser.close();
    await customer.close();
  });

  test('rings, is answered, plays what the phone hears, sends keys, hangs up', async () => {
    const { page, problems, close } = await browser.page(customer.sim.url, { tap: true });
    const loudspeaker = await tapLoudspeaker(page);
    await page.goto(`${customer.sim.url}/phones/${TO}`);
    await page.getByText('Waiting for a call').waitFor();
    // The first gesture, without which no browser makes a sound.
    await page.getByRole('heading', { name: WRITTEN }).click();
    await page.getByText('Sound is on').waitFor();

    let media: Media | undefined;
    customer.onMedia = stream => {
      media = stream;
      for (const [index, ms] of [700, 500, 900].entries()) {
        stream.audioBytes(burst(ms, index + 1));
        stream.audio(700);
      }
      stream.mark('said');
    };
    const sid = await customer.call(TO);
    await page.getByText('Incoming call').waitFor();
    await page.getByRole('heading', { name: CALLER }).waitFor();
    await loudspeaker.sounds();
    expect((await customer.get(sid)).state).toBe('ringing');

    await page.getByRole('button', { name: 'Answer' }).click();
    await eventually('the whole to be said', () => media?.of('mark').length === 1);
    await page.getByRole('group', { name: 'Keypad' }).getByRole('button', { name: '5', exact: true }).click();
    await page.keyboard.press('#');
    await eventually('both keys', () => media?.of('dtmf').length === 2);
    expect(media!.of('dtmf').map(({ raw }) => raw.dtmf?.digit)).toEqual(['5', '#']);
    await page.getByLabel('Keys pressed').getByText('5 #', { exact: true }).waitFor();
    const tapped = await loudspeaker.tapped();
    await page.getByRole('button', { name: 'Hang up' }).click();
    const call = await customer.ended(sid);
    expect(call).toMatchObject({ outcome: 'completed', endedBy: 'phone', keysPressed: '5#' });

    expect(tapped.rate).toBe(8_000);
    const recording = Float32Array.from(await customer.recording(sid), sample => sample / 32_768);
    const matches = matchPieces(recording, tapped.samples);
    expect(matches.length).toBeGreaterThanOrEqual(9);
    expect(median(matches.map(({ fit }) => fit))).toBeGreaterThan(0.99);
    expect(matches.filter(({ fit }) => fit > 0.9).length).toBeGreaterThanOrEqual(matches.length - 1);
    const answeredAt = Date.parse(call.states.find(({ state }) => state === 'answered')!.at);
    const behind = matches
      .filter(({ fit }) => fit > 0.9)
      .map(({ at, foundAt }) => tapped.wallMs(foundAt) - (answeredAt + at / 8));
    expect(median(behind)).toBeGreaterThan(0);
    expect(median(behind)).toBeLessThan(300);

    const captions = await page
      .getByRole('log', { name: 'Captions' })
      .getByRole('listitem')
      .allTextContents();
    expect(captions.map(text => text.replace(/^\d+:\d\d/, ''))).toEqual([
      'Ringing',
      'Answered',
      'Speaking',
      'Silence',
      'Speaking',
      'Silence',
      'Speaking',
      'Silence',
      'Key 5 pressed',
      'Key # pressed',
      'You hung up',
    ]);
    expect(problems).toEqual([]);
    await close();
  });

  test('a finished call is in the log, with its sound and its keys', async () => {
    const { page, problems, close } = await browser.page(customer.sim.url);
    await customer.phone(TO, {
      answerAfterMs: 0,
      keys: [{ at: { ms: 400 }, keys: '7' }],
      hangupAfterMs: 1_000,
    });
    customer.onMedia = stream => stream.audioBytes(burst(800, 9));
    const sid = await customer.call(TO);
    await customer.ended(sid);
    await page.goto(`${customer.sim.url}/phones/${TO}`);
    await page.getByRole('button', { name: 'Calls', exact: true }).click();
    await page.getByRole('button', { name: CALLER }).click();
    const slider = page.getByRole('slider', { name: 'Position in the recording' });
    expect(await slider.getAttribute('aria-valuetext')).toBe('0:00 of 0:01');
    await page.getByText('Keys: 7 at 0:00').waitFor();
    await page.getByRole('button', { name: 'Play the recording' }).click();
    await page.getByRole('button', { name: 'Pause the recording' }).waitFor();
    await page.getByRole('button', { name: 'Play the recording' }).waitFor();
    await eventually('the end of the recording', async () =>
      (await slider.getAttribute('aria-valuetext'))?.startsWith('0:01'),
    );
    const drawn = await page.evaluate<number>(`(() => {
      const canvas = document.querySelector('.replay canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 0).length / (canvas.width * canvas.height);
    })()`);
    expect(drawn).toBeGreaterThan(0.05);
    expect(problems).toEqual([]);
    await close();
  });
});
