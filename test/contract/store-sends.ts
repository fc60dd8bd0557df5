import { describe, expect, it } from 'vitest';

import type { ApplicationId, E164, Limit } from '../../src/domain/types.ts';
import type { Store } from '../../src/store/store.ts';
import {
  applicationId,
  attempt,
  createdPin,
  newDelivery,
  NO_SEND_LIMITS,
  NUMBER,
  operation,
  OTHER_NUMBER,
  pinId,
  pinRequest,
  tally,
  times,
  type Current,
} from '../support/store-fixtures.ts';

const numbered = (n: number): E164 => `+4179${String(1_000_000 + n)}` as E164;

export function sendCases(current: Current): void {
  describe('createPin', () => {
    it('stores the PIN and its delivery', async () => {
      const { store } = current();
      const request = pinRequest({ ttlMs: 60_000, attempts: 3, allowMultiple: false });
      const before = await store.now();
      const result = await store.createPin(request);
      const after = await store.now();
      if (result.outcome !== 'created') throw new Error(result.outcome);
      const { expiresInMs, ...given } = request.pin;
      expect(result.pin).toEqual({
        ...given,
        attemptsUsed: 0,
        state: 'active',
        createdAt: result.pin.createdAt,
        expiresAt: result.pin.createdAt + expiresInMs,
      });
      expect(result.pin.createdAt).toBeGreaterThanOrEqual(before);
      expect(result.pin.createdAt).toBeLessThanOrEqual(after);
      expect(result.delivery).toEqual({
        ...request.delivery,
        state: 'dialing',
        dials: 1,
        createdAt: result.pin.createdAt,
        updatedAt: result.pin.createdAt,
      });
      expect(await store.getPin(request.pin.pinId)).toEqual(result.pin);
      expect(await store.getDelivery(request.delivery.callRef)).toEqual(result.delivery);
      expect(await store.getPin(pinId())).toBeUndefined();
    });

    it('refuses a pinId that exists, and leaves everything as it was', async () => {
      const { store } = current();
      const one: Limit = { attempts: 2, windowMs: 60_000 };
      const application = applicationId();
      const options = { applicationId: application, limits: { perApplication: one } };
      const first = await createdPin(store, options);
      const again = pinRequest({ ...options, timers: [{ id: 'x', kind: 'x', inMs: 0, data: {} }] });
      const clash = { ...again, pin: { ...again.pin, pinId: first.pin.pinId } };
      await expect(store.createPin({ ...clash, delivery: newDelivery(clash.pin) })).rejects.toThrow();
      expect(await store.getPin(first.pin.pinId)).toEqual(first.pin);
      expect(await store.nextTimerIn()).toBeUndefined();
      // The refused send did not count.
      expect((await store.createPin(pinRequest(options))).outcome).toBe('created');
    });

    it('returns the first result to a repeated opId, without a second effect', async () => {
      const { store } = current();
      const request = pinRequest({ limits: { perNumber: { attempts: 2, windowMs: 60_000 } } });
      const [first, together] = await Promise.all([store.createPin(request), store.createPin(request)]);
      expect(together).toEqual(first);
      expect(await store.createPin(request)).toEqual(first);
      const next = { applicationId: request.pin.applicationId, limits: request.limits };
      expect((await store.createPin(pinRequest(next))).outcome).toBe('created');
      const refused = pinRequest(next);
      expect((await store.createPin(refused)).outcome).toBe('limited');
      expect((await store.createPin(refused)).outcome).toBe('limited');
    });
  });

  describe('send limits', () => {
    const send = async (
      store: Store,
      options: { application: ApplicationId; to?: E164; perNumber?: Limit; perApplication?: Limit },
    ) => {
      const { application, to, perNumber, perApplication } = options;
      const limits = { ...(perNumber && { perNumber }), ...(perApplication && { perApplication }) };
      return store.createPin(pinRequest({ applicationId: application, ...(to && { to }), limits }));
    };

    it.each([
      ['3/1d', { attempts: 3, windowMs: 86_400_000 }],
      ['1/3s', { attempts: 1, windowMs: 3000 }],
    ])('let exactly %s through, 50 asking at once', async (_, perNumber) => {
      const { store } = current();
      const application = applicationId();
      const results = await Promise.all(times(50, () => send(store, { application, perNumber })));
      expect(tally(results)).toEqual({ created: perNumber.attempts, limited: 50 - perNumber.attempts });
    });

    it('hold per number and application, and per application over all numbers', async () => {
      const { store } = current();
      const [application, other] = [applicationId(), applicationId()];
      const perNumber = { attempts: 1, windowMs: 60_000 };
      const perApplication = { attempts: 20, windowMs: 60_000 };
      const sends = times(50, n => send(store, { application, to: numbered(n), perNumber, perApplication }));
      expect(tally(await Promise.all(sends))).toEqual({ created: 20, limited: 30 });
      expect((await send(store, { application: other, to: numbered(0), perNumber })).outcome).toBe('created');
      const twice = await send(store, { application: other, to: numbered(0), perNumber });
      expect(twice).toMatchObject({ outcome: 'limited', limit: 'number' });
      const full = await send(store, { application, to: numbered(99), perNumber, perApplication });
      expect(full).toMatchObject({ outcome: 'limited', limit: 'application' });
    });

    it('count a refused send against neither', async () => {
      const { store } = current();
      const application = applicationId();
      const perNumber = { attempts: 1, windowMs: 60_000 };
      const perApplication = { attempts: 2, windowMs: 60_000 };
      const results = [];
      for (const to of [NUMBER, NUMBER, NUMBER, OTHER_NUMBER]) {
        results.push((await send(store, { application, to, perNumber, perApplication })).outcome);
      }
      expect(results).toEqual(['created', 'limited', 'limited', 'created']);
    });

    it('slide: each send frees its place when its own window is over', async () => {
      const harness = current();
      const application = applicationId();
      const perNumber = { attempts: 2, windowMs: 1200 };
      const outcome = async () => (await send(harness.store, { application, perNumber })).outcome;
      expect(await outcome()).toBe('created');
      await harness.advance(600);
      expect(await outcome()).toBe('created');
      const refused = await send(harness.store, { application, perNumber });
      if (refused.outcome !== 'limited') throw new Error(refused.outcome);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(600);
      if (harness.exactTime) {
        expect(refused.retryAfterMs).toBe(600);
        await harness.advance(599);
        expect(await outcome()).toBe('limited');
        await harness.advance(1);
      } else {
        await harness.advance(refused.retryAfterMs);
      }
      expect(await outcome()).toBe('created');
      expect(await outcome()).toBe('limited');
      await harness.advance(600);
      expect(await outcome()).toBe('created');
    });
  });

  describe('addDelivery', () => {
    const add = (store: Store, pin: Parameters<typeof newDelivery>[0], limits = NO_SEND_LIMITS) =>
      store.addDelivery({
        opId: operation(),
        pinId: pin.pinId,
        delivery: newDelivery(pin),
        limits,
        timers: [{ id: `t-${pin.pinId}`, kind: 'dial', inMs: 0, data: {} }],
        events: [],
      });

    it('adds a delivery and leaves TTL, attempts and seed alone', async () => {
      const harness = current();
      const { store } = harness;
      const { pin } = await createdPin(store);
      await attempt(store, pin.pinId, false);
      await harness.advance(50);
      const result = await add(store, pin);
      if (result.outcome !== 'created') throw new Error(result.outcome);
      expect(result.pin).toEqual({ ...pin, attemptsUsed: 1 });
      expect(await store.getDelivery(result.delivery.callRef)).toEqual(result.delivery);
      expect(await store.nextTimerIn()).toBe(0);
    });

    it('counts against both send limits', async () => {
      const { store } = current();
      const limits = { ...NO_SEND_LIMITS, perNumber: { attempts: 3, windowMs: 60_000 } };
      const { pin } = await createdPin(store, { limits });
      const results = await Promise.all(times(50, () => add(store, pin, limits)));
      expect(tally(results)).toEqual({ created: 2, limited: 48 });
    });

    it('refuses a PIN that is unknown, expired, used, exhausted or superseded', async () => {
      const harness = current();
      const { store } = harness;
      const application = applicationId();
      const expired = await createdPin(store, { ttlMs: 100 });
      const used = await createdPin(store, { allowMultiple: false });
      await attempt(store, used.pin.pinId, true);
      const exhausted = await createdPin(store, { attempts: 1 });
      await attempt(store, exhausted.pin.pinId, false);
      const superseded = await createdPin(store, { applicationId: application });
      await createdPin(store, { applicationId: application, supersede: true });
      await harness.advance(150);
      for (const { pin } of [expired, used, exhausted, superseded]) {
        expect(await add(store, pin)).toEqual({ outcome: 'dead' });
      }
      expect(await add(store, { ...expired.pin, pinId: pinId() })).toEqual({ outcome: 'dead' });
      expect(await store.nextTimerIn()).toBeUndefined();
    });

    it('is done once for an opId', async () => {
      const { store } = current();
      const { pin } = await createdPin(store);
      const request = {
        opId: operation(),
        pinId: pin.pinId,
        delivery: newDelivery(pin),
        limits: NO_SEND_LIMITS,
        timers: [],
        events: [],
      };
      const first = await store.addDelivery(request);
      expect(await store.addDelivery(request)).toEqual(first);
    });
  });

  describe('supersession', () => {
    it('kills the earlier PINs of that application and number, and no others', async () => {
      const { store } = current();
      const application = applicationId();
      const earlier = await createdPin(store, { applicationId: application });
      const verified = await createdPin(store, { applicationId: application });
      await attempt(store, verified.pin.pinId, true);
      const otherNumber = await createdPin(store, { applicationId: application, to: OTHER_NUMBER });
      const otherApplication = await createdPin(store);
      const latest = await createdPin(store, { applicationId: application, supersede: true });

      for (const { pin } of [earlier, verified]) {
        expect(await attempt(store, pin.pinId, true)).toMatchObject({ outcome: 'superseded' });
        expect(await store.getPin(pin.pinId)).toMatchObject({ state: 'superseded', seed: undefined });
      }
      for (const { pin } of [otherNumber, otherApplication, latest]) {
        expect(await attempt(store, pin.pinId, true)).toMatchObject({ outcome: 'verified' });
      }
    });

    it('is left out unless asked for', async () => {
      const { store } = current();
      const application = applicationId();
      const { pin } = await createdPin(store, { applicationId: application });
      await createdPin(store, { applicationId: application });
      expect(await attempt(store, pin.pinId, true)).toMatchObject({ outcome: 'verified' });
    });
  });

  describe('listVerifications', () => {
    it('has a row a PIN, newest first, filtered', async () => {
      const harness = current();
      const { store } = harness;
      const application = applicationId();
      const pins = [];
      for (let n = 0; n < 4; n++) {
        pins.push(await createdPin(store, { applicationId: application }));
        await harness.advance(20);
      }
      const [plain, sent, verified, both] = pins;
      if (!plain || !sent || !verified || !both) throw new Error('no pins');
      await createdPin(store, { applicationId: application, to: OTHER_NUMBER });
      for (const { delivery } of [sent, both]) {
        await store.transition({ ref: delivery.callRef, to: 'initiated', carrierCallId: delivery.callRef });
      }
      for (const { pin } of [verified, both]) await attempt(store, pin.pinId, true);
      const [sentPin, bothPin] = [await store.getPin(sent.pin.pinId), await store.getPin(both.pin.pinId)];
      const row = (verifiedAt: number | undefined, sentAt: number | undefined) => ({
        to: NUMBER,
        verified: verifiedAt !== undefined,
        verifiedAt,
        sentAt,
      });
      const rows = {
        plain: row(undefined, undefined),
        sent: row(undefined, sentPin?.sentAt),
        verified: row((await store.getPin(verified.pin.pinId))?.verifiedAt, undefined),
        both: row(bothPin?.verifiedAt, bothPin?.sentAt),
      };
      expect(sentPin?.sentAt).toBeTypeOf('number');
      expect(bothPin?.verifiedAt).toBeTypeOf('number');
      const list = (filter: { verified?: boolean; sent?: boolean }) =>
        store.listVerifications({ applicationId: application, to: NUMBER, ...filter });
      expect(await list({})).toEqual([rows.both, rows.verified, rows.sent, rows.plain]);
      expect(await list({ verified: true })).toEqual([rows.both, rows.verified]);
      expect(await list({ verified: false })).toEqual([rows.sent, rows.plain]);
      expect(await list({ sent: true })).toEqual([rows.both, rows.sent]);
      expect(await list({ sent: false, verified: true })).toEqual([rows.verified]);
      expect(await store.listVerifications({ applicationId: applicationId(), to: NUMBER })).toEqual([]);
    });
  });
}
