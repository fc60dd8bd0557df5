import { describe, expect, it } from 'vitest';

import {
  applicationId,
  attempt,
  attemptRequest,
  createdPin,
  NUMBER,
  operation,
  OTHER_NUMBER,
  pinId,
  tally,
  times,
  type Current,
} from '../support/store-fixtures.ts';

export function attemptCases(current: Current): void {
  describe('attemptPin', () => {
    it('counts a wrong PIN, and verifies the right one', async () => {
      const { store } = current();
      const { pin, delivery } = await createdPin(store, { attempts: 3 });
      expect(await attempt(store, pin.pinId, false)).toEqual({
        outcome: 'wrong',
        to: NUMBER,
        attemptsRemaining: 2,
      });
      expect(await attempt(store, pin.pinId, true)).toEqual({
        outcome: 'verified',
        to: NUMBER,
        attemptsRemaining: 1,
        live: [delivery.callRef],
      });
      const after = await store.getPin(pin.pinId);
      expect(after).toMatchObject({ state: 'verified', attemptsUsed: 2 });
      expect(after?.verifiedAt).toBeTypeOf('number');
    });

    it('never matches without an expected digest, nor with one of another length', async () => {
      const { store } = current();
      const { pin } = await createdPin(store);
      const request = attemptRequest(pin.pinId, true);
      const hostile = [
        { ...request, expected: undefined },
        { ...request, expected: Buffer.alloc(0), candidate: Buffer.alloc(0) },
        { ...request, expected: Buffer.alloc(32), candidate: Buffer.alloc(31) },
        { ...request, expected: undefined, candidate: Buffer.alloc(32) },
      ];
      for (const bad of hostile) {
        expect(await store.attemptPin({ ...bad, opId: operation() })).toMatchObject({ outcome: 'wrong' });
      }
    });

    it('is exhausted after its attempts, for the right PIN too, and its seed is gone', async () => {
      const harness = current();
      const { store } = harness;
      const { pin } = await createdPin(store, { attempts: 2 });
      await attempt(store, pin.pinId, false);
      expect(await store.getPin(pin.pinId)).toMatchObject({ seed: pin.seed });
      expect(await attempt(store, pin.pinId, false)).toMatchObject({
        outcome: 'wrong',
        attemptsRemaining: 0,
      });
      expect(await attempt(store, pin.pinId, true)).toEqual({
        outcome: 'exhausted',
        to: NUMBER,
        attemptsRemaining: 0,
      });
      expect((await store.getPin(pin.pinId))?.seed).toBeUndefined();
      expect(await harness.comparisons(pin.pinId)).toBe(2);
    });

    it('compares 200 wrong guesses at once exactly 5 times', async () => {
      const harness = current();
      const { pin } = await createdPin(harness.store, { attempts: 5 });
      const results = await Promise.all(times(200, () => attempt(harness.store, pin.pinId, false)));
      expect(tally(results)).toEqual({ wrong: 5, exhausted: 195 });
      expect(await harness.comparisons(pin.pinId)).toBe(5);
      expect(await harness.store.getPin(pin.pinId)).toMatchObject({ attemptsUsed: 5, state: 'active' });
    });

    it('verifies a single-use PIN exactly once out of 200 at once', async () => {
      const harness = current();
      const { pin } = await createdPin(harness.store, { allowMultiple: false, attempts: 100 });
      const results = await Promise.all(times(200, () => attempt(harness.store, pin.pinId, true)));
      expect(tally(results)).toEqual({ verified: 1, used: 199 });
      expect(await harness.comparisons(pin.pinId)).toBe(1);
      expect(await harness.store.getPin(pin.pinId)).toMatchObject({ seed: undefined, state: 'verified' });
      expect(await attempt(harness.store, pin.pinId, true)).toEqual({
        outcome: 'used',
        to: NUMBER,
        attemptsRemaining: 0,
      });
    });

    it('verifies again within its time where many uses are allowed, each an attempt', async () => {
      const { store } = current();
      const { pin } = await createdPin(store, { allowMultiple: true, attempts: 3 });
      const outcomes = [];
      for (let n = 0; n < 4; n++) outcomes.push((await attempt(store, pin.pinId, true)).outcome);
      expect(outcomes).toEqual(['verified', 'verified', 'verified', 'exhausted']);
      expect((await store.getPin(pin.pinId))?.seed).toBeUndefined();
    });

    it('keeps PINs apart: what one pinId has says nothing of another', async () => {
      const { store } = current();
      const application = applicationId();
      const first = await createdPin(store, {
        applicationId: application,
        allowMultiple: false,
        attempts: 2,
      });
      const second = await createdPin(store, { applicationId: application, attempts: 2 });
      await attempt(store, first.pin.pinId, true);
      await attempt(store, second.pin.pinId, false);
      expect(await store.getPin(first.pin.pinId)).toMatchObject({ attemptsUsed: 1, state: 'verified' });
      expect(await store.getPin(second.pin.pinId)).toMatchObject({ attemptsUsed: 1, state: 'active' });
    });

    it('answers unknown for a pinId that does not exist, as often as asked', async () => {
      const { store } = current();
      const limit = { attempts: 1, windowMs: 60_000 };
      for (let n = 0; n < 3; n++) {
        expect(await attempt(store, pinId(), true, { verifyLimit: limit })).toEqual({ outcome: 'unknown' });
      }
    });

    it('returns the first result to a repeated opId, counting once', async () => {
      const harness = current();
      const { pin } = await createdPin(harness.store, { allowMultiple: false });
      const request = attemptRequest(pin.pinId, true);
      const results = await Promise.all(times(3, () => harness.store.attemptPin(request)));
      const late = await harness.store.attemptPin(request);
      expect(tally([...results, late])).toEqual({ verified: 4 });
      expect(await harness.comparisons(pin.pinId)).toBe(1);
    });

    it('emits its events when the PIN is verified, and only then', async () => {
      const { store } = current();
      const { pin } = await createdPin(store, { attempts: 3 });
      const event = (id: string) => ({ events: [{ id, type: 'pin.verified', data: { pinId: pin.pinId } }] });
      await attempt(store, pin.pinId, false, event('no'));
      await attempt(store, pin.pinId, true, event('yes'));
      const events = await store.claimEvents({ limit: 10, leaseMs: 1000 });
      expect(events.map(({ id }) => id)).toEqual(['yes']);
    });
  });

  describe('expiry', () => {
    it('comes at the end of the time to live, not before', async () => {
      const harness = current();
      const { store } = harness;
      const slack = harness.exactTime ? 1 : 300;
      const [early, late] = [
        await createdPin(store, { ttlMs: 1000 }),
        await createdPin(store, { ttlMs: 1000 }),
      ];
      await harness.advance(1000 - slack);
      expect(await attempt(store, early.pin.pinId, true)).toMatchObject({ outcome: 'verified' });
      await harness.advance(2 * slack);
      for (const { pin } of [early, late]) {
        expect(await attempt(store, pin.pinId, true)).toMatchObject({ outcome: 'expired' });
        expect((await store.getPin(pin.pinId))?.seed).toBeUndefined();
      }
      expect(await attempt(store, late.pin.pinId, true)).toEqual({
        outcome: 'expired',
        to: NUMBER,
        attemptsRemaining: 10,
      });
      expect(await harness.comparisons(late.pin.pinId)).toBe(0);
    });

    it('does not change what a PIN that ended otherwise answers', async () => {
      const harness = current();
      const { store } = harness;
      const ttl = { ttlMs: 500 };
      const used = await createdPin(store, { ...ttl, allowMultiple: false });
      await attempt(store, used.pin.pinId, true);
      const exhausted = await createdPin(store, { ...ttl, attempts: 1 });
      await attempt(store, exhausted.pin.pinId, false);
      await harness.advance(700);
      expect(await attempt(store, used.pin.pinId, true)).toMatchObject({ outcome: 'used' });
      expect(await attempt(store, exhausted.pin.pinId, true)).toMatchObject({ outcome: 'exhausted' });
    });
  });

  describe('the verify limit', () => {
    const verifyLimit = { attempts: 2, windowMs: 1000 };

    it('lets exactly its number through, 50 asking at once, and counts no attempt beyond', async () => {
      const harness = current();
      const { pin } = await createdPin(harness.store);
      const limit = { attempts: 7, windowMs: 60_000 };
      const results = await Promise.all(
        times(50, () => attempt(harness.store, pin.pinId, false, { verifyLimit: limit })),
      );
      expect(tally(results)).toEqual({ wrong: 7, limited: 43 });
      expect(await harness.store.getPin(pin.pinId)).toMatchObject({ attemptsUsed: 7 });
      expect(await harness.comparisons(pin.pinId)).toBe(7);
    });

    it('is one for all PINs of a number and application, and says when to come back', async () => {
      const harness = current();
      const { store } = harness;
      const application = applicationId();
      const [a, b] = [
        await createdPin(store, { applicationId: application }),
        await createdPin(store, { applicationId: application }),
      ];
      const elsewhere = await createdPin(store, { applicationId: application, to: OTHER_NUMBER });
      await attempt(store, a.pin.pinId, false, { verifyLimit });
      await attempt(store, b.pin.pinId, false, { verifyLimit });
      const limited = await attempt(store, b.pin.pinId, true, { verifyLimit });
      if (limited.outcome !== 'limited') throw new Error(limited.outcome);
      expect(limited.retryAfterMs).toBeGreaterThan(0);
      expect(limited.retryAfterMs).toBeLessThanOrEqual(1000);
      expect(await attempt(store, elsewhere.pin.pinId, true, { verifyLimit })).toMatchObject({
        outcome: 'verified',
      });
      await harness.advance(limited.retryAfterMs);
      expect(await attempt(store, b.pin.pinId, true, { verifyLimit })).toMatchObject({ outcome: 'verified' });
    });

    it('hides the state of a PIN from whoever asks too often', async () => {
      const { store } = current();
      const { pin } = await createdPin(store, { allowMultiple: false });
      await attempt(store, pin.pinId, true, { verifyLimit });
      await attempt(store, pin.pinId, true, { verifyLimit });
      expect(await attempt(store, pin.pinId, true, { verifyLimit })).toMatchObject({ outcome: 'limited' });
    });
  });

  describe('the failure cap', () => {
    const cap = (attempts: number, windowMs = 86_400_000) => ({ failureCap: { attempts, windowMs } });

    it('adds failures up over the PINs of a number: the 101st comparison never happens', async () => {
      const harness = current();
      const { store } = harness;
      const application = applicationId();
      const ids = [];
      for (let n = 0; n < 25; n++) {
        const { pin } = await createdPin(store, { applicationId: application, attempts: 5 });
        ids.push(pin.pinId);
      }
      const guesses = ids.flatMap(id => times(5, () => attempt(store, id, false, cap(100))));
      expect(tally(await Promise.all(guesses))).toEqual({ wrong: 100, capped: 25 });
      const counts = await Promise.all(ids.map(id => harness.comparisons(id)));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100);
      const last = ids.at(-1) ?? pinId();
      expect(await attempt(store, last, true, cap(100))).toEqual({
        outcome: 'capped',
        to: NUMBER,
        attemptsRemaining: 5,
      });
    });

    it('is cleared by a success, and not before', async () => {
      const { store } = current();
      const { pin } = await createdPin(store, { attempts: 100 });
      const outcomes = [];
      for (const right of [false, false, true, false, false, false, true]) {
        outcomes.push((await attempt(store, pin.pinId, right, cap(3))).outcome);
      }
      expect(outcomes).toEqual(['wrong', 'wrong', 'verified', 'wrong', 'wrong', 'wrong', 'capped']);
    });

    it('holds per number and application, and slides', async () => {
      const harness = current();
      const { store } = harness;
      const application = applicationId();
      const { pin } = await createdPin(store, { applicationId: application });
      const other = await createdPin(store, { applicationId: application, to: OTHER_NUMBER });
      await attempt(store, pin.pinId, false, cap(1, 1000));
      expect(await attempt(store, pin.pinId, true, cap(1, 1000))).toMatchObject({ outcome: 'capped' });
      expect(await attempt(store, other.pin.pinId, true, cap(1, 1000))).toMatchObject({
        outcome: 'verified',
      });
      await harness.advance(1000);
      expect(await attempt(store, pin.pinId, true, cap(1, 1000))).toMatchObject({ outcome: 'verified' });
    });

    it('counts nothing where there is no cap', async () => {
      const { store } = current();
      const { pin } = await createdPin(store, { attempts: 100 });
      for (let n = 0; n < 5; n++) await attempt(store, pin.pinId, false);
      expect(await attempt(store, pin.pinId, true, cap(1))).toMatchObject({ outcome: 'verified' });
    });
  });
}
