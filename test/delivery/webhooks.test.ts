import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CallRef } from '../../src/domain/types.ts';
import { settle } from '../support/fake-clock.ts';
import type { Said } from '../support/scripted-carrier.ts';
import { Rig, streamUrl, withRig } from './rig.ts';

const ringing: Said = { events: [{ type: 'ringing' }] };

describe('a webhook', () => {
  it.each(['answer', 'status', 'digits', 'machine'] as const)(
    'with a forged signature is refused and changes nothing: %s',
    async kind => {
      await withRig({}, async rig => {
        const ref = await rig.send();
        const before = await rig.record(ref);
        const said: Said = { events: [{ type: 'ended', cause: 'failed', raw: 'x' }], digits: '1' };
        expect(await rig.say(kind, ref, said, { forged: true })).toEqual({ status: 403 });
        await settle();
        expect(await rig.record(ref)).toEqual(before);
        expect(rig.counted).toEqual(['webhook-forged']);
        expect(rig.carrier.hungUp).toEqual([]);
      })();
    },
  );

  it(
    'signed for another URL is refused',
    withRig({}, async rig => {
      const ref = await rig.send();
      const other = await rig.send();
      const url = `https://pin.example/carrier-webhooks/scripted/${other}/status`;
      const raw = {
        method: 'POST',
        url: `https://pin.example/carrier-webhooks/scripted/${ref}/status`,
        headers: { 'x-signature': `signed ${url}` },
        rawBody: Buffer.from('{"carrierCallId":"CA1","events":[{"type":"ringing","carrierCallId":"CA1"}]}'),
      };
      const request = { carrier: 'scripted', ref, kind: 'status', raw, query: {} } as const;
      expect(await rig.delivery.handleWebhook(request)).toEqual({ status: 403 });
      expect((await rig.record(ref)).state).toBe('initiated');
    }),
  );

  it(
    'for an unknown call or carrier is counted, not crashed on',
    withRig({}, async rig => {
      const ref = await rig.send();
      expect(await rig.say('status', 'f'.repeat(32) as CallRef, ringing)).toEqual({ status: 404 });
      expect(rig.counted).toEqual(['webhook-unknown']);
      const raw = { method: 'POST', url: 'x', headers: {}, rawBody: Buffer.alloc(0) };
      const request = { carrier: 'nobody', ref, kind: 'status', raw, query: {} } as const;
      expect(await rig.delivery.handleWebhook(request)).toEqual({ status: 404 });
    }),
  );

  it(
    'that is signed but not understood is a 400',
    withRig({}, async rig => {
      const ref = await rig.send();
      const url = `https://pin.example/carrier-webhooks/scripted/${ref}/status`;
      const raw = {
        method: 'POST',
        url,
        headers: { 'x-signature': `signed ${url}` },
        rawBody: Buffer.from('{"carrierCallId":'),
      };
      const request = { carrier: 'scripted', ref, kind: 'status', raw, query: {} } as const;
      expect(await rig.delivery.handleWebhook(request)).toEqual({ status: 400 });
      expect(rig.counted).toEqual(['webhook-malformed']);
    }),
  );

  it('is a 503 while the store is away', async () => {
    const rig = await Rig.start();
    const ref = await rig.send();
    await rig.store.close();
    expect(await rig.say('status', ref, ringing)).toEqual({ status: 503 });
    await rig.open();
    expect(await rig.say('status', ref, ringing)).toEqual({ status: 204 });
    await rig.close();
  });
});

describe('the answer webhook', () => {
  it(
    'asked twice gets one answer, also when both come at once',
    withRig({}, async rig => {
      const ref = await rig.send();
      const [first, second] = await Promise.all([rig.answer(ref), rig.answer(ref)]);
      expect(second).toEqual(first);
      expect(await rig.answer(ref)).toEqual(first);
      expect(await rig.admit(streamUrl(first))).toBeTypeOf('function');
      expect(await rig.answer(ref)).toEqual([{ do: 'hangup' }]);
    }),
  );

  it(
    'keeps the token out of the log and the store',
    withRig({}, async rig => {
      const ref = await rig.send();
      const url = streamUrl(await rig.answer(ref));
      const token = url.split('/').at(-1) ?? '';
      expect(token).toMatch(/^[\w-]{22}$/);
      expect(rig.lines.join('\n')).not.toContain(token);
    }),
  );

  it(
    'after the end gets a hang-up',
    withRig({}, async rig => {
      const ref = await rig.send();
      await rig.ended(ref, { cause: 'canceled', raw: 'canceled' });
      expect(await rig.answer(ref)).toEqual([{ do: 'hangup' }]);
      expect((await rig.record(ref)).state).toBe('ended');
    }),
  );

  it(
    'after a restart gets a fresh socket',
    withRig({}, async rig => {
      const ref = await rig.send();
      const first = await rig.answer(ref);
      await rig.crash();
      const second = await rig.answer(ref);
      expect(streamUrl(second)).not.toBe(streamUrl(first));
      expect(await rig.admit(streamUrl(first))).toBeUndefined();
      expect(await rig.admit(streamUrl(second))).toBeTypeOf('function');
    }),
  );
});

it(
  'a webhook that crosses the end of its call leaves no call behind',
  withRig({}, async rig => {
    const ref = await rig.send();
    await rig.crash();
    await rig.say('status', ref, ringing);
    expect(rig.delivery.liveCalls).toBe(1);
    // As if another write had ended it between this one's read and write.
    await rig.store.transition({ ref, to: 'ended' });
    await rig.clock.advanceAsync(60_000);
    expect(rig.delivery.liveCalls).toBe(0);
  }),
);

/** faults.md I5 and F17: the final state depends on the set of callbacks, not on order, repeats or delay. */
it('callbacks in any order, repeated, with forged ones between, end in the same record', async () => {
  const rig = await Rig.start();
  const said: Record<string, Said> = {
    initiated: { events: [{ type: 'initiated', sequence: 0 }] },
    ringing: { events: [{ type: 'ringing', sequence: 1 }] },
    answered: { events: [{ type: 'answered', sequence: 2 }] },
  };
  const forged: Said = { events: [{ type: 'ended', cause: 'rejected', raw: 'forged' }] };
  const endings = ['completed', 'busy', 'no-answer', 'failed'] as const;
  const names = ['initiated', 'ringing', 'answered', 'ended'];
  const orders = fc
    .array(fc.constantFrom(...names, 'forged', 'stray', 'late'), { maxLength: 8 })
    .chain(extra => fc.shuffledSubarray([...names, ...extra], { minLength: 4 + extra.length }));
  let calls = 0;
  try {
    await fc.assert(
      fc.asyncProperty(orders, fc.constantFrom(...endings), async (order, cause) => {
        const ref = await rig.send();
        const id = `CA${++calls}`;
        for (const name of order) {
          if (name === 'ended')
            await rig.ended(ref, { cause, raw: cause, at: rig.clock.now(), durationSeconds: 7 }, id);
          else if (name === 'late') await rig.clock.advanceAsync(500);
          else if (name === 'stray') await rig.ended(ref, { cause: 'canceled', raw: 'stray' }, 'CA0');
          else if (name === 'forged') await rig.say('status', ref, forged, { id, forged: true });
          else await rig.say('status', ref, said[name]!, { id });
        }
        await settle();
        const { state, carrierCallId, dials, report } = await rig.record(ref);
        expect({ state, carrierCallId, dials }).toEqual({ state: 'ended', carrierCallId: id, dials: 1 });
        expect(report).toMatchObject({
          cause,
          carrierCause: cause,
          codeHeard: 'none',
          repeats: 0,
          dtmfCodes: '',
        });
        const events = await rig.store.claimEvents({ limit: 9, leaseMs: 1 });
        expect(events).toHaveLength(1);
        for (const event of events) await rig.store.ackEvent(event.id);
        expect(rig.delivery.liveCalls).toBe(0);
      }),
      { numRuns: 60, seed: 17 },
    );
  } finally {
    await rig.close();
  }
});
