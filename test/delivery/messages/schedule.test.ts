import { expect, it } from 'vitest';

import type { TimeWindow } from '../../../src/domain/message.ts';
import { withRig, type Rig } from './rig.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The clock starts on a Thursday, 00:00 UTC. */
const START = Date.UTC(2026, 0, 1);
/** Nothing but this store's clock wakes the loop: days pass in a few turns. */
const limits = { pollMs: DAY };

const sentAt = (rig: Rig) => rig.texts.sent.map(({ at }) => at - START);

/** The end of every call, as it is placed. */
function endCalls(rig: Rig, cause: 'busy' | 'no-answer' | 'completed'): void {
  const { carrier } = rig;
  const place = carrier.placeCall.bind(carrier);
  carrier.placeCall = async request => {
    const placed = await place(request);
    rig.clock.after(1_000, () => void rig.ended(request.callRef as never, placed.carrierCallId, cause));
    return placed;
  };
}

it(
  'sends at the pace that was asked for, within 5 %, at its time',
  withRig({ limits, guards: false }, async rig => {
    const sendAt = START + HOUR;
    await rig.submit('sms', 400, {}, { sendAt, speed: { amount: 50, perMs: 1_000 } });
    await rig.clock.advanceAsync(HOUR - 1);
    expect(rig.texts.sent).toEqual([]);
    await rig.clock.advanceAsync(10_000);
    const times = sentAt(rig);
    expect(times).toHaveLength(400);
    const span = times.at(-1)! - times[0]!;
    expect(Math.abs(span / (399 * 20) - 1)).toBeLessThan(0.05);
    for (let index = 50; index < times.length; index++)
      expect(times[index]! - times[index - 50]!).toBeGreaterThan(950);
    expect(new Set(rig.texts.sent.map(({ to }) => to)).size).toBe(400);
  }),
);

it(
  'sends nothing while paused, goes on without a burst, and forgets what is cancelled',
  withRig({ limits, guards: false }, async rig => {
    const { bulkId, messages } = await rig.submit('sms', 100, {}, { speed: { amount: 10, perMs: 1_000 } });
    await rig.clock.advanceAsync(2_050);
    expect(rig.texts.sent).toHaveLength(21);
    expect(await rig.messaging.setStatus('sms', bulkId, 'PAUSED')).toMatchObject({ status: 'PAUSED' });
    await rig.clock.advanceAsync(2 * HOUR);
    expect(rig.texts.sent).toHaveLength(21);
    const sendAt = START + 3 * HOUR;
    await rig.messaging.reschedule('sms', bulkId, sendAt);
    await rig.messaging.setStatus('sms', bulkId, 'PROCESSING');
    await expect(rig.messaging.reschedule('sms', bulkId, sendAt)).rejects.toMatchObject({ id: 'badRequest' });
    await rig.clock.advanceAsync(sendAt - rig.clock.now() - 1);
    expect(rig.texts.sent).toHaveLength(21);
    await rig.clock.advanceAsync(1_050);
    expect(rig.texts.sent).toHaveLength(32);
    await rig.messaging.setStatus('sms', bulkId, 'CANCELED');
    await rig.clock.advanceAsync(HOUR);
    expect(rig.texts.sent).toHaveLength(32);
    expect(await rig.message('sms', messages[99]!.messageId)).toMatchObject({
      state: 'done',
      outcome: { kind: 'cancelled' },
    });
    await expect(rig.messaging.setStatus('sms', bulkId, 'PROCESSING')).rejects.toMatchObject({
      id: 'badRequest',
    });
    await expect(rig.messaging.setStatus('sms', 'none', 'PAUSED')).rejects.toMatchObject({ id: 'notFound' });
    await expect(rig.messaging.setStatus('sms', bulkId, 'FINISHED')).rejects.toMatchObject({
      id: 'badRequest',
    });
  }),
);

it(
  'keeps the pace over a crash: no burst, nothing lost, nothing twice',
  withRig({ limits, guards: false }, async rig => {
    await rig.submit('sms', 40, {}, { speed: { amount: 10, perMs: 1_000 } });
    await rig.clock.advanceAsync(1_050);
    const before = rig.texts.sent.length;
    await rig.crash();
    expect(rig.texts.sent.length).toBeLessThanOrEqual(before + 1);
    await rig.clock.advanceAsync(10_000);
    const numbers = rig.texts.sent.map(({ to }) => to);
    expect(numbers).toHaveLength(40);
    expect(new Set(numbers).size).toBe(40);
    const times = sentAt(rig);
    for (let index = 1; index < times.length; index++)
      expect(times[index]! - times[index - 1]!).toBeGreaterThan(94);
  }),
);

it(
  'waits for its window over three days, and climbs the retry ladder inside it',
  withRig({ limits, guards: false }, async rig => {
    endCalls(rig, 'busy');
    // Friday to Sunday 08:00-10:00; tries at 0, +30 min, +1 h, +2 h (moved to the next day), +2 h.
    const window: TimeWindow = { days: ['FRIDAY', 'SATURDAY', 'SUNDAY'], fromMinute: 480, toMinute: 600 };
    const retry = { minPeriod: 30, maxPeriod: 120, maxCount: 4 };
    const { bulkId, messages } = await rig.submit('voice', 1, { window, retry });
    await rig.clock.advanceAsync(DAY + 8 * HOUR - 1);
    expect(rig.callTimes).toEqual([]);
    expect(await rig.messaging.getBulk('voice', bulkId)).toMatchObject({ status: 'PENDING' });
    await rig.clock.advanceAsync(2 * DAY + 3 * HOUR);
    const offsets = rig.callTimes.map(({ at }) => at - START - DAY - 8 * HOUR);
    const expected = [0, 30 * MINUTE, 90 * MINUTE, DAY, DAY + 2 * HOUR - (DAY % 1)];
    expect(offsets).toHaveLength(5);
    // Each period counts from the end of the call before: a second or so later every time.
    for (const [index, offset] of offsets.slice(0, 4).entries())
      expect(Math.abs(offset - expected[index]!)).toBeLessThan(10_000);
    // 10:00 is outside: the last try opens the third day.
    expect(Math.abs(offsets[4]! - 2 * DAY)).toBeLessThan(10_000);
    expect(await rig.message('voice', messages[0]!.messageId)).toMatchObject({
      state: 'done',
      tries: 5,
      outcome: { kind: 'busy' },
    });
    expect(await rig.messaging.getBulk('voice', bulkId)).toMatchObject({ status: 'FINISHED' });
  }),
);

it(
  'tries nothing after its validity; a speed overrules validity for calls',
  withRig({ limits, guards: false }, async rig => {
    endCalls(rig, 'no-answer');
    const retry = { minPeriod: 60, maxPeriod: 60, maxCount: 4 };
    const valid = await rig.submit('voice', ['41793000001'], { retry, validityMs: 90 * MINUTE });
    const speed = { amount: 1, perMs: HOUR };
    await rig.submit('voice', ['41793000002', '41793000003'], { validityMs: MINUTE }, { speed });
    await rig.clock.advanceAsync(6 * HOUR);
    const calls = (to: string) => rig.callTimes.filter(call => call.to === to).length;
    expect(calls('+41793000001')).toBe(2);
    expect(await rig.message('voice', valid.messages[0]!.messageId)).toMatchObject({
      outcome: { kind: 'no-answer' },
    });
    expect(calls('+41793000003')).toBe(1);
  }),
);

it(
  'expires what its window keeps back',
  withRig({ limits, guards: false }, async rig => {
    const window: TimeWindow = { days: ['MONDAY'], fromMinute: 0, toMinute: 0 };
    const { messages } = await rig.submit('sms', 1, { window, validityMs: HOUR });
    await rig.clock.advanceAsync(HOUR + 1_000);
    expect(await rig.message('sms', messages[0]!.messageId)).toMatchObject({ outcome: { kind: 'expired' } });
    expect(rig.texts.sent).toEqual([]);
  }),
);
