import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DELIVERY_STATES, type CallRef, type CallReport } from '../../src/domain/types.ts';
import { createdPin, times, type Current } from '../support/store-fixtures.ts';

const REPORT: CallReport = {
  cause: 'completed',
  answeredAt: 123,
  endedAt: 456,
  codeHeard: 'full',
  repeats: 1,
  gate: 'none',
  answeredBy: 'human',
  dtmfCodes: '1',
};
const timer = (id: string) => ({ id, kind: 'guard', inMs: 0, data: { id } });
const event = (id: string) => ({ id, type: 'call', data: { id } });

export function deliveryCases(current: Current): void {
  describe('transition', () => {
    it('moves up, notes what came with it, and arms, cancels and emits', async () => {
      const harness = current();
      const { store } = harness;
      const { delivery, pin } = await createdPin(store, { timers: [timer('dial'), timer('stay')] });
      await harness.advance(10);
      const ref = delivery.callRef;
      const first = await store.transition({
        ref,
        to: 'initiated',
        carrierCallId: 'CA1',
        arm: [timer('ring')],
        cancel: ['dial', 'none'],
        events: [event('e1')],
      });
      expect(first.applied).toBe(true);
      expect(first.delivery).toMatchObject({ state: 'initiated', carrierCallId: 'CA1', dials: 1 });
      expect(await store.getDelivery(ref)).toEqual(first.delivery);
      expect((await store.getPin(pin.pinId))?.sentAt).toBe(first.delivery?.updatedAt);
      await harness.advance(10);
      const answered = await store.transition({ ref, to: 'answered' });
      expect(answered.delivery?.answeredAt).toBe(answered.delivery?.updatedAt);
      const ended = await store.transition({ ref, to: 'ended', report: REPORT });
      expect(ended.delivery).toEqual({
        ...answered.delivery,
        state: 'ended',
        report: REPORT,
        updatedAt: ended.delivery?.updatedAt,
      });
      const ids = (await store.claimTimers({ limit: 10, leaseMs: 1000 })).map(({ id }) => id);
      expect(ids.toSorted()).toEqual(['ring', 'stay']);
      expect((await store.claimEvents({ limit: 10, leaseMs: 1000 })).map(({ id }) => id)).toEqual(['e1']);
    });

    it('changes nothing for a step down or sideways', async () => {
      const { store } = current();
      const { delivery } = await createdPin(store, { timers: [timer('keep')] });
      const ref = delivery.callRef;
      const { delivery: before } = await store.transition({ ref, to: 'answered', carrierCallId: 'CA1' });
      for (const to of ['dialing', 'initiated', 'ringing', 'answered'] as const) {
        const step = await store.transition({
          ref,
          to,
          carrierCallId: 'CA2',
          report: REPORT,
          arm: [timer('no')],
          cancel: ['keep'],
          events: [event('no')],
        });
        expect(step).toEqual({ applied: false, delivery: before });
      }
      expect((await store.claimTimers({ limit: 9, leaseMs: 9 })).map(({ id }) => id)).toEqual(['keep']);
      expect(await store.claimEvents({ limit: 9, leaseMs: 9 })).toEqual([]);
    });

    it('takes the saved dialogue and a missing carrier id even where the state stays', async () => {
      const { store } = current();
      const { delivery, pin } = await createdPin(store);
      const ref = delivery.callRef;
      const named = await store.transition({ ref, to: 'dialing', carrierCallId: 'CA1' });
      expect(named).toMatchObject({ applied: false, delivery: { state: 'dialing', carrierCallId: 'CA1' } });
      expect((await store.getPin(pin.pinId))?.sentAt).toBeTypeOf('number');
      await store.transition({ ref, to: 'answered' });
      const saved = await store.transition({ ref, to: 'answered', dialog: '{"state":1}' });
      expect(saved).toMatchObject({
        applied: false,
        delivery: { dialog: '{"state":1}', carrierCallId: 'CA1' },
      });
      expect(await store.getDelivery(ref)).toEqual(saved.delivery);
    });

    it('has not sent what ended before a carrier took it', async () => {
      const { store } = current();
      const { delivery, pin } = await createdPin(store);
      await store.transition({ ref: delivery.callRef, to: 'ended', report: REPORT });
      expect((await store.getPin(pin.pinId))?.sentAt).toBeUndefined();
      expect(await store.getDelivery(delivery.callRef)).toMatchObject({ state: 'ended', answeredAt: 123 });
    });

    it('ignores a call that it does not know', async () => {
      const { store } = current();
      const step = {
        ref: 'f'.repeat(32) as CallRef,
        to: 'ended',
        arm: [timer('no')],
        events: [event('no')],
      } as const;
      expect(await store.transition(step)).toEqual({ applied: false, delivery: undefined });
      expect(await store.nextTimerIn()).toBeUndefined();
      expect(await store.getDelivery(step.ref)).toBeUndefined();
    });

    it('ends in the same state in whatever order, and however often, callbacks come', async () => {
      const { store } = current();
      const callbacks = fc
        .subarray([...DELIVERY_STATES], { minLength: 1 })
        .chain(set =>
          fc.tuple(
            fc.shuffledSubarray(set, { minLength: set.length }),
            fc.array(fc.constantFrom(...set), { maxLength: 5 }),
          ),
        );
      await fc.assert(
        fc.asyncProperty(callbacks, fc.boolean(), async ([once, more], together) => {
          const { delivery } = await createdPin(store);
          const order = [...once, ...more];
          let height = 0;
          const step = (to: (typeof DELIVERY_STATES)[number]) =>
            store.transition({ ref: delivery.callRef, to });
          const steps = together ? await Promise.all(order.map(step)) : [];
          if (!together) for (const to of order) steps.push(await step(to));
          for (const [index, to] of order.entries()) {
            const rank = DELIVERY_STATES.indexOf(to);
            expect(steps[index]?.applied).toBe(rank > height);
            height = Math.max(height, rank);
          }
          const final = await store.getDelivery(delivery.callRef);
          expect(final?.state).toBe(DELIVERY_STATES[height]);
        }),
        { seed: 3, numRuns: 60 },
      );
    });
  });

  describe('claimRedial', () => {
    it('counts a second dial, once for each expectation', async () => {
      const { store } = current();
      const { delivery } = await createdPin(store);
      const request = { ref: delivery.callRef, expectedDials: 1, arm: [timer('ring')] };
      const claims = await Promise.all(times(10, () => store.claimRedial(request)));
      expect(claims.filter(Boolean)).toHaveLength(1);
      expect(claims.find(Boolean)).toMatchObject({ dials: 2, state: 'dialing' });
      expect(await store.claimRedial({ ...request, expectedDials: 2 })).toMatchObject({ dials: 3 });
    });

    it('is refused once the call has a carrier id or has moved on', async () => {
      const { store } = current();
      const named = await createdPin(store);
      await store.transition({ ref: named.delivery.callRef, to: 'dialing', carrierCallId: 'CA1' });
      const ended = await createdPin(store);
      await store.transition({ ref: ended.delivery.callRef, to: 'ended' });
      const refs = [named.delivery.callRef, ended.delivery.callRef, 'f'.repeat(32) as CallRef];
      for (const ref of refs) {
        expect(await store.claimRedial({ ref, expectedDials: 1, arm: [timer('no')] })).toBeUndefined();
      }
      expect(await store.nextTimerIn()).toBeUndefined();
    });
  });

  describe('media tokens', () => {
    it('open a call once', async () => {
      const { store } = current();
      const { delivery } = await createdPin(store);
      await store.issueMediaToken({ ref: delivery.callRef, tokenHash: 'h1', expiresInMs: 1000 });
      const uses = await Promise.all(times(20, () => store.redeemMediaToken('h1')));
      expect(uses.filter(Boolean)).toEqual([delivery]);
      expect(await store.redeemMediaToken('h1')).toBeUndefined();
      expect(await store.redeemMediaToken('unknown')).toBeUndefined();
    });

    it('run out, and are replaced by a later one of the call', async () => {
      const harness = current();
      const { store } = harness;
      const { delivery } = await createdPin(store);
      const other = await createdPin(store);
      const issue = (ref: CallRef, tokenHash: string) =>
        store.issueMediaToken({ ref, tokenHash, expiresInMs: 500 });
      await issue(delivery.callRef, 'h1');
      await issue(other.delivery.callRef, 'h2');
      await issue(delivery.callRef, 'h3');
      expect(await store.redeemMediaToken('h1')).toBeUndefined();
      expect(await store.redeemMediaToken('h3')).toEqual(delivery);
      await harness.advance(500);
      expect(await store.redeemMediaToken('h2')).toBeUndefined();
      await expect(issue('f'.repeat(32) as CallRef, 'h4')).rejects.toMatchObject({ id: 'notFound' });
    });
  });
}
