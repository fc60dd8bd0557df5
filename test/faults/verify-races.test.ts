import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import { recordCanary, Service } from '../support/service.ts';
import { createTemplate, endedCall, sendVoice } from '../support/story.ts';
import { guess, tally } from './guess.ts';

/** security.md: attempts are counted before the comparison, atomically, and survive a kill between the two. */
let ear: Ear;
let service: Service;
let ids: { applicationId: string; messageId: string };
beforeAll(async () => {
  ear = await Ear.create();
  service = await Service.start({ SIM_SPEED: '10' });
  ids = await createTemplate(service, { pinLength: 8 });
});
afterAll(async () => await service.stop());

let phones = 0;

async function heardPin(): Promise<{ pinId: string; pin: string; wrong: string }> {
  const phone = `+4179100${String(1000 + phones++)}`;
  const pinId = await sendVoice(service, ids, phone);
  const call = await endedCall(service, phone);
  const [pin] = ear.listen(await service.recording(call.id)).readings;
  expect(pin).toMatch(/^\d{8}$/);
  recordCanary(pin!);
  return { pinId, pin: pin!, wrong: pin!.replace(/.$/, last => String((Number(last) + 1) % 10)) };
}

/** Those that found no attempt left, or were shed unseen because the machine is busy (503). */
function withoutShed(counts: Record<string, number>): number {
  const { NO_MORE_PIN_ATTEMPTS: none = 0, 'http 503': shed = 0 } = counts;
  expect(none, 'all of them were shed: a vacuous run').toBeGreaterThan(0);
  return none + shed;
}

test('200 wrong guesses at once are 5 comparisons', async () => {
  const { pinId, pin, wrong } = await heardPin();
  const counts = tally(await guess(service, pinId, wrong, 200));
  expect(counts.WRONG_PIN).toBe(5);
  expect(withoutShed(counts)).toBe(195);
  expect(tally(await guess(service, pinId, pin, 1))).toEqual({ NO_MORE_PIN_ATTEMPTS: 1 });
});

test('200 right guesses at once are verified once', async () => {
  const { pinId, pin } = await heardPin();
  const counts = tally(await guess(service, pinId, pin, 200));
  expect(counts.verified).toBe(1);
  expect(withoutShed(counts)).toBe(199);
});

test.each([
  ['wrong', 0],
  ['wrong', 8],
  ['right', 0],
  ['right', 8],
])(
  '200 %s guesses at once with kill -9 in the middle (%i ms) and a restart grant no more',
  async (kind, delayMs) => {
    const { pinId, pin, wrong } = await heardPin();
    const offered = kind === 'right' ? pin : wrong;
    const flying = guess(service, pinId, offered, 200);
    await pause(delayMs);
    await service.kill();
    const before = tally(await flying);
    expect(before.lost, 'the kill hit nothing in flight').toBeGreaterThan(0);
    await service.restart();
    const after = tally(await guess(service, pinId, offered, 200));
    const sum = (answer: string): number => (before[answer] ?? 0) + (after[answer] ?? 0);
    if (kind === 'wrong') {
      expect(sum('WRONG_PIN')).toBeLessThanOrEqual(5);
      expect(tally(await guess(service, pinId, pin, 1)), 'no guess is left').toEqual({
        NO_MORE_PIN_ATTEMPTS: 1,
      });
    } else {
      expect(sum('verified')).toBeLessThanOrEqual(1);
      expect(tally(await guess(service, pinId, pin, 1))).toEqual({ NO_MORE_PIN_ATTEMPTS: 1 });
    }
    expect(Object.values(after).reduce((a, b) => a + b)).toBe(200);
  },
);
