import { describe, expect, it } from 'vitest';

import {
  applicationId,
  attempt,
  createdPin,
  newApplication,
  newTemplate,
  pinRequest,
  UNLIMITED,
  type Current,
} from '../support/store-fixtures.ts';

export function durabilityCases(current: Current): void {
  describe('a restart', () => {
    it('keeps records, counts, limits, tokens and events', async () => {
      const harness = current();
      const before = harness.store;
      const application = newApplication();
      const template = newTemplate(application.applicationId);
      await Promise.all([before.putApplication(application), before.putTemplate(template)]);
      const limits = { perNumber: { attempts: 2, windowMs: 60_000 } };
      const options = { applicationId: application.applicationId, limits, attempts: 3 };
      const verifyLimit = { attempts: 2, windowMs: 60_000 };
      const failureCap = { attempts: 2, windowMs: 60_000 };
      const { pin, delivery } = await createdPin(before, {
        ...options,
        events: [{ id: 'e', type: 't', data: {} }],
      });
      await before.transition({ ref: delivery.callRef, to: 'ringing', carrierCallId: 'CA1', dialog: 'x' });
      await before.issueMediaToken({ ref: delivery.callRef, tokenHash: 'h', expiresInMs: 60_000 });
      await attempt(before, pin.pinId, false, { verifyLimit, failureCap });
      const pinBefore = await before.getPin(pin.pinId);
      const deliveryBefore = await before.getDelivery(delivery.callRef);

      await harness.reopen();
      const { store } = harness;
      expect(await store.listApplications()).toEqual([application]);
      expect(await store.listTemplates(application.applicationId)).toEqual([template]);
      expect(await store.getPin(pin.pinId)).toEqual(pinBefore);
      expect(await store.getDelivery(delivery.callRef)).toEqual(deliveryBefore);
      expect(await store.redeemMediaToken('h')).toEqual(deliveryBefore);
      expect(await store.claimEvents({ limit: 9, leaseMs: 1000 })).toMatchObject([{ id: 'e' }]);
      expect((await store.createPin(pinRequest(options))).outcome).toBe('created');
      expect((await store.createPin(pinRequest(options))).outcome).toBe('limited');
      const second = { verifyLimit, failureCap };
      expect(await attempt(store, pin.pinId, false, second)).toMatchObject({
        outcome: 'wrong',
        attemptsRemaining: 1,
      });
      expect(await attempt(store, pin.pinId, true, second)).toMatchObject({ outcome: 'limited' });
      expect(await attempt(store, pin.pinId, true, { failureCap })).toMatchObject({ outcome: 'capped' });
    });
  });

  describe('sweep', () => {
    it('erases the seeds of expired PINs, and deletes what is older than the retention', async () => {
      const harness = current();
      const { store } = harness;
      const old = await createdPin(store, { ttlMs: 200 });
      const young = await createdPin(store, { ttlMs: 3_600_000 });
      await harness.advance(400);
      const first = await store.sweep({ retentionMs: 60_000 });
      expect(first.seedsErased).toBe(1);
      expect((await store.getPin(old.pin.pinId))?.seed).toBeUndefined();
      expect((await store.getPin(young.pin.pinId))?.seed).toEqual(young.pin.seed);
      expect(await attempt(store, old.pin.pinId, true)).toMatchObject({ outcome: 'expired' });

      await harness.advance(800);
      const second = await store.sweep({ retentionMs: 500 });
      expect(second.seedsErased).toBe(0);
      expect(second.rowsDeleted).toBeGreaterThan(0);
      expect(await store.getPin(old.pin.pinId)).toBeUndefined();
      expect(await store.getDelivery(old.delivery.callRef)).toBeUndefined();
      expect(await attempt(store, old.pin.pinId, true)).toEqual({ outcome: 'unknown' });
      expect(await store.getPin(young.pin.pinId)).toEqual(young.pin);
      expect(await store.getDelivery(young.delivery.callRef)).toEqual(young.delivery);
    });

    it('leaves limits alone that still count, and timers and events that are still owed', async () => {
      const harness = current();
      const { store } = harness;
      const options = {
        applicationId: applicationId(),
        ttlMs: 100,
        limits: { perNumber: { attempts: 1, windowMs: 60_000 }, perApplication: UNLIMITED },
      };
      await createdPin(store, {
        ...options,
        timers: [{ id: 't', kind: 'k', inMs: 0, data: {} }],
        events: [{ id: 'e', type: 't', data: {} }],
      });
      await harness.advance(1500);
      await store.sweep({ retentionMs: 100 });
      expect((await store.createPin(pinRequest(options))).outcome).toBe('limited');
      expect(await store.claimTimers({ limit: 9, leaseMs: 9 })).toHaveLength(1);
      expect(await store.claimEvents({ limit: 9, leaseMs: 9 })).toHaveLength(1);
    });
  });

  describe('the store itself', () => {
    it('answers a ping, tells its time, and refuses everything once closed', async () => {
      const harness = current();
      const { store } = harness;
      await store.ping();
      const before = await store.now();
      await harness.advance(100);
      expect((await store.now()) - before).toBeGreaterThanOrEqual(100);
      const last = store.putApplication(newApplication());
      await store.close();
      await expect(last).resolves.toBeUndefined();
      await store.close();
      await expect(store.ping()).rejects.toMatchObject({ id: 'unavailable' });
      await expect(store.createPin(pinRequest())).rejects.toMatchObject({ id: 'unavailable' });
      await expect(store.listApplications()).rejects.toMatchObject({ id: 'unavailable' });
    });
  });
}
