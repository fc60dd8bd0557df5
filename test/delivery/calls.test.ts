import { describe, expect, it } from 'vitest';

import type { Segment } from '../../ivr/prompt.ts';
import { ServiceError } from '../../src/errors.ts';
import { MESSAGE_MS, withRig, type Rig } from './rig.ts';

const WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** The digits that a prompt says. */
function digits(segments: readonly Segment[]): string {
  const spoken = segments.map(segment => (segment.kind === 'speech' ? WORDS.indexOf(segment.text) : -1));
  return spoken.filter(digit => digit >= 0).join('');
}

/** Whole calls over a scripted carrier and phone: from the send to the report in the store. */

describe('a call over a media socket', () => {
  it(
    'is dialled, answered, heard, hung up and reported',
    withRig({}, async rig => {
      const ref = await rig.send();
      expect(await rig.record(ref)).toMatchObject({ state: 'initiated', carrierCallId: 'CA1', dials: 1 });
      await rig.say('status', ref, { events: [{ type: 'ringing' }] });
      expect(await rig.record(ref)).toMatchObject({ state: 'ringing' });
      const stream = await rig.talk(ref);
      expect(stream.log[0]).toHaveProperty('sent');
      expect(await rig.record(ref)).toMatchObject({ state: 'answered' });
      await rig.clock.advanceAsync(MESSAGE_MS + 500);
      expect(rig.carrier.hungUp).toEqual(['CA1']);
      await rig.ended(ref, { raw: 'completed', sipCode: 200 });
      expect(await rig.report(ref)).toMatchObject({
        cause: 'completed',
        carrierCause: 'completed',
        sipCode: 200,
        codeHeard: 'full',
        repeats: 0,
        gate: 'none',
        dtmfCodes: '',
      });
      expect(rig.delivery.liveCalls).toBe(0);
      const events = await rig.store.claimEvents({ limit: 9, leaseMs: 1 });
      expect(events.map(({ type, data }) => [type, data['callRef']])).toEqual([['voice.report', ref]]);
      expect(await rig.store.claimTimers({ limit: 9, leaseMs: 1 })).toEqual([]);
      expect(await rig.store.nextTimerIn()).toBeUndefined();
    }),
  );

  it(
    'says the PIN that verifies, one mark a digit',
    withRig({}, async rig => {
      const ref = await rig.send();
      const stream = await rig.talk(ref);
      const pin = await rig.pinOf((await rig.record(ref)).pinId);
      expect(digits(rig.speech.rendered.at(-1) ?? [])).toBe(pin);
      expect(stream.marks).toHaveLength(5);
    }),
  );

  it(
    'is repeated on the repeat key',
    withRig({ template: { repeatDTMF: '1#' } }, async rig => {
      const ref = await rig.send();
      const stream = await rig.talk(ref);
      await rig.clock.advanceAsync(MESSAGE_MS + 1_000);
      stream.press('1');
      await rig.clock.advanceAsync(MESSAGE_MS + 10_000);
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ repeats: 1, codeHeard: 'full', dtmfCodes: '1' });
    }),
  );

  it(
    'opens the gate with the digit that was asked for',
    withRig({ voice: { gate: 'random-digit', gateDigits: 2 } }, async rig => {
      const ref = await rig.send();
      const stream = await rig.talk(ref);
      expect(stream.marks).toHaveLength(1);
      const [gate = []] = rig.speech.rendered;
      expect(digits(gate)).toMatch(/^\d\d$/);
      await rig.clock.advanceAsync(1_000);
      stream.press(digits(gate));
      await rig.clock.advanceAsync(MESSAGE_MS + 500);
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ gate: 'passed', codeHeard: 'full' });
    }),
  );

  it(
    'keeps the PIN behind a gate that nobody opens',
    withRig({ voice: { gate: 'random-digit', gateDigits: 1 } }, async rig => {
      const ref = await rig.send();
      const stream = await rig.talk(ref);
      const before = stream.marks.length;
      expect(before).toBe(1);
      await rig.clock.advanceAsync(20_000);
      await rig.clock.advanceAsync(20_000);
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({
        gate: 'failed',
        codeHeard: 'none',
        cause: 'gate-failed',
      });
      expect(stream.marks).toHaveLength(2);
    }),
  );

  it(
    'is cut off when the phone hangs up in the middle: partial',
    withRig({}, async rig => {
      const ref = await rig.send();
      const stream = await rig.talk(ref);
      await rig.clock.advanceAsync(2_000);
      stream.end('carrier');
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ cause: 'hangup', codeHeard: 'partial' });
      expect(rig.carrier.hungUp).toEqual([]);
    }),
  );

  it(
    'is not read to a machine',
    withRig({ voice: { machineDetection: 'hangup' } }, async rig => {
      const ref = await rig.send();
      expect(rig.carrier.placed[0]).toMatchObject({ machineDetection: 'hangup' });
      const stream = await rig.talk(ref);
      expect(stream.sentMs).toBe(0);
      const said = { events: [{ type: 'answeredBy', who: 'machine', greetingEnded: false }] } as const;
      expect(await rig.say('machine', ref, said)).toMatchObject({ status: 204 });
      await rig.clock.advanceAsync(100);
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({
        cause: 'machine',
        answeredBy: 'machine',
        codeHeard: 'none',
      });
      expect(stream.sentMs).toBe(0);
    }),
  );

  it(
    'waits for the end of the greeting where machines may hear it',
    withRig({ voice: { machineDetection: 'continue' } }, async rig => {
      const ref = await rig.send();
      const stream = await rig.connect(ref);
      const said = { events: [{ type: 'answeredBy', who: 'machine', greetingEnded: true }] } as const;
      await rig.say('machine', ref, said);
      stream.ready('CA1');
      expect(stream.sentMs).toBe(MESSAGE_MS);
    }),
  );

  it(
    'is reported heard: unknown when no mark ever comes back',
    withRig({}, async rig => {
      const ref = await rig.send();
      const stream = await rig.connect(ref);
      stream.loseMarks = true;
      stream.ready('CA1');
      await rig.clock.advanceAsync(MESSAGE_MS + 3_500);
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ codeHeard: 'unknown', cause: 'completed' });
    }),
  );

  it(
    'is hung up when its socket is lost',
    withRig({}, async rig => {
      const ref = await rig.send();
      const stream = await rig.talk(ref);
      await rig.clock.advanceAsync(2_000);
      stream.end('network');
      await rig.clock.advanceAsync(1);
      expect(rig.carrier.hungUp).toEqual(['CA1']);
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ cause: 'media-lost', codeHeard: 'partial' });
    }),
  );

  it(
    'ends without a word when the engine is broken',
    withRig({}, async rig => {
      rig.speech.mode = 'broken';
      const ref = await rig.send();
      await rig.talk(ref);
      await rig.clock.advanceAsync(10);
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ cause: 'speech-failed', codeHeard: 'none' });
    }),
  );

  it.each([['busy'], ['no-answer'], ['rejected'], ['failed']] as const)(
    'that is %s says so, and nothing was heard',
    async cause => {
      await withRig({}, async rig => {
        const ref = await rig.send();
        await rig.ended(ref, { cause, raw: cause });
        const report = await rig.report(ref);
        expect(report).toMatchObject({ cause, carrierCause: cause, codeHeard: 'none' });
        expect(report).not.toHaveProperty('answeredAt');
        expect(rig.delivery.liveCalls).toBe(0);
      })();
    },
  );

  it(
    'says which voice spoke instead of the one that was asked for',
    withRig({ template: { voiceName: 'Joanna' } }, async rig => {
      const ref = await rig.send();
      await rig.ended(ref, { cause: 'busy', raw: 'busy' });
      expect((await rig.report(ref)).voiceFallback).toContain('Joanna');
    }),
  );
});

describe('the two ends of a call', () => {
  it(
    'the dialogue first: the report waits for the carrier',
    withRig({}, async rig => {
      const ref = await rig.send();
      await rig.talk(ref);
      await rig.clock.advanceAsync(MESSAGE_MS + 500 + 4_000);
      expect((await rig.record(ref)).state).toBe('answered');
      await rig.ended(ref, { raw: 'completed' });
      expect(await rig.report(ref)).toMatchObject({ codeHeard: 'full', carrierCause: 'completed' });
    }),
  );

  it(
    'the dialogue alone: the report does not wait for ever',
    withRig({}, async rig => {
      const ref = await rig.send();
      await rig.talk(ref);
      await rig.clock.advanceAsync(MESSAGE_MS + 500 + 5_000);
      const report = await rig.report(ref);
      expect(report).toMatchObject({ codeHeard: 'full', cause: 'completed' });
      expect(report).not.toHaveProperty('carrierCause');
      await rig.ended(ref);
      expect(await rig.report(ref)).toEqual(report);
    }),
  );

  it(
    'the carrier first: the dialogue has a second to notice',
    withRig({}, async rig => {
      const ref = await rig.send();
      const stream = await rig.talk(ref);
      await rig.clock.advanceAsync(2_000);
      await rig.ended(ref);
      expect((await rig.record(ref)).state).toBe('answered');
      stream.end('carrier');
      await rig.clock.advanceAsync(1);
      expect(await rig.report(ref)).toMatchObject({ cause: 'hangup', codeHeard: 'partial' });
    }),
  );

  /** A call that rings, and a store that is away from now on. */
  async function ringingWhileAway(rig: Rig) {
    const ref = await rig.send();
    const id = `CA${rig.carrier.placed.length}`;
    await rig.say('status', ref, { events: [{ type: 'ringing' }] }, { id });
    const transition = rig.store.transition.bind(rig.store);
    rig.store.transition = async () => await Promise.reject(new ServiceError('unavailable'));
    return {
      busy: async () => await rig.ended(ref, { cause: 'busy', raw: 'busy' }, id),
      storeIsBack: () => void (rig.store.transition = transition),
      expectWritten: async () => {
        expect(await rig.report(ref)).toMatchObject({ cause: 'busy' });
        expect(rig.delivery.liveCalls).toBe(0);
      },
    };
  }

  it(
    'while the store is away: the end is written as soon as it is back, whether the carrier says it again or not',
    withRig({}, async rig => {
      for (const again of [true, false]) {
        const { busy, storeIsBack, expectWritten } = await ringingWhileAway(rig);
        expect(await busy()).toMatchObject({ status: 503 });
        storeIsBack();
        if (again) await busy();
        await rig.clock.advanceAsync(500);
        await expectWritten();
      }
    }),
  );

  it(
    'while the store is away for long: no repeat is taken before it is written, and it is tried for until it is',
    withRig({}, async rig => {
      for (const again of [true, false]) {
        const { busy, storeIsBack, expectWritten } = await ringingWhileAway(rig);
        expect(await busy()).toMatchObject({ status: 503 });
        expect(await busy()).toMatchObject({ status: 503 });
        await rig.clock.advanceAsync(30_000);
        expect(await busy()).toMatchObject({ status: 503 });
        storeIsBack();
        if (again) expect(await busy()).toMatchObject({ status: 204 });
        else await rig.clock.advanceAsync(5_000);
        await expectWritten();
      }
    }),
  );

  it(
    'the carrier first, over a socket that is half open',
    withRig({}, async rig => {
      const ref = await rig.send();
      const stream = await rig.talk(ref);
      await rig.clock.advanceAsync(2_000);
      await rig.ended(ref);
      await rig.clock.advanceAsync(1_000);
      expect(await rig.report(ref)).toMatchObject({ cause: 'hangup', codeHeard: 'partial' });
      await rig.clock.advanceAsync(2_000);
      expect(stream.closed).toBe(true);
    }),
  );
});

it(
  'fifty calls at once do not know of each other',
  withRig({}, async rig => {
    const refs = await Promise.all(Array.from({ length: 50 }, async () => await rig.send()));
    const ids = new Map(rig.carrier.placed.map((call, index) => [call.callRef, `CA${index + 1}`]));
    const streams = await Promise.all(
      refs.map(async ref => ({ ref, id: ids.get(ref) ?? '', stream: await rig.connect(ref, ids.get(ref)) })),
    );
    rig.carrier.onHangup = async id => streams.find(one => one.id === id)?.stream.end('carrier');
    for (const { stream, id } of streams) stream.ready(id);
    await rig.clock.advanceAsync(1_500);
    streams.forEach(({ stream }, index) => {
      if (index % 2 === 1) stream.end('carrier');
    });
    await rig.clock.advanceAsync(MESSAGE_MS);
    await Promise.all(streams.map(async ({ ref, id }) => await rig.ended(ref, {}, id)));
    const heard = await Promise.all(refs.map(async ref => (await rig.report(ref)).codeHeard));
    expect(heard.filter(word => word === 'full')).toHaveLength(25);
    expect(heard.filter(word => word === 'partial')).toHaveLength(25);
    expect(rig.delivery.liveCalls).toBe(0);
  }),
);
