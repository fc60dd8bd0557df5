import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openTestStore } from '../support/sqlite-harness.ts';
import { applicationId, attempt, createdPin, pinRequest } from '../support/store-fixtures.ts';

const HOUR = 3_600_000;
const CLAIM = {
  account: 'a',
  keyHash: 'k',
  fingerprint: 'f',
  subject: 'first',
  leaseMs: 30_000,
  keepMs: 60_000,
} as const;

/** faults.md F12: the wall clock jumps, monotonic time does not. */
describe.each([
  ['forward', HOUR],
  ['back', -HOUR],
])('the wall clock set an hour %s', (_, jump) => {
  let harness: Awaited<ReturnType<typeof openTestStore>>;
  beforeEach(async () => {
    harness = await openTestStore();
  });
  afterEach(async () => {
    await harness.dispose();
  });

  it('expires nothing early and nothing late while the store is open', async () => {
    const { store, clock } = harness;
    const { pin } = await createdPin(store, {
      ttlMs: 60_000,
      timers: [{ id: 't', kind: 'k', inMs: 1000, data: {} }],
    });
    clock.setWall(clock.now() + jump);
    clock.advance(999);
    expect(await store.nextTimerIn()).toBe(1);
    clock.advance(59_000);
    expect(await attempt(store, pin.pinId, true)).toMatchObject({ outcome: 'verified' });
    clock.advance(2);
    expect(await attempt(store, pin.pinId, true)).toMatchObject({ outcome: 'expired' });
  });

  it('holds the limits while the store is open', async () => {
    const { store, clock } = harness;
    const options = {
      applicationId: applicationId(),
      limits: { perNumber: { attempts: 1, windowMs: 60_000 } },
    };
    await createdPin(store, options);
    clock.setWall(clock.now() + jump);
    clock.advance(59_999);
    expect((await store.createPin(pinRequest(options))).outcome).toBe('limited');
    clock.advance(1);
    expect((await store.createPin(pinRequest(options))).outcome).toBe('created');
  });
});

describe('the wall clock set back while the store was closed', () => {
  it('makes nothing last longer than from the new start', async () => {
    const harness = await openTestStore();
    const options = {
      applicationId: applicationId(),
      limits: { perNumber: { attempts: 1, windowMs: 60_000 } },
    };
    const timers = [{ id: 't', kind: 'k', inMs: 5000, data: {} }];
    const { pin } = await createdPin(harness.store, { ...options, ttlMs: 60_000, timers });
    harness.clock.setWall(harness.clock.now() - HOUR);
    await harness.reopen();
    const { store, clock } = harness;
    expect(await store.nextTimerIn()).toBe(5000);
    expect((await store.createPin(pinRequest(options))).outcome).toBe('limited');
    clock.advance(59_999);
    expect(await attempt(store, pin.pinId, true)).toMatchObject({ outcome: 'verified' });
    expect((await store.createPin(pinRequest(options))).outcome).toBe('limited');
    clock.advance(1);
    expect(await attempt(store, pin.pinId, true)).toMatchObject({ outcome: 'expired' });
    expect((await store.createPin(pinRequest(options))).outcome).toBe('created');
    await harness.dispose();
  });

  it('ends no session early, and none late', async () => {
    const harness = await openTestStore();
    const token = { kind: 'session', hash: 'aa', username: 'ann', lifetimeMs: 60_000 } as const;
    await harness.store.createUser({ username: 'ann', passwordHash: '', scopes: [] });
    await harness.store.createToken(token);
    await harness.store.createToken({ ...token, kind: 'bearer', hash: 'bb' });
    harness.clock.setWall(harness.clock.now() - HOUR);
    await harness.reopen();
    harness.clock.advance(59_999);
    expect(await harness.store.useToken({ kind: 'bearer', hash: 'bb' })).toBeDefined();
    harness.clock.advance(1);
    expect(await harness.store.useToken({ kind: 'bearer', hash: 'bb' })).toBeUndefined();
    expect(await harness.store.useToken(token)).toBeUndefined();
    await harness.dispose();
  });
});

describe('idempotency keys, the wall clock set back while the store was closed', () => {
  it('are kept as long as they were meant to be, from the new start', async () => {
    const harness = await openTestStore();
    await harness.store.openIdempotency(CLAIM);
    await harness.store.closeIdempotency({ ...CLAIM, status: 201, body: 'b' });
    harness.clock.setWall(harness.clock.now() - HOUR);
    await harness.reopen();
    harness.clock.advance(59_999);
    expect(await harness.store.openIdempotency(CLAIM)).toMatchObject({ outcome: 'done' });
    harness.clock.advance(1);
    expect(await harness.store.openIdempotency(CLAIM)).toMatchObject({ outcome: 'yours' });
    await harness.dispose();
  });
});

describe('leases of an earlier life', () => {
  it('of an idempotency key go to the next who asks, with the subject of the first', async () => {
    const harness = await openTestStore();
    await harness.store.openIdempotency(CLAIM);
    expect(await harness.store.openIdempotency(CLAIM)).toEqual({ outcome: 'busy' });
    await harness.reopen();
    const claim = await harness.store.openIdempotency({ ...CLAIM, subject: 'second' });
    expect(claim).toEqual({ outcome: 'yours', subject: 'first', resumed: true });
    await harness.dispose();
  });

  it('are nobody’s: timers and events are due at once after a restart', async () => {
    const harness = await openTestStore();
    await createdPin(harness.store, {
      timers: [{ id: 't', kind: 'k', inMs: 0, data: {} }],
      events: [{ id: 'e', type: 't', data: {} }],
    });
    const lease = { limit: 9, leaseMs: HOUR };
    await Promise.all([harness.store.claimTimers(lease), harness.store.claimEvents(lease)]);
    await harness.reopen();
    expect(await harness.store.nextTimerIn()).toBe(0);
    expect(await harness.store.claimTimers(lease)).toHaveLength(1);
    expect(await harness.store.claimEvents(lease)).toMatchObject([{ id: 'e', tries: 2 }]);
    await harness.dispose();
  });
});
