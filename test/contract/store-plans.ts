import { describe, expect, it } from 'vitest';

import { verificationState } from '../../src/domain/plan.ts';
import type { MessageId, PinId } from '../../src/domain/types.ts';
import type { AdvanceRunResult } from '../../src/store/plan-store.ts';
import type { Store } from '../../src/store/store.ts';
import { seededRandom } from '../support/seeded-random.ts';
import {
  advanceRequest,
  applicationId,
  attempt,
  createdPin,
  newDelivery,
  newPinMessage,
  newRun,
  NO_SEND_LIMITS,
  operation,
  OTHER_NUMBER,
  pinId,
  pinRequest,
  PLAN,
  refOf,
  tally,
  times,
  UNLIMITED,
  type AdvanceOptions,
  type Current,
  type PinOptions,
} from '../support/store-fixtures.ts';

const event = (id: string) => ({ id, type: 'verification.x', data: {} });
const timer = (id: string, inMs = 60_000) => ({ id, kind: 'plan', inMs, data: { id } });
const LEASE = { limit: 99, leaseMs: 60_000 };

async function eventIds(store: Store): Promise<string[]> {
  return (await store.claimEvents(LEASE)).map(({ id }) => id);
}

const withPlan = async (store: Store, options: PinOptions = {}) =>
  await createdPin(store, { ...options, plan: true });

async function cancel(store: Store, id: PinId, events = [event(`cancelled-${id}`)]) {
  return await store.cancelPin({ opId: operation(), pinId: id, events });
}

/** PINs that are over, each in its way; the time moves on by 600 ms. */
async function ended(current: Current, options: PinOptions = {}) {
  const { store } = current();
  const base = { applicationId: applicationId(), plan: true, ...options };
  const superseded = await createdPin(store, base);
  await createdPin(store, { ...base, supersede: true });
  const used = await createdPin(store, { ...base, allowMultiple: false });
  const multiple = await createdPin(store, { ...base, allowMultiple: true });
  const exhausted = await createdPin(store, { ...base, attempts: 1 });
  const cancelled = await createdPin(store, base);
  const expired = await createdPin(store, { ...base, ttlMs: 500 });
  await attempt(store, used.pin.pinId, true);
  await attempt(store, multiple.pin.pinId, true);
  await attempt(store, exhausted.pin.pinId, false);
  await cancel(store, cancelled.pin.pinId, []);
  await current().advance(600);
  return { superseded, used, multiple, exhausted, cancelled, expired };
}

export function planCases(current: Current): void {
  const advance = async (pin: Parameters<typeof advanceRequest>[0], options: AdvanceOptions = {}) =>
    await current().store.advanceRun(advanceRequest(pin, options));

  describe('a run', () => {
    it('is written with its PIN, whichever channel comes first, and kept through a restart', async () => {
      const { store } = current();
      const call = pinRequest({ plan: true });
      const created = await store.createPin(call);
      if (created.outcome !== 'created') throw new Error(created.outcome);
      const { pin, delivery } = created;
      const { delivery: _, ...rest } = pinRequest();
      const message = newPinMessage(rest.pin);
      const run = { ...newRun(rest.pin.applicationId, message.ref), origin: 'infobip', position: 2 } as const;
      const texted = await store.createPinMessage({ ...rest, message, run });
      await current().reopen();
      const entries = call.run?.entries.map(entry => ({ ...entry, at: pin.createdAt }));
      expect(await current().store.getRun(pin.pinId)).toStrictEqual({
        pinId: pin.pinId,
        applicationId: pin.applicationId,
        to: pin.to,
        plan: PLAN,
        words: call.run?.words,
        origin: 'verify',
        turn: 1,
        position: 0,
        live: delivery.callRef,
        entries,
      });
      expect(texted.outcome).toBe('created');
      expect(await current().store.getRun(rest.pin.pinId)).toMatchObject({
        origin: 'infobip',
        position: 2,
        live: message.ref,
      });
    });

    it('is not there for a PIN without a plan, a limited one, or none', async () => {
      const { store } = current();
      const { pin } = await createdPin(store);
      expect(await store.getRun(pin.pinId)).toBeUndefined();
      expect(await store.getRun(pinId())).toBeUndefined();
      const options = {
        applicationId: applicationId(),
        plan: true,
        limits: { perNumber: { attempts: 1, windowMs: 60_000 } },
      };
      await createdPin(store, options);
      const limited = pinRequest(options);
      expect(await store.createPin(limited)).toMatchObject({ outcome: 'limited' });
      expect(await store.getRun(limited.pin.pinId)).toBeUndefined();
    });

    it('goes with its PIN', async () => {
      const harness = current();
      const { pin } = await withPlan(harness.store, { ttlMs: 100 });
      await harness.advance(1500);
      await harness.store.sweep({ retentionMs: 500 });
      expect(await harness.store.getRun(pin.pinId)).toBeUndefined();
      expect(await harness.store.getVerification(pin.pinId)).toBeUndefined();
    });
  });

  describe('advanceRun', () => {
    it('writes the turn whole: delivery, entries, timers, events', async () => {
      const { store } = current();
      const { pin, delivery } = await withPlan(store, { timers: [timer('old'), timer('other')] });
      const options = { timers: [timer('new', 0)], cancel: ['old'], events: [event('started')] };
      const request = advanceRequest(pin, options);
      const before = await store.getRun(pin.pinId);
      await current().advance(1000);
      const result = await store.advanceRun(request);
      if (result.outcome !== 'advanced') throw new Error(result.outcome);
      expect(result.delivery).toMatchObject({ callRef: refOf(request), state: 'dialing', dials: 1 });
      expect(result.message).toBeUndefined();
      expect(result.replaced).toBe(delivery.callRef);
      expect(result.pin).toEqual(pin);
      const at = result.delivery?.createdAt ?? Number.NaN;
      expect(at).toBeGreaterThanOrEqual(pin.createdAt + 1000);
      expect(result.run).toStrictEqual({
        ...before,
        turn: 2,
        position: 1,
        live: refOf(request),
        entries: [...(before?.entries ?? []), ...request.entries.map(entry => ({ ...entry, at }))],
      });
      expect(await store.getRun(pin.pinId)).toStrictEqual(result.run);
      expect(await store.getDelivery(refOf(request) ?? delivery.callRef)).toStrictEqual(result.delivery);
      expect(await eventIds(store)).toEqual(['started']);
      expect((await store.claimTimers(LEASE)).map(({ id }) => id)).toEqual(['new']);
      await store.completeTimer('new');
      await current().advance(60_000);
      expect((await store.claimTimers(LEASE)).map(({ id }) => id)).toEqual(['other']);
    });

    it('goes on by a text, and ends with nothing left', async () => {
      const { store } = current();
      const { pin, delivery } = await withPlan(store);
      const text = advanceRequest(pin, { by: 'text' });
      const second = await store.advanceRun(text);
      expect(second).toMatchObject({
        outcome: 'advanced',
        run: { turn: 2, live: refOf(text) },
        message: { ref: refOf(text), state: 'sending', tries: 1 },
        replaced: delivery.callRef,
      });
      const third = await advance(pin, { turn: 2, by: 'nothing' });
      expect(third).toMatchObject({ outcome: 'advanced', replaced: refOf(text) });
      expect(third).not.toHaveProperty('delivery');
      expect(third).not.toHaveProperty('message');
      const fourth = await advance(pin, { turn: 3 });
      expect(fourth).toMatchObject({ outcome: 'advanced', replaced: undefined });
      const run = await store.getRun(pin.pinId);
      expect(run).toMatchObject({ turn: 4, position: 3 });
      expect(run?.entries.map(({ kind }) => kind)).toEqual([
        'started',
        'skipped',
        'started',
        'skipped',
        'started',
      ]);
      expect(third).toMatchObject({ run: { live: undefined } });
    });

    it('lets exactly one of 50 take a turn, and gives the others the run', async () => {
      const { store } = current();
      const { pin } = await withPlan(store);
      const requests = times(50, index => advanceRequest(pin, { by: index % 2 === 0 ? 'call' : 'text' }));
      const results = await Promise.all(requests.map(async request => await store.advanceRun(request)));
      expect(tally(results)).toEqual({ advanced: 1, stale: 49 });
      const run = await store.getRun(pin.pinId);
      expect(run?.turn).toBe(2);
      expect(run?.entries.filter(({ kind }) => kind === 'started')).toHaveLength(2);
      for (const result of results) {
        if (result.outcome === 'stale') expect(result.run).toStrictEqual(run);
      }
      const record = await store.getVerification(pin.pinId);
      expect((record?.calls.length ?? 0) + (record?.messages.length ?? 0)).toBe(2);
    });

    it('changes nothing where another turn came first', async () => {
      const { store } = current();
      const { pin } = await withPlan(store, { timers: [timer('kept', 0)] });
      await advance(pin, { by: 'nothing' });
      const late = advanceRequest(pin, {
        timers: [timer('new', 0)],
        cancel: ['kept'],
        events: [event('no')],
        limits: { ...NO_SEND_LIMITS, perNumber: { attempts: 1, windowMs: 60_000 } },
      });
      for (const turn of [1, 3]) {
        expect(await store.advanceRun({ ...late, opId: operation(), expectedTurn: turn })).toMatchObject({
          outcome: 'stale',
          run: { turn: 2 },
        });
      }
      expect(await store.getDelivery(refOf(late) ?? newDelivery(pin).callRef)).toBeUndefined();
      expect((await store.claimTimers(LEASE)).map(({ id }) => id)).toEqual(['kept']);
      expect(await eventIds(store)).toEqual([]);
    });

    it.each(['call', 'text'] as const)('repeated by the same %s answers as the first time', async by => {
      const { store } = current();
      const application = applicationId();
      const { pin } = await withPlan(store, { applicationId: application });
      const limits = { ...NO_SEND_LIMITS, perNumber: { attempts: 1, windowMs: 60_000 } };
      const request = advanceRequest(pin, { by, events: [event('once')] });
      const first = await store.advanceRun(request);
      await eventIds(store);
      await store.ackEvent('once');
      const again = await Promise.all([
        store.advanceRun(request),
        store.advanceRun({ ...request, opId: operation() }),
        store.advanceRun({ ...request, opId: operation(), limits }),
      ]);
      for (const result of again) expect(result).toStrictEqual(first);
      // It counted nothing, and what it replaced is told even two turns later, and after the end.
      expect(await store.sendAllowedIn({ applicationId: application, to: pin.to, limits })).toBeGreaterThan(
        0,
      );
      await advance(pin, { turn: 2 });
      await cancel(store, pin.pinId, []);
      const late = await store.advanceRun({ ...request, opId: operation() });
      const { replaced } = first as Extract<AdvanceRunResult, { outcome: 'advanced' }>;
      expect(late).toMatchObject({
        outcome: 'advanced',
        replaced,
        run: { turn: 3 },
        pin: { seed: undefined },
      });
      expect(await eventIds(store)).toEqual([]);
    });

    it('repeated by opId, without anything started, does nothing twice', async () => {
      const { store } = current();
      const { pin } = await withPlan(store);
      const request = advanceRequest(pin, { by: 'nothing' });
      const [first, second] = await Promise.all([store.advanceRun(request), store.advanceRun(request)]);
      expect(second).toStrictEqual(first);
      expect(await store.advanceRun(request)).toStrictEqual(first);
      expect(await store.getRun(pin.pinId)).toMatchObject({ turn: 2 });
    });

    it('starts nothing for a PIN that is over, whatever ended it', async () => {
      const { store } = current();
      const all = await ended(current);
      for (const [name, { pin }] of Object.entries(all)) {
        const request = advanceRequest(pin, { timers: [timer('never', 0)], events: [event('never')] });
        expect([name, await store.advanceRun(request)]).toStrictEqual([name, { outcome: 'dead' }]);
        expect(await store.getDelivery(refOf(request) ?? newDelivery(pin).callRef)).toBeUndefined();
        expect(await store.getRun(pin.pinId)).toMatchObject({ turn: 1 });
      }
      const { pin } = await createdPin(store);
      expect(await advance(pin)).toStrictEqual({ outcome: 'dead' });
      expect(await advance({ ...pin, pinId: pinId() })).toStrictEqual({ outcome: 'dead' });
      expect(await store.claimTimers(LEASE)).toEqual([]);
    });

    it('counts the send where it is told to, against both limits', async () => {
      const { store } = current();
      const application = applicationId();
      const { pin } = await withPlan(store, { applicationId: application });
      const window = { attempts: 2, windowMs: 60_000 };
      const limits = { perApplication: UNLIMITED, perNumber: window };
      const allowed = async () =>
        await store.sendAllowedIn({ applicationId: application, to: pin.to, limits });
      expect(await advance(pin)).toMatchObject({ outcome: 'advanced' });
      expect(await allowed()).toBe(0);
      expect(await advance(pin, { turn: 2, limits })).toMatchObject({ outcome: 'advanced' });
      const wait = await allowed();
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(60_000);
      const refused = advanceRequest(pin, { turn: 3, limits, timers: [timer('never', 0)] });
      const hit = await store.advanceRun(refused);
      expect(hit).toMatchObject({ outcome: 'limited', limit: 'number' });
      expect(await store.getRun(pin.pinId)).toMatchObject({ turn: 3 });
      expect(await store.claimTimers(LEASE)).toEqual([]);
      const perApplication = { perApplication: window, perNumber: UNLIMITED };
      expect(await advance(pin, { turn: 3, limits: perApplication })).toMatchObject({ limit: 'application' });
      expect(await advance(pin, { turn: 3 })).toMatchObject({ outcome: 'advanced' });
    });
  });

  describe('an attempt', () => {
    it('that verifies names the calls that are not over, and nothing advances after it', async () => {
      const { store } = current();
      const { pin, delivery } = await withPlan(store);
      await store.transition({ ref: delivery.callRef, to: 'ended' });
      const [second, text, third] = [
        advanceRequest(pin),
        advanceRequest(pin, { turn: 2, by: 'text' }),
        advanceRequest(pin, { turn: 3 }),
      ];
      for (const request of [second, text, third]) await store.advanceRun(request);
      const verified = await attempt(store, pin.pinId, true);
      expect(verified).toMatchObject({ outcome: 'verified', live: [refOf(second), refOf(third)] });
      expect(await advance(pin, { turn: 4 })).toStrictEqual({ outcome: 'dead' });
    });

    it('against an advance, 1,000 times: what advanced is in `live`', async () => {
      const { store } = current();
      const random = seededRandom('attempt against advance');
      const seen = new Set<string>();
      const pause = async () => {
        for (let n = (random(1)[0] ?? 0) % 4; n > 0; n--) {
          await new Promise(resolve => void setImmediate(resolve));
        }
      };
      const race = async () => {
        const { pin } = await withPlan(store, { applicationId: applicationId() });
        const act = {
          async verify() {
            await pause();
            return await attempt(store, pin.pinId, true);
          },
          async advance(turn: number) {
            await pause();
            const request = advanceRequest(pin, { turn });
            return { ref: refOf(request), result: await store.advanceRun(request) };
          },
        };
        const first = (random(1)[0] ?? 0) % 2 === 0;
        const early = first ? act.verify() : undefined;
        const turns = [act.advance(1), act.advance(1), act.advance(2)];
        const verified = await (early ?? act.verify());
        if (verified.outcome !== 'verified') throw new Error(verified.outcome);
        const advanced = (await Promise.all(turns)).filter(({ result }) => result.outcome === 'advanced');
        const live = new Set<string | undefined>(verified.live);
        for (const { ref } of advanced) expect(live).toContain(ref);
        expect(live.size).toBe(1 + advanced.length);
        expect(await store.getRun(pin.pinId)).toMatchObject({ turn: 1 + advanced.length });
        seen.add(`${advanced.length} before`);
      };
      for (let n = 0; n < 1000; n += 50) await Promise.all(times(50, race));
      expect([...seen].toSorted()).toEqual(['0 before', '1 before', '2 before']);
    });

    it('emits at the first verification alone', async () => {
      const { store } = current();
      const { pin } = await withPlan(store, { allowMultiple: true });
      await attempt(store, pin.pinId, true, { events: [event('first')] });
      expect(await eventIds(store)).toEqual(['first']);
      await store.ackEvent('first');
      expect(await attempt(store, pin.pinId, true, { events: [event('second')] })).toMatchObject({
        outcome: 'verified',
      });
      expect(await eventIds(store)).toEqual([]);
    });

    it('that was the last one, and wrong, emits the end', async () => {
      const { store } = current();
      const { pin } = await withPlan(store, { attempts: 2 });
      const events = (id: string) => ({
        events: [event(`verified-${id}`)],
        exhaustedEvents: [event(`exhausted-${id}`)],
      });
      await attempt(store, pin.pinId, false, events('a'));
      await attempt(store, pin.pinId, false, events('b'));
      await attempt(store, pin.pinId, false, events('c'));
      const right = await withPlan(store, { attempts: 1 });
      await attempt(store, right.pin.pinId, true, events('d'));
      // Verified is what it has come to: a wrong one behind that is no end.
      const after = await withPlan(store, { attempts: 2, allowMultiple: true });
      await attempt(store, after.pin.pinId, true, events('e'));
      await attempt(store, after.pin.pinId, false, events('f'));
      expect((await eventIds(store)).toSorted()).toEqual(['exhausted-b', 'verified-d', 'verified-e']);
    });

    it('at a cancelled PIN says so, also when its time is over, and counts nothing', async () => {
      const harness = current();
      const { pin } = await withPlan(harness.store, { ttlMs: 500 });
      await cancel(harness.store, pin.pinId);
      const answer = { outcome: 'cancelled', to: pin.to, attemptsRemaining: 10 };
      expect(await attempt(harness.store, pin.pinId, true)).toStrictEqual(answer);
      await harness.advance(600);
      expect(await attempt(harness.store, pin.pinId, true)).toStrictEqual(answer);
      expect(await harness.comparisons(pin.pinId)).toBe(0);
    });
  });

  describe('cancelPin', () => {
    it('ends a pending PIN once: seed gone, calls named, events written', async () => {
      const { store } = current();
      const { pin, delivery } = await withPlan(store);
      const call = advanceRequest(pin);
      await store.advanceRun(call);
      await store.transition({ ref: delivery.callRef, to: 'ended' });
      const request = { opId: operation(), pinId: pin.pinId, events: [event('gone')] };
      const results = await Promise.all([
        store.cancelPin(request),
        ...times(20, async () => await cancel(store, pin.pinId)),
      ]);
      expect(results[0]).toStrictEqual({ outcome: 'cancelled', live: [refOf(call)] });
      expect(tally(results)).toEqual({ cancelled: 1, over: 20 });
      expect(await store.cancelPin(request)).toStrictEqual(results[0]);
      expect(await store.getPin(pin.pinId)).toMatchObject({ state: 'cancelled', seed: undefined });
      expect(await eventIds(store)).toEqual(['gone']);
    });

    it('changes nothing of one that is over, and knows none that is not there', async () => {
      const { store } = current();
      const all = await ended(current);
      await eventIds(store);
      for (const [name, { pin }] of Object.entries(all)) {
        const before = await store.getPin(pin.pinId);
        expect([name, await cancel(store, pin.pinId)]).toStrictEqual([name, { outcome: 'over' }]);
        expect(await store.getPin(pin.pinId)).toStrictEqual(before);
      }
      expect(await cancel(store, pinId())).toStrictEqual({ outcome: 'unknown' });
      expect(await eventIds(store)).toEqual([]);
    });

    it('works without a plan too', async () => {
      const { store } = current();
      const { pin, delivery } = await createdPin(store);
      expect(await cancel(store, pin.pinId)).toStrictEqual({
        outcome: 'cancelled',
        live: [delivery.callRef],
      });
    });
  });

  describe('a PIN that is superseded', () => {
    it('says so if it has a plan and was pending', async () => {
      const { store } = current();
      const application = applicationId();
      const mine = { applicationId: application, plan: true };
      const [first, second] = [await createdPin(store, mine), await createdPin(store, mine)];
      const verified = await createdPin(store, { ...mine, allowMultiple: true });
      await attempt(store, verified.pin.pinId, true);
      const cancelled = await createdPin(store, mine);
      await cancel(store, cancelled.pin.pinId, []);
      const expired = await createdPin(store, { ...mine, ttlMs: 300 });
      await createdPin(store, { applicationId: application });
      await createdPin(store, { ...mine, to: OTHER_NUMBER });
      await createdPin(store, { ...mine, applicationId: applicationId() });
      await current().advance(400);
      const { pin } = await createdPin(store, { ...mine, supersede: true });
      const events = await store.claimEvents(LEASE);
      const expected = [first, second].map(({ pin: { pinId: id } }) => ({
        id: `verification-superseded-${id}`,
        type: 'verification.superseded',
        data: { pinId: id, applicationId: application, to: pin.to, at: pin.createdAt },
      }));
      expect(events).toHaveLength(2);
      expect(events).toEqual(
        expect.arrayContaining(expected.map((each): unknown => expect.objectContaining(each))),
      );
      for (const other of [verified, first]) {
        expect(await attempt(store, other.pin.pinId, true)).toMatchObject({ outcome: 'superseded' });
      }
      expect(await attempt(store, expired.pin.pinId, true)).toMatchObject({ outcome: 'expired' });
    });
  });

  describe('another try of a call or text', () => {
    const claims = {
      call: async (store: Store, { pin, delivery }: Awaited<ReturnType<typeof createdPin>>) => {
        expect(pin.pinId).toBe(delivery.pinId);
        return await store.claimRedial({ ref: delivery.callRef, expectedDials: 1, arm: [] });
      },
      text: async (store: Store, { pin }: Awaited<ReturnType<typeof createdPin>>) => {
        const record = await store.getVerification(pin.pinId);
        const [message] = record?.messages ?? [];
        if (!message) throw new Error('no text');
        return await store.claimPinMessage({ ref: message.ref, expectedTries: 1, arm: [] });
      },
    };
    const setUp = async (store: Store, options: PinOptions) => {
      const created = await createdPin(store, { applicationId: applicationId(), ...options });
      await store.addPinMessage({
        opId: operation(),
        pinId: created.pin.pinId,
        message: newPinMessage(created.pin),
        limits: NO_SEND_LIMITS,
        timers: [],
        events: [],
      });
      return created;
    };

    describe.each(['call', 'text'] as const)('(%s)', which => {
      it('is there for a PIN that is still wanted, tried wrongly or not', async () => {
        const { store } = current();
        const created = await setUp(store, {});
        await attempt(store, created.pin.pinId, false);
        expect(await claims[which](store, created)).toBeDefined();
      });

      it('is refused once the PIN was verified, cancelled or superseded', async () => {
        const { store } = current();
        const endings = {
          used: { allowMultiple: false },
          multiple: { allowMultiple: true },
          cancelled: {},
          superseded: {},
        };
        for (const [name, options] of Object.entries(endings)) {
          const created = await setUp(store, options);
          const { pin } = created;
          if (name === 'cancelled') await cancel(store, pin.pinId, []);
          else if (name === 'superseded') {
            await createdPin(store, { applicationId: pin.applicationId, supersede: true });
          } else await attempt(store, pin.pinId, true);
          expect([name, await claims[which](store, created)]).toEqual([name, undefined]);
        }
      });
    });

    it('of a resend made after one verification waits for the next one', async () => {
      const { store } = current();
      const { pin } = await createdPin(store, { allowMultiple: true });
      await attempt(store, pin.pinId, true);
      await current().advance(50);
      const resend = async () => {
        const delivery = newDelivery(pin);
        const common = {
          opId: operation(),
          pinId: pin.pinId,
          limits: NO_SEND_LIMITS,
          timers: [],
          events: [],
        };
        expect(await store.addDelivery({ ...common, delivery })).toMatchObject({ outcome: 'created' });
        return delivery.callRef;
      };
      const [first, second] = [await resend(), await resend()];
      expect(await store.claimRedial({ ref: first, expectedDials: 1 })).toMatchObject({ dials: 2 });
      await attempt(store, pin.pinId, true);
      expect(await store.claimRedial({ ref: second, expectedDials: 1 })).toBeUndefined();
    });
  });

  describe('getVerification', () => {
    it('brings the PIN with its run, calls and texts, oldest first', async () => {
      const { store } = current();
      const { pin, delivery } = await withPlan(store);
      const requests = [
        advanceRequest(pin, { by: 'text' }),
        advanceRequest(pin, { turn: 2 }),
        advanceRequest(pin, { turn: 3, by: 'text' }),
      ];
      for (const request of requests) await store.advanceRun(request);
      const [text, call, otherText] = requests.map(refOf);
      const record = await store.getVerification(pin.pinId);
      expect(record?.pin).toStrictEqual(await store.getPin(pin.pinId));
      expect(record?.run).toStrictEqual(await store.getRun(pin.pinId));
      expect(record?.calls.map(({ callRef }) => callRef)).toEqual([delivery.callRef, call]);
      expect(record?.messages.map(({ ref }) => ref)).toEqual([text, otherText]);
      expect(record?.calls[0]).toStrictEqual(await store.getDelivery(delivery.callRef));
      expect(record?.now).toBeGreaterThanOrEqual(pin.createdAt);
      expect(record?.now).toBeLessThanOrEqual(await store.now());
    });

    it('brings one without a plan too, and none that is unknown', async () => {
      const { store } = current();
      const { pin } = await createdPin(store);
      expect(await store.getVerification(pin.pinId)).toMatchObject({ run: undefined, messages: [] });
      expect(await store.getVerification(pinId())).toBeUndefined();
    });
  });

  describe('listVerificationRecords', () => {
    const list = async (filter: Partial<Parameters<Store['listVerificationRecords']>[0]> = {}) =>
      await current().store.listVerificationRecords({ limit: 100, ...filter });
    const idsOf = async (filter: Parameters<typeof list>[0]) =>
      (await list(filter)).records.map(({ pin }) => pin.pinId);

    it('is newest first, whole records, by every filter', async () => {
      const { store } = current();
      const [one, two] = [applicationId(), applicationId()];
      const a = await withPlan(store, { applicationId: one });
      await current().advance(50);
      const b = await withPlan(store, { applicationId: two });
      await current().advance(50);
      const c = await createdPin(store, { applicationId: one, to: OTHER_NUMBER });
      const [idA, idB, idC] = [a.pin.pinId, b.pin.pinId, c.pin.pinId];
      const all = await list();
      expect(all.records.map(({ pin }) => pin.pinId)).toEqual([idC, idB, idA]);
      expect(all.nextCursor).toBeUndefined();
      for (const record of all.records) {
        const { now: _, ...single } = (await store.getVerification(record.pin.pinId)) ?? {};
        expect(record).toMatchObject(single);
      }
      expect(await idsOf({ applicationId: one })).toEqual([idC, idA]);
      expect(await idsOf({ applicationId: applicationId() })).toEqual([]);
      expect(await idsOf({ to: a.pin.to })).toEqual([idB, idA]);
      expect(await idsOf({ to: a.pin.to, applicationId: two })).toEqual([idB]);
      expect(await idsOf({ to: OTHER_NUMBER, applicationId: two })).toEqual([]);
      expect(await idsOf({ since: b.pin.createdAt })).toEqual([idC, idB]);
      expect(await idsOf({ until: b.pin.createdAt })).toEqual([idA]);
      expect(await idsOf({ since: a.pin.createdAt + 1, until: c.pin.createdAt })).toEqual([idB]);
      expect(await idsOf({ since: c.pin.createdAt + 1 })).toEqual([]);
      expect(await idsOf({ until: a.pin.createdAt })).toEqual([]);
      expect(await idsOf({ since: c.pin.createdAt, until: a.pin.createdAt })).toEqual([]);
    });

    it('sorts by state as the rules do', async () => {
      const { store } = current();
      const all = await ended(current);
      const { pin } = await createdPin(store, { applicationId: all.used.pin.applicationId });
      const records = (await list()).records;
      const states = new Map(
        records.map(record => [record.pin.pinId, verificationState(record.pin, record.now)]),
      );
      expect([...new Set(states.values())]).toHaveLength(6);
      expect(states.get(pin.pinId)).toBe('pending');
      for (const state of new Set(states.values())) {
        const expected = records.map(each => each.pin.pinId).filter(id => states.get(id) === state);
        for (const filter of [
          {},
          { applicationId: pin.applicationId },
          { to: pin.to },
          { since: all.superseded.pin.createdAt },
        ]) {
          expect([state, await idsOf({ ...filter, state })]).toEqual([state, expected]);
        }
      }
      const { limit: _, ...none } = { limit: 1, applicationId: applicationId(), state: 'verified' } as const;
      expect(await idsOf(none)).toEqual([]);
    });

    it.each([{}, { state: 'pending' }] as const)(
      'pages by a cursor that new PINs do not move: %j',
      async filter => {
        const { store } = current();
        const application = applicationId();
        const ids: PinId[] = [];
        for (let n = 0; n < 10; n++) {
          ids.unshift((await createdPin(store, { applicationId: application })).pin.pinId);
        }
        for (const narrow of [{}, { applicationId: application }]) {
          const seen: PinId[] = [];
          const sizes: number[] = [];
          let cursor: string | undefined;
          do {
            const page = await list({
              ...filter,
              ...narrow,
              limit: 3,
              ...(cursor !== undefined && { cursor }),
            });
            seen.push(...page.records.map(({ pin }) => pin.pinId));
            sizes.push(page.records.length);
            cursor = page.nextCursor;
            await createdPin(store, { to: OTHER_NUMBER });
          } while (cursor !== undefined);
          const newer = seen.length - ids.length;
          expect(seen.slice(newer)).toEqual(ids);
          expect(sizes.slice(0, 3)).toEqual([3, 3, 3]);
        }
        for (const cursor of ['', 'x', '-1', '9'.repeat(40), "1' OR 1=1"]) {
          await expect(list({ cursor })).resolves.toMatchObject({ records: expect.any(Array) as unknown });
        }
      },
    );
  });

  describe('sendAllowedIn', () => {
    it('is the longer wait of both limits, and counts nothing', async () => {
      const { store } = current();
      const application = applicationId();
      const ask = { applicationId: application, to: OTHER_NUMBER };
      const limits = {
        perApplication: { attempts: 2, windowMs: 60_000 },
        perNumber: { attempts: 1, windowMs: 30_000 },
      };
      for (let n = 0; n < 3; n++) expect(await store.sendAllowedIn({ ...ask, limits })).toBe(0);
      await createdPin(store, { ...ask, limits });
      const number = await store.sendAllowedIn({ ...ask, limits });
      expect(number).toBeGreaterThan(25_000);
      expect(number).toBeLessThanOrEqual(30_000);
      const { pin } = await createdPin(store, { applicationId: application, limits });
      expect(await store.sendAllowedIn({ ...ask, to: pin.to, limits })).toBeGreaterThan(50_000);
      const elsewhere = { applicationId: applicationId(), to: OTHER_NUMBER, limits };
      expect(await store.sendAllowedIn(elsewhere)).toBe(0);
    });
  });

  describe('policies', () => {
    it('belong to a template or an application, the nearer one counts, and are taken away again', async () => {
      const { store } = current();
      const application = applicationId();
      const [message, other] = [applicationId(), applicationId()] as unknown as [MessageId, MessageId];
      const ofTemplate = { steps: PLAN.steps.slice(0, 1) };
      const owner = { applicationId: application };
      const template = { applicationId: application, messageId: message };
      expect(await store.policyFor(template)).toBeUndefined();
      await store.putPolicy({ ...owner, plan: PLAN });
      await store.putPolicy({ ...template, plan: PLAN });
      await store.putPolicy({ ...template, plan: ofTemplate });
      await current().reopen();
      const again = current().store;
      expect(await again.getPolicy(owner)).toStrictEqual(PLAN);
      expect(await again.getPolicy(template)).toStrictEqual(ofTemplate);
      expect(await again.getPolicy({ ...owner, messageId: other })).toBeUndefined();
      expect(await again.policyFor(template)).toStrictEqual(ofTemplate);
      expect(await again.policyFor({ ...owner, messageId: other })).toStrictEqual(PLAN);
      expect(await again.policyFor({ ...template, applicationId: applicationId() })).toBeUndefined();
      await again.putPolicy({ ...template, plan: undefined });
      expect(await again.policyFor(template)).toStrictEqual(PLAN);
      await again.putPolicy({ ...owner, plan: undefined });
      await again.putPolicy({ ...owner, plan: undefined });
      expect(await again.policyFor(template)).toBeUndefined();
      expect(await again.getPolicy(owner)).toBeUndefined();
    });
  });
}
