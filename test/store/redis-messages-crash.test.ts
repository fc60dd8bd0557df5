import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { newCallRef } from '../../src/domain/ids.ts';
import { type TimeWindow, WEEKDAYS } from '../../src/domain/message.ts';
import { nextAllowed } from '../../src/domain/schedule.ts';
import type { E164 } from '../../src/domain/types.ts';
import { newBulk } from '../support/message-fixtures.ts';
import { openRedisHarness } from '../support/redis-harness.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { newDelivery, type StoreHarness } from '../support/store-fixtures.ts';

const notify = {
  url: 'https://shop.example/reports',
  contentType: 'application/json',
  version: 2,
  intermediate: false,
} as const;
const REJECTED = { kind: 'rejected', statusId: 52, statusName: 'REJECTED_DESTINATION' } as const;
const DRAFT_MS = 60_000;

/** What a crash may leave of messages on Redis, and what is left when all is over. */
describe.skipIf(noRedis !== undefined)(noRedis ?? 'messages on Redis', () => {
  let server: RedisServer;
  let harness: StoreHarness;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    harness = await openRedisHarness(server);
  });
  afterEach(async () => {
    await harness.dispose();
  });

  /** Keys that nothing deletes by itself, of a kind: what stands between the shard's tag and the next colon. */
  async function lasting(kinds: RegExp): Promise<string[]> {
    const keys = await server.client.keys('*');
    const lives = await Promise.all(keys.map(async key => ({ key, ttl: await server.client.ttl(key) })));
    return lives
      .filter(({ key, ttl }) => ttl < 0 && kinds.test(key.replace(/^.*?\}/, '')))
      .map(({ key }) => key);
  }

  it('of a bulk whose maker dies are not to be seen, nor in the way, and are deleted', async () => {
    const bulk = newBulk({ count: 700, batch: { notify, validityMs: 10_000 } });
    // Its first part is under way when the store is closed: nothing more of it is written, or taken back.
    const adding = harness.store.addBulk(bulk);
    await harness.store.close();
    await expect(adding).rejects.toMatchObject({ id: 'unavailable' });
    await harness.reopen();
    const { store } = harness;
    expect((await lasting(/^m:/)).length).toBeGreaterThan(50);
    expect(await store.getBulk('sms', bulk.bulkId)).toBeUndefined();
    expect(await store.getMessage(bulk.messages[0]!.ref)).toBeUndefined();
    expect(await store.claimMessages({ channel: 'sms', limit: 9, leaseMs: 9 })).toEqual([]);
    expect((await store.listMessages({ channel: 'sms', withinMs: 1e9, limit: 9 })).messages).toEqual([]);
    // Whoever makes it may only be slow.
    expect(await store.addBulk(bulk)).toEqual({ outcome: 'taken' });
    await harness.advance(DRAFT_MS);
    expect(await store.sweepMessages({ retentionMs: 1e9 })).toBe(0);
    expect(await lasting(/^m/)).toEqual([]);
    expect(await store.addBulk(bulk)).toEqual({ outcome: 'added', duplicates: [] });
  });

  it('of a bulk whose maker died make room for the same bulk', async () => {
    const bulk = newBulk({ count: 300 });
    const adding = harness.store.addBulk(bulk);
    await harness.store.close();
    await adding.catch(() => {});
    await harness.reopen();
    await harness.advance(DRAFT_MS);
    expect(await harness.store.addBulk(bulk)).toEqual({ outcome: 'added', duplicates: [] });
    expect(await harness.store.getBulk('sms', bulk.bulkId)).toMatchObject({ total: 300, status: 'PENDING' });
    expect(await harness.store.claimMessages({ channel: 'sms', limit: 999, leaseMs: 9 })).toHaveLength(256);
  });

  it('give an id to the next one where nothing stands behind it any more', async () => {
    const bulk = newBulk({ count: 1 });
    const [key] = await keysAfter(bulk);
    await server.client.set(key!, `${bulk.messages[0]!.ref.slice(0, 31)}x`);
    const again = { ...newBulk({ count: 1 }), bulkId: bulk.bulkId, channel: 'sms' as const };
    await harness.advance(2_000);
    await finish();
    expect(await harness.store.sweepMessages({ retentionMs: 0 })).toBe(1);
    expect(await server.client.exists(key!)).toBe(1);
    const messages = [
      { ...again.messages[0]!, ref: bulk.messages[0]!.ref, messageId: bulk.messages[0]!.messageId },
    ];
    expect(await harness.store.addBulk({ ...again, messages })).toEqual({ outcome: 'added', duplicates: [] });
    expect(await server.client.get(key!)).toBe(bulk.messages[0]!.ref);
  });

  /** Where the ids of a new bulk are held. */
  async function keysAfter(bulk: ReturnType<typeof newBulk>): Promise<string[]> {
    expect((await harness.store.addBulk(bulk)).outcome).toBe('added');
    return await server.client.keys('*}mi:*');
  }

  async function finish(): Promise<void> {
    for (const channel of ['sms', 'voice'] as const) {
      for (const { ref } of await harness.store.claimMessages({ channel, limit: 99, leaseMs: 9_000 })) {
        await harness.store.stepMessage({ ref, to: 'done', outcome: { kind: 'delivered' } });
      }
    }
  }

  it('leave nothing behind once they were swept', async () => {
    const { store } = harness;
    const random = seededRandom('nothing is left');
    const texts = newBulk({
      messages: [{}, {}, { rejection: REJECTED }],
      batch: { notify, validityMs: 1e6 },
    });
    const calls = newBulk({ count: 1, channel: 'voice', speed: { amount: 9, perMs: 1_000 } });
    await store.addBulk(texts);
    await store.addBulk(calls);
    const [text] = await store.claimMessages({ channel: 'sms', limit: 1, leaseMs: 9_000 });
    const id = { carrier: 'sim', carrierMessageId: 'SM1' };
    await store.stepMessage({ ref: text!.ref, to: 'sent', outcome: { kind: 'enroute' }, ...id });
    await store.stepMessage({ ref: text!.ref, to: 'done', outcome: { kind: 'delivered' } });
    const [voice] = await store.claimMessages({ channel: 'voice', limit: 1, leaseMs: 9_000 });
    const callRef = newCallRef(random, voice!.ref);
    const to = '+41790000001' as E164;
    const call = newDelivery({ pinId: callRef as never, applicationId: 'a' as never, to });
    const delivery = { ...call, callRef, pinId: undefined, applicationId: undefined, messageRef: voice!.ref };
    expect(await store.startCall({ ref: voice!.ref, tries: 1, delivery, timers: [] })).toBeDefined();
    const message = { ref: voice!.ref, to: 'done', outcome: { kind: 'busy' } } as const;
    await store.transition({ ref: callRef, to: 'ended', carrierCallId: 'CA1', message });
    await finish();
    expect(await store.takeReports({ channel: 'sms', withinMs: 1e9, limit: 9 })).toHaveLength(3);
    await harness.advance(5_000);
    expect(await store.sweepMessages({ retentionMs: 1_000 })).toBe(2);
    expect(await store.getDelivery(callRef)).toBeUndefined();
    const events = await store.claimEvents({ limit: 99, leaseMs: 9 });
    expect(events).toHaveLength(3);
    for (const event of events) await store.ackEvent(event.id);
    // The names of event types are kept.
    expect(await lasting(/^(?!et$|touched$)/)).toEqual([]);
  });

  it('keep to a delivery time window as the rules say', async () => {
    const include = readFileSync(
      new URL('../../src/store/redis/lua/include/delivery-window.lua', import.meta.url),
      'utf8',
    );
    const ask = `${include}\nreturn tostring(next_allowed(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])))`;
    const minute = fc.integer({ min: 0, max: 1439 });
    const days = fc.subarray([...WEEKDAYS], { minLength: 1 });
    const window = fc.record({ days, fromMinute: minute, toMinute: minute });
    const at = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2029, 0, 1) });
    await fc.assert(
      fc.asyncProperty(window, at, async (asked: TimeWindow, now) => {
        const mask = WEEKDAYS.map(day => (asked.days.includes(day) ? '1' : '0')).join('');
        const found = await server.client.eval(ask, 0, mask, asked.fromMinute, asked.toMinute, now);
        expect(Number(found)).toBe(nextAllowed(asked, now));
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
