import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '../../src/clock.ts';
import { openRedisStore } from '../../src/store/redis/index.ts';
import type { Store } from '../../src/store/store.ts';
import { startProxy, type RedisProxy } from '../support/redis-proxy.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import {
  attempt,
  createdPin,
  newApplication,
  newDelivery,
  operation,
  pinRequest,
} from '../support/store-fixtures.ts';

/** faults.md F6: the connection breaks after a command was done and before its reply came, and ioredis sends it again. */
describe.skipIf(noRedis !== undefined)(noRedis ?? 'a reply that is lost', () => {
  let server: RedisServer;
  let proxy: RedisProxy;
  let store: Store;
  /** As it is, past the proxy. */
  let direct: Store;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    await server.client.flushall();
    proxy = await startProxy(server.port);
    // Long enough for a busy machine: what is tested is that the effect happens once.
    const options = { clock: systemClock, timeoutMs: 10_000 };
    store = await openRedisStore({ ...options, url: proxy.url });
    direct = await openRedisStore({ ...options, url: server.url });
  });
  afterEach(async () => {
    await Promise.all([store.close(), direct.close()]);
    await proxy.close();
  });

  /** Runs `verb` on a connection that breaks before its reply. */
  async function cutOff<Result>(verb: () => Promise<Result>): Promise<Result> {
    // Only what the verb itself asks may be cut, not the scripts that a new connection brings.
    await store.ping();
    await proxy.quiet();
    const cut = proxy.cutBeforeReply();
    const result = verb();
    await cut;
    const settled = await result;
    expect(proxy.cuts).toBeGreaterThan(0);
    return settled;
  }

  it('leaves one PIN, counted once, and the client gets it', async () => {
    const perNumber = { attempts: 2, windowMs: 60_000 };
    const request = pinRequest({
      limits: { perNumber },
      timers: [{ id: 't', kind: 'x', inMs: 60_000, data: {} }],
      events: [{ id: 'e', type: 'x', data: {} }],
    });
    const result = await cutOff(() => store.createPin(request));
    if (result.outcome !== 'created') throw new Error(result.outcome);
    expect(result.pin.seed).toEqual(request.pin.seed);
    expect(result.pin).toEqual(await direct.getPin(request.pin.pinId));
    expect(result.delivery).toEqual(await direct.getDelivery(request.delivery.callRef));
    const again = { applicationId: request.pin.applicationId, limits: { perNumber } };
    expect((await direct.createPin(pinRequest(again))).outcome).toBe('created');
    expect((await direct.createPin(pinRequest(again))).outcome).toBe('limited');
    expect(await direct.claimEvents({ limit: 9, leaseMs: 1000 })).toHaveLength(1);
  });

  it('leaves one further delivery', async () => {
    const limits = {
      perApplication: { attempts: 9, windowMs: 60_000 },
      perNumber: { attempts: 2, windowMs: 60_000 },
    };
    const { pin } = await createdPin(store, { limits });
    const request = () => ({
      opId: operation(),
      pinId: pin.pinId,
      delivery: newDelivery(pin),
      limits,
      timers: [],
      events: [],
    });
    expect(await cutOff(() => store.addDelivery(request()))).toMatchObject({ outcome: 'created', pin });
    expect((await direct.addDelivery(request())).outcome).toBe('limited');
  });

  it('spends one attempt, and says what it came to', async () => {
    const { pin } = await createdPin(store, { attempts: 3, allowMultiple: false });
    expect(await cutOff(() => attempt(store, pin.pinId, false))).toMatchObject({
      outcome: 'wrong',
      attemptsRemaining: 2,
    });
    expect(await cutOff(() => attempt(store, pin.pinId, true))).toMatchObject({
      outcome: 'verified',
      attemptsRemaining: 1,
    });
    expect(await direct.getPin(pin.pinId)).toMatchObject({ attemptsUsed: 2, seed: undefined });
  });

  it('moves a call once, and answers that it did', async () => {
    const { delivery } = await createdPin(store);
    const moved = await cutOff(() =>
      store.transition({
        ref: delivery.callRef,
        to: 'ringing',
        carrierCallId: 'CA1',
        events: [{ id: 'e', type: 'x', data: {} }],
      }),
    );
    expect(moved).toMatchObject({ applied: true, delivery: { state: 'ringing', carrierCallId: 'CA1' } });
    expect(await direct.getDelivery(delivery.callRef)).toEqual(moved.delivery);
    expect(await direct.claimEvents({ limit: 9, leaseMs: 1000 })).toHaveLength(1);
  });

  it('claims one redial', async () => {
    const { delivery } = await createdPin(store);
    const request = { ref: delivery.callRef, expectedDials: 1 };
    expect(await cutOff(() => store.claimRedial(request))).toMatchObject({ dials: 2 });
    expect(await direct.getDelivery(delivery.callRef)).toMatchObject({ dials: 2 });
  });

  it('opens a call with its media token', async () => {
    const { delivery } = await createdPin(store);
    await store.issueMediaToken({ ref: delivery.callRef, tokenHash: 'h', expiresInMs: 60_000 });
    expect(await cutOff(() => store.redeemMediaToken('h'))).toEqual(delivery);
    expect(await direct.redeemMediaToken('h')).toBeUndefined();
  });

  it('hands a timer to whoever claimed it, and does not take one away that was armed and claimed again', async () => {
    const timers = [{ id: 't', kind: 'x', inMs: 0, data: { n: 1 } }];
    const { delivery } = await createdPin(store, { timers });
    const claimed = await cutOff(() => store.claimTimers({ limit: 5, leaseMs: 60_000 }));
    expect(claimed).toMatchObject([{ id: 't', data: { n: 1 } }]);
    await cutOff(async () => {
      const completed = store.completeTimer('t');
      await proxyHasCut();
      await direct.transition({ ref: delivery.callRef, to: 'ringing', arm: timers });
      expect(await direct.claimTimers({ limit: 5, leaseMs: 60_000 })).toHaveLength(1);
      await completed;
    });
    expect(await direct.nextTimerIn()).toBeGreaterThan(0);
  });

  it('does not put an older document over a newer one', async () => {
    const application = newApplication();
    await cutOff(async () => {
      const put = store.putApplication(application);
      await proxyHasCut();
      await direct.putApplication({ ...application, name: 'newer' });
      await put;
    });
    expect(await direct.getApplication(application.applicationId)).toMatchObject({ name: 'newer' });
  });

  /** The command was done and its reply is lost; the connection is not back yet. */
  async function proxyHasCut(): Promise<void> {
    const before = proxy.cuts;
    while (proxy.cuts === before) {
      await new Promise<void>(resolve => {
        setImmediate(resolve);
      });
    }
  }
});
