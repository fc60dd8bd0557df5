import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { ServiceError } from '../../src/errors.ts';
import { createMetrics, type PrometheusMetrics } from '../../src/metrics/index.ts';
import { instrumentStore, type InstrumentedStore } from '../../src/store/instrumented-store.ts';
import type { Store } from '../../src/store/store.ts';
import { openTestStore } from '../support/sqlite-harness.ts';
import { applicationId, attemptRequest, newPinMessage, pinRequest } from '../support/store-fixtures.ts';

function newPin() {
  const request = pinRequest();
  return { request, ref: request.delivery.callRef, pinId: request.pin.pinId };
}

function newTextPin() {
  const { delivery: _, ...request } = pinRequest();
  const message = newPinMessage(request.pin);
  return { request: { ...request, message }, ref: message.ref, pinId: request.pin.pinId };
}

let harness: Awaited<ReturnType<typeof openTestStore>>;
let metrics: PrometheusMetrics;
let store: InstrumentedStore;

beforeEach(async () => {
  harness = await openTestStore();
  metrics = createMetrics({ version: '0', carriers: ['simulator', 'texts'], processMetrics: false });
  store = instrumentStore(harness.store, { metrics, clock: harness.clock });
});
afterEach(async () => {
  await harness.dispose();
});

async function value(series: string): Promise<number | undefined> {
  const line = (await metrics.text()).split('\n').find(text => text.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

describe('what the verbs bring about', () => {
  test('a call: its send, its end, how much was heard, and the verification', async () => {
    const { request, ref, pinId } = newPin();
    await store.createPin(request);
    expect(await value('saypin_sends_total{what="pin",channel="voice",carrier="simulator"}')).toBe(1);

    harness.clock.advance(4_000);
    await store.transition({ ref, to: 'answered', carrierCallId: 'CA1' });
    harness.clock.advance(6_000);
    const end = {
      ref,
      to: 'ended' as const,
      report: {
        cause: 'completed',
        endedAt: harness.clock.now(),
        codeHeard: 'full' as const,
        repeats: 0,
        gate: 'none' as const,
        answeredBy: 'human' as const,
        dtmfCodes: '',
        answeredAt: harness.clock.now() - 6_000,
      },
    };
    await store.transition(end);
    // Its repeat changes nothing.
    await store.transition(end);
    const deliveries =
      'saypin_deliveries_total{what="pin",channel="voice",carrier="simulator",outcome="answered"}';
    expect(await value(deliveries)).toBe(1);
    expect(await value('saypin_deliver_seconds_sum{channel="voice",carrier="simulator"}')).toBe(4);
    expect(await value('saypin_calls_heard_total{carrier="simulator",heard="full"}')).toBe(1);

    await store.attemptPin(attemptRequest(pinId, false));
    harness.clock.advance(5_000);
    await store.attemptPin(attemptRequest(pinId, true));
    expect(await value('saypin_verify_attempts_total{outcome="wrong"}')).toBe(1);
    expect(await value('saypin_verify_attempts_total{outcome="verified"}')).toBe(1);
    expect(await value('saypin_pins_verified_total{channel="voice",carrier="simulator"}')).toBe(1);
    expect(await value('saypin_verify_seconds_sum{channel="voice"}')).toBe(15);
  });

  test('a PIN that another process sent is found, and counted by what was sent', async () => {
    const { request, pinId } = newTextPin();
    await harness.store.createPinMessage(request);
    harness.clock.advance(20_000);
    await store.attemptPin(attemptRequest(pinId, true));
    await harness.clock.advanceAsync(0);
    expect(await value('saypin_pins_verified_total{channel="sms",carrier="texts"}')).toBe(1);
    expect(await value('saypin_verify_seconds_sum{channel="sms"}')).toBe(20);
  });

  test('a text: its send and its end; one that nobody got has no time', async () => {
    const { request, ref } = newTextPin();
    await store.createPinMessage(request);
    expect(await value('saypin_sends_total{what="pin",channel="sms",carrier="texts"}')).toBe(1);
    harness.clock.advance(3_000);
    await store.stepPinMessage({
      ref,
      to: 'ended',
      report: { cause: 'undelivered', endedAt: harness.clock.now() },
    });
    const end = 'saypin_deliveries_total{what="pin",channel="sms",carrier="texts",outcome="undelivered"}';
    expect(await value(end)).toBe(1);
    expect(await value('saypin_deliver_seconds_count{channel="sms",carrier="texts"}')).toBeUndefined();
  });

  test('a send that a limit refused is no send', async () => {
    const perNumber = { attempts: 1, windowMs: 60_000 };
    const application = applicationId();
    for (let time = 0; time < 2; time++) {
      await store.createPin(pinRequest({ applicationId: application, limits: { perNumber } }));
    }
    expect(await value('saypin_sends_total{what="pin",channel="voice",carrier="simulator"}')).toBe(1);
    expect(await value('saypin_sends_limited_total{limit="number"}')).toBe(1);
  });

  test('timers: how late they were handed out, and when somebody asked last', async () => {
    expect(store.timersAskedMsAgo()).toBeUndefined();
    const { request } = newPin();
    await store.createPin({ ...request, timers: [{ id: 't', kind: 'k', inMs: 1_000, data: {} }] });
    harness.clock.advance(1_750);
    await store.claimTimers({ limit: 10, leaseMs: 10_000 });
    await harness.clock.advanceAsync(0);
    expect(await value('saypin_timer_late_seconds_count')).toBe(1);
    expect(await value('saypin_timer_late_seconds_sum')).toBe(0.75);
    harness.clock.advance(300);
    expect(store.timersAskedMsAgo()).toBe(300);
  });

  test('what waits in the store', async () => {
    const { request } = newPin();
    await store.createPin({
      ...request,
      timers: [{ id: 't', kind: 'k', inMs: 1_000, data: {} }],
      events: [{ id: 'e', type: 'x', data: {} }],
    });
    harness.clock.advance(3_000);
    expect(await store.backlog?.()).toStrictEqual({
      timers: 1,
      oldestTimerMs: 2_000,
      events: 1,
      oldestEventMs: 3_000,
      messages: 0,
    });
    await store.claimTimers({ limit: 10, leaseMs: 10_000 });
    expect(await store.backlog?.()).toMatchObject({ timers: 1, oldestTimerMs: 0 });
  });
});

describe('time and failures', () => {
  test('every verb is there, measured, and answers as before', async () => {
    for (const [name, verb] of Object.entries(harness.store)) {
      expect(typeof (store as unknown as Record<string, unknown>)[name], name).toBe(typeof verb);
    }
    expect(await store.now()).toBe(harness.clock.now());
    expect(await value('saypin_store_seconds_count{verb="now"}')).toBe(1);
  });

  test('verbs of a class are found too', async () => {
    class Base {
      async now(): Promise<number> {
        return this.time();
      }

      time(): number {
        return 42;
      }
    }
    class Other extends Base {
      async ping(): Promise<void> {}
    }
    const wrapped = instrumentStore(new Other() as unknown as Store, { metrics, clock: harness.clock });
    await wrapped.ping();
    expect(await wrapped.now()).toBe(42);
  });

  test('a store that cannot is a failure, one that refuses is not; both reach the caller', async () => {
    const errors = [new ServiceError('unavailable'), new ServiceError('badRequest'), new Error('broken')];
    const broken: Store = {
      ...harness.store,
      ping: async () => {
        throw errors.shift()!;
      },
    };
    const wrapped = instrumentStore(broken, { metrics, clock: harness.clock });
    await expect(wrapped.ping()).rejects.toMatchObject({ id: 'unavailable' });
    await expect(wrapped.ping()).rejects.toMatchObject({ id: 'badRequest' });
    await expect(wrapped.ping()).rejects.toThrow('broken');
    expect(await value('saypin_store_failures_total{verb="ping"}')).toBe(2);
    expect(await value('saypin_store_seconds_count{verb="ping"}')).toBe(3);
  });

  test('counting that fails makes no verb fail', async () => {
    const wrapped = instrumentStore(harness.store, {
      metrics: {
        ...metrics,
        sent: () => {
          throw new Error('no room');
        },
      },
      clock: harness.clock,
    });
    expect(await wrapped.createPin(newPin().request)).toMatchObject({ outcome: 'created' });
  });

  test('a write that hangs is waiting, from the first moment on', async () => {
    const ends: (() => void)[] = [];
    const slow: Store = {
      ...harness.store,
      claimTimers: async () => {
        await new Promise<void>(resolve => ends.push(resolve));
        return [];
      },
    };
    const wrapped = instrumentStore(slow, { metrics, clock: harness.clock });
    const ask = wrapped.claimTimers({ limit: 1, leaseMs: 1 });
    harness.clock.advance(5);
    ends.pop()!();
    await ask;
    // What it must take is no waiting.
    expect(wrapped.waitingMs()).toBe(0);
    void wrapped.claimTimers({ limit: 1, leaseMs: 1 });
    harness.clock.advance(400);
    expect(wrapped.waitingMs()).toBe(395);
  });
});
