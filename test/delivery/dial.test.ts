import { describe, expect, it } from 'vitest';

import { CarrierError } from '../../src/errors.ts';
import { settle } from '../support/fake-clock.ts';
import { PHONE, Rig, withRig } from './rig.ts';

/** DESIGN decision 6 and faults.md F2, F15, F16, F18: what is known of a call that the carrier may or may not have. */

const refuse =
  (reason: CarrierError['reason'], retryable = false) =>
  async (): Promise<never> => {
    throw new CarrierError(reason, { retryable });
  };
const never = (): Promise<never> => new Promise(() => {});

describe('asking the carrier', () => {
  it(
    'is done after the commit, with our reference in every URL',
    withRig({}, async rig => {
      let committed: unknown;
      rig.carrier.answers.push(async () => {
        committed = await rig.store.getDelivery(rig.carrier.placed[0]!.callRef as never);
        return { carrierCallId: 'CA1' };
      });
      const ref = await rig.send();
      expect(committed).toMatchObject({ callRef: ref, state: 'dialing' });
      const base = `https://pin.example/carrier-webhooks/scripted/${ref}`;
      expect(rig.carrier.placed).toEqual([
        {
          callRef: ref,
          to: PHONE,
          from: '+15005550006',
          answerUrl: `${base}/answer`,
          statusUrl: `${base}/status`,
          machineUrl: `${base}/machine`,
          ringTimeoutSeconds: 45,
          maxDurationSeconds: 195,
          machineDetection: 'off',
        },
      ]);
    }),
  );

  it(
    'is tried again where it provably did not arrive, three times in all',
    withRig({}, async rig => {
      rig.carrier.answers.push(refuse('unreachable', true), refuse('rate-limited', true));
      const ref = await rig.send();
      expect(rig.carrier.placed).toHaveLength(1);
      await rig.clock.advanceAsync(500);
      expect(rig.carrier.placed).toHaveLength(2);
      await rig.clock.advanceAsync(2_000);
      expect(rig.carrier.placed).toHaveLength(3);
      expect(await rig.record(ref)).toMatchObject({ state: 'initiated', dials: 1 });
    }),
  );

  it(
    'fails for good when the last try does',
    withRig({}, async rig => {
      rig.carrier.answers.push(...Array.from({ length: 3 }, () => refuse('unreachable', true)));
      const ref = await rig.send();
      await rig.clock.advanceAsync(10_000);
      expect(rig.carrier.placed).toHaveLength(3);
      expect(await rig.report(ref)).toMatchObject({ cause: 'carrier-unreachable', codeHeard: 'none' });
      expect(rig.delivery.liveCalls).toBe(0);
      const events = await rig.store.claimEvents({ limit: 9, leaseMs: 1 });
      expect(events.map(event => event.type)).toEqual(['voice.report']);
    }),
  );

  it.each(['rejected', 'unauthorized'] as const)('ends at once when it says no: %s', async reason => {
    await withRig({}, async rig => {
      rig.carrier.answers.push(refuse(reason));
      const ref = await rig.send();
      expect(await rig.report(ref)).toMatchObject({ cause: `carrier-${reason}` });
      await rig.clock.advanceAsync(120_000);
      expect(rig.carrier.placed).toHaveLength(1);
    })();
  });
});

describe('nobody knows whether the carrier has the call', () => {
  it.each(['timeout', 'server', 'protocol', 'unreachable'] as const)(
    '%s: dialled once more, and no third time',
    async reason => {
      await withRig({}, async rig => {
        rig.carrier.answers.push(refuse(reason), refuse(reason));
        const ref = await rig.send();
        expect(await rig.record(ref)).toMatchObject({ state: 'dialing', dials: 1 });
        await rig.clock.advanceAsync(6_000);
        expect(rig.carrier.placed).toHaveLength(2);
        expect(rig.counted).toEqual(['redial']);
        await rig.clock.advanceAsync(30_000);
        expect(rig.carrier.placed).toHaveLength(2);
        expect(await rig.report(ref)).toMatchObject({ cause: 'carrier-unknown', codeHeard: 'none' });
      })();
    },
  );

  it(
    'the first webhook adopts the call, and it is not dialled again',
    withRig({}, async rig => {
      rig.carrier.answers.push(refuse('timeout'));
      const ref = await rig.send();
      await rig.say('status', ref, { events: [{ type: 'ringing' }] }, { id: 'CA9' });
      expect(await rig.record(ref)).toMatchObject({ state: 'ringing', carrierCallId: 'CA9' });
      await rig.clock.advanceAsync(30_000);
      expect(rig.carrier.placed).toHaveLength(1);
    }),
  );

  it(
    'a carrier that is slow is not asked twice',
    withRig({}, async rig => {
      const reply = Promise.withResolvers<{ carrierCallId: string }>();
      rig.carrier.answers.push(() => reply.promise);
      const ref = await rig.send();
      await rig.clock.advanceAsync(25_000);
      expect(rig.carrier.placed).toHaveLength(1);
      reply.resolve({ carrierCallId: 'CA1' });
      await settle();
      expect(await rig.record(ref)).toMatchObject({ state: 'initiated', carrierCallId: 'CA1', dials: 1 });
    }),
  );

  it(
    'both dials became calls: the phone keeps the first that was heard of, the other is hung up',
    withRig({}, async rig => {
      rig.carrier.answers.push(refuse('timeout'));
      const ref = await rig.send();
      await rig.clock.advanceAsync(6_000);
      expect(await rig.record(ref)).toMatchObject({ carrierCallId: 'CA2', dials: 2 });
      await rig.say('status', ref, { events: [{ type: 'ringing' }] }, { id: 'CA1' });
      await settle();
      expect(rig.carrier.hungUp).toEqual(['CA1']);
      const [step] = await rig.answer(ref, 'CA1');
      expect(step).toEqual({ do: 'hangup' });
      expect(await rig.record(ref)).toMatchObject({ state: 'initiated', carrierCallId: 'CA2' });
      expect((await rig.answer(ref, 'CA2'))[0]).toMatchObject({ do: 'stream' });
    }),
  );

  it(
    'a call that was placed after its record had ended is hung up',
    withRig({}, async rig => {
      const reply = Promise.withResolvers<{ carrierCallId: string }>();
      rig.carrier.answers.push(() => reply.promise);
      const ref = await rig.send();
      await rig.clock.advanceAsync(105_000);
      expect(await rig.report(ref)).toMatchObject({ cause: 'no-callback' });
      reply.resolve({ carrierCallId: 'CA1' });
      await settle();
      expect(rig.carrier.hungUp).toEqual(['CA1']);
    }),
  );
});

describe('a crash', () => {
  it(
    'before the carrier answered: the next life dials once more, and only once',
    withRig({}, async rig => {
      rig.carrier.answers.push(never);
      const ref = await rig.send();
      await rig.crash();
      await rig.clock.advanceAsync(6_000);
      expect(rig.carrier.placed).toHaveLength(2);
      expect(await rig.record(ref)).toMatchObject({ state: 'initiated', dials: 2 });
      await rig.crash();
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed).toHaveLength(2);
    }),
  );

  it(
    'twice before any answer: given up after the second dial',
    withRig({}, async rig => {
      rig.carrier.answers.push(never, never);
      const ref = await rig.send();
      await rig.crash();
      await rig.clock.advanceAsync(6_000);
      await rig.crash();
      await rig.clock.advanceAsync(60_000);
      expect(rig.carrier.placed).toHaveLength(2);
      expect(await rig.report(ref)).toMatchObject({ cause: 'carrier-unknown' });
    }),
  );

  it(
    'after the carrier had the call: a webhook adopts it in the next life',
    withRig({}, async rig => {
      rig.carrier.answers.push(never);
      const ref = await rig.send();
      await rig.crash();
      await rig.say('status', ref, { events: [{ type: 'initiated' }] }, { id: 'CA7' });
      await rig.clock.advanceAsync(30_000);
      expect(rig.carrier.placed).toHaveLength(1);
      await rig.ended(ref, { cause: 'busy', raw: 'busy' }, 'CA7');
      expect(await rig.report(ref)).toMatchObject({ cause: 'busy', codeHeard: 'none' });
      expect(rig.delivery.liveCalls).toBe(0);
    }),
  );

  it(
    'in the middle of the talk: whether the code was heard is unknown',
    withRig({}, async rig => {
      const ref = await rig.send();
      await rig.talk(ref);
      await rig.crash();
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ cause: 'completed', codeHeard: 'unknown' });
    }),
  );

  it('that lasted longer than every guard: all of them are made up for at the start', async () => {
    const rig = await Rig.start();
    const refs = [await rig.send(), await rig.send()];
    await rig.answer(refs[1]!, 'CA2');
    await rig.kill();
    await rig.clock.advanceAsync(600_000);
    await rig.open();
    await settle();
    expect(await rig.report(refs[0]!)).toMatchObject({ cause: 'no-callback', codeHeard: 'none' });
    expect(await rig.report(refs[1]!)).toMatchObject({ cause: 'no-callback', codeHeard: 'unknown' });
    expect(rig.carrier.hungUp.toSorted()).toEqual(['CA1', 'CA2']);
    await rig.close();
  });
});

describe('callbacks that never come', () => {
  it(
    'the call is written off 60 s after the phone must have stopped ringing',
    withRig({}, async rig => {
      const ref = await rig.send();
      await rig.clock.advanceAsync(104_000);
      expect((await rig.record(ref)).state).toBe('initiated');
      await rig.clock.advanceAsync(1_500);
      expect(await rig.report(ref)).toMatchObject({ cause: 'no-callback', codeHeard: 'none' });
      expect(rig.carrier.hungUp).toEqual(['CA1']);
      expect(rig.delivery.liveCalls).toBe(0);
    }),
  );

  it(
    'a call that was answered in the moment of its ring guard is left alone',
    withRig({}, async rig => {
      const ref = await rig.send();
      // The answer's own write would have replaced the guard; this one leaves it, as if it had just been claimed.
      await rig.store.transition({ ref, to: 'answered' });
      await rig.clock.advanceAsync(110_000);
      expect((await rig.record(ref)).state).toBe('answered');
      expect(rig.carrier.hungUp).toEqual([]);
    }),
  );

  it(
    'an answered call without a socket is written off after its longest time',
    withRig({}, async rig => {
      const ref = await rig.send();
      await rig.answer(ref);
      await rig.clock.advanceAsync(254_000);
      expect((await rig.record(ref)).state).toBe('answered');
      await rig.clock.advanceAsync(2_000);
      expect(await rig.report(ref)).toMatchObject({ cause: 'no-callback', codeHeard: 'none' });
    }),
  );
});
