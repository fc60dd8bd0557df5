import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { KEY_SCRIPT_START, stepKeyScript } from '../../sip-sim/key-script.ts';
import type { KeyEntry } from '../../sip-sim/phone.ts';
import { Customer, mulawSine, wavFile } from './customer.ts';

/** `sound`: spans of ms in which the phone hears something. Gives when each press came, in ms since the answer. */
function presses(entries: KeyEntry[], sound: [number, number][], totalMs = 10_000): [number, string][] {
  let state = KEY_SCRIPT_START;
  const found: [number, string][] = [];
  for (let ms = 20; ms <= totalMs; ms += 20) {
    const hears = sound.some(([from, to]) => ms > from && ms <= to);
    const step = stepKeyScript(state, entries, { ms, sound: hears });
    state = step.state;
    if (step.press) found.push([ms, step.press]);
  }
  return found;
}

const silence = (silenceMs: number, keys: string): KeyEntry => ({ at: { silenceMs }, keys });
const at = (ms: number, keys: string): KeyEntry => ({ at: { ms }, keys });

test.each<[string, KeyEntry[], [number, number][], [number, string][]]>([
  ['by time from the answer', [at(4_000, '5')], [], [[4_000, '5']]],
  [
    'in order, a late one at once',
    [at(3_000, '1'), at(1_000, '2')],
    [],
    [
      [3_000, '1'],
      [3_020, '2'],
    ],
  ],
  ['silence alone is not enough', [silence(1_500, '5')], [], []],
  ['a click is no speech', [silence(1_500, '5')], [[100, 140]], []],
  ['silence after speech', [silence(1_500, '5')], [[1_000, 2_000]], [[3_500, '5']]],
  [
    'shorter gaps do not count',
    [silence(1_500, '5')],
    [
      [1_000, 2_000],
      [3_000, 4_000],
    ],
    [[5_500, '5']],
  ],
  [
    'each entry wants speech of its own',
    [silence(1_000, '1'), silence(1_000, '#')],
    [
      [0, 1_000],
      [5_000, 6_000],
    ],
    [
      [2_000, '1'],
      [7_000, '#'],
    ],
  ],
  [
    '…and fires once',
    [silence(1_000, '1')],
    [
      [0, 1_000],
      [4_000, 5_000],
    ],
    [[2_000, '1']],
  ],
  [
    'silence counts from the entry before it',
    [at(2_000, '1'), silence(1_000, '2')],
    [
      [0, 1_900],
      [3_000, 3_100],
    ],
    [
      [2_000, '1'],
      [4_100, '2'],
    ],
  ],
])('%s', (_, entries, sound, expected) => {
  expect(presses(entries, sound)).toEqual(expected);
});

describe('on a call', () => {
  let customer: Customer;
  beforeAll(async () => {
    customer = await Customer.start({ speed: 10 });
  });
  beforeEach(async () => await customer.clear());
  afterAll(async () => await customer.close());

  test('after the tone and a second of silence, at a finger’s pace', async () => {
    customer.documents.set('/tone.wav', { type: 'audio/wav', body: wavFile(mulawSine(500, 800), 7, 8_000) });
    customer.documents.set(
      '/answer',
      '<Response><Pause length="1"/><Play>/tone.wav</Play><Pause length="4"/></Response>',
    );
    await customer.phone('+41793026727', { keys: [{ at: { silenceMs: 1_000 }, keys: '12w#' }] });
    const call = await customer.ended(await customer.call('+41793026727'));
    expect(call.keysPressed).toBe('12#');
    const [first, second, third] = call.keys.map(({ ms }) => ms) as [number, number, number];
    const toneEnd = call.firstAudioMs! + 800;
    expect(Math.abs(first - toneEnd - 1_000)).toBeLessThanOrEqual(40);
    expect(second - first).toBe(200);
    expect(third - second).toBe(700);
  });

  test('a busy finger: two requests for keys are pressed one after the other', async () => {
    customer.documents.set('/answer', '<Response><Pause length="30"/></Response>');
    const sid = await customer.call('+41793026727');
    await expect.poll(async () => (await customer.get(sid)).state, { interval: 5 }).toBe('answered');
    await customer.control('POST', `/calls/${sid}/keys`, { keys: '12' });
    await customer.control('POST', `/calls/${sid}/keys`, { keys: '3A' });
    await expect.poll(async () => (await customer.get(sid)).keysPressed, { interval: 5 }).toBe('123A');
    const gaps = (await customer.get(sid)).keys.map(({ ms }, i, all) => ms - (all[i - 1]?.ms ?? ms));
    expect(gaps.slice(1).every(gap => gap >= 200)).toBe(true);
  });
});
