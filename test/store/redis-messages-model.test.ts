import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '../../src/clock.ts';
import { newCallRef, systemRandom } from '../../src/domain/ids.ts';
import type { Message, MessageChannel, Outcome } from '../../src/domain/message.ts';
import type { CallRef, E164 } from '../../src/domain/types.ts';
import type { MessageStore, NewBatch, NewBulk, StoredLogFilter } from '../../src/store/message-store.ts';
import { createMessageIds } from '../../src/store/redis/bulks-erase.ts';
import { createRedisBulks } from '../../src/store/redis/bulks.ts';
import { createDeliveries } from '../../src/store/redis/deliveries.ts';
import { GroupCommit } from '../../src/store/redis/group-commit.ts';
import { Words } from '../../src/store/redis/words.ts';
import { createRedisMessages } from '../../src/store/redis/messages.ts';
import { createRedisMessageReports } from '../../src/store/redis/messages-reports.ts';
import { createRedisOutbox } from '../../src/store/redis/outbox.ts';
import { ScriptRunner } from '../../src/store/redis/script.ts';
import type { Store } from '../../src/store/store.ts';
import { newBulk } from '../support/message-fixtures.ts';
import { ResendingScripts, SplitScripts } from '../support/redis-resending.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { openTestStore } from '../support/sqlite-harness.ts';
import { newDelivery } from '../support/store-fixtures.ts';

const SEEDS = 4;
const STEPS = 120;
const REJECTED = { kind: 'rejected', statusId: 52, statusName: 'REJECTED_DESTINATION' } as const;

type MessageParts = MessageStore & Pick<Store, 'transition' | 'claimEvents'>;

/** What a store answers, as far as the port promises it: claims have no order among lanes, cursors are the store's own. */
type Answer = unknown;

const byRef = (messages: readonly Message[]) => messages.toSorted((a, b) => (a.ref < b.ref ? -1 : 1));

/** Random calls, one after the other: the same from the same seed. */
function player(seed: number) {
  const bytes = seededRandom(`messages-${seed}`);
  const below = (count: number): number => bytes(4).readUInt32BE() % count;
  const oneIn = (count: number): boolean => below(count) === 0;
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[below(items.length)];
  const channels: readonly MessageChannel[] = ['sms', 'voice'];
  const channel = () => pick(channels) ?? 'sms';
  const bulks: NewBulk[] = [];
  const refs: string[] = [];
  const messageIds: string[] = [];
  const calls: { callRef: CallRef; ref: string }[] = [];

  function batch(now: number, of: MessageChannel): NewBatch {
    const url = `https://${pick(['a', 'b']) ?? 'a'}.example/reports`;
    return {
      from: pick(['Shop', 'Bank']) ?? 'Shop',
      content: newBulk({ channel: of }).batches[0]!.content,
      ...(oneIn(4) && { sendAt: now + below(5000) - 1000 }),
      ...(oneIn(4) && { speed: { amount: 1 + below(5), perMs: 1000 } }),
      ...(oneIn(3) && { validityMs: 500 + below(4000) }),
      ...(oneIn(5) && { window: { days: ['THURSDAY'], fromMinute: 0, toMinute: below(3) } }),
      ...(oneIn(2) && {
        notify: { url, contentType: 'application/json', version: 2, intermediate: oneIn(2) },
      }),
      ...(oneIn(3) && { platform: { entityId: pick(['e1', 'e2']) ?? 'e1' } }),
      ...(oneIn(3) && { campaignReferenceId: 'spring' }),
    };
  }

  function bulk(now: number): NewBulk {
    const of = channel();
    const batches = Array.from({ length: 1 + below(3) }, () => batch(now, of));
    const used = pick(messageIds);
    const again = oneIn(10) ? pick(bulks)?.bulkId : undefined;
    return newBulk({
      channel: of,
      batches,
      messages: Array.from({ length: 1 + below(6) }, () => ({
        batch: below(batches.length),
        ...(oneIn(8) && used !== undefined && { messageId: used }),
        ...(oneIn(6) && { rejection: REJECTED }),
      })),
      ...(again !== undefined && { bulkId: again }),
      ...(oneIn(3) && { sendAt: now + below(4000) - 1000 }),
      ...(oneIn(3) && { speed: { amount: 1 + below(20), perMs: 1000 } }),
    });
  }

  function outcome(to: 'scheduled' | 'sent' | 'done'): Outcome {
    const words = ['enroute', 'waiting-delivery', 'delivered-to-operator'] as const;
    if (to === 'sent') return { kind: pick(words) ?? 'enroute' };
    return pick<Outcome>([{ kind: 'busy' }, { kind: 'delivered' }, REJECTED]) ?? REJECTED;
  }

  function filter(now: number): StoredLogFilter {
    const [one, two] = [pick(bulks), pick(messageIds)];
    return {
      channel: channel(),
      withinMs: pick([500, 5000, 86_400_000]) ?? 500,
      limit: 1 + below(7),
      ...(oneIn(4) && one && { bulkIds: [one.bulkId, 'none'] }),
      ...(oneIn(5) && two !== undefined && { messageIds: [two] }),
      ...(oneIn(5) && { entityId: 'e1' }),
      ...(oneIn(5) && { campaignReferenceIds: ['spring'] }),
      ...(oneIn(4) && { statusGroup: pick(['PENDING', 'DELIVERED', 'REJECTED']) ?? 'PENDING' }),
      ...(oneIn(5) && { from: 'Shop' }),
      ...(oneIn(5) && { sentUntil: now - below(2000) }),
    };
  }

  async function pages(store: MessageParts, wanted: StoredLogFilter): Promise<Answer> {
    const found: Message[][] = [];
    let cursor: string | undefined;
    do {
      const page = await store.listMessages({ ...wanted, ...(cursor !== undefined && { cursor }) });
      found.push([...page.messages]);
      cursor = page.nextCursor;
    } while (cursor !== undefined && found.length < 8);
    return found;
  }

  type Call = ((store: MessageParts) => Promise<Answer>) | undefined;
  const moves: readonly ((now: number) => Call)[] = [
    now => {
      const added = bulk(now);
      if (bulks.some(({ bulkId, channel: of }) => bulkId === added.bulkId && of === added.channel)) {
        return store => store.addBulk(added);
      }
      bulks.push(added);
      for (const { ref, messageId } of added.messages) {
        refs.push(ref);
        messageIds.push(messageId);
      }
      return async store => [await store.addBulk(added), await store.getBulk(added.channel, added.bulkId)];
    },
    () => {
      const of = channel();
      return async store => byRef(await store.claimMessages({ channel: of, limit: 1000, leaseMs: 2000 }));
    },
    () => async store => byRef(await store.claimStaleMessages({ limit: 50, leaseMs: 700 })),
    () => {
      const ref = pick(refs);
      const to = pick(['scheduled', 'sent', 'sent', 'done'] as const) ?? 'done';
      if (ref === undefined) return undefined;
      const step = {
        ref,
        to,
        outcome: outcome(to),
        ...(oneIn(3) && { tries: 1 + below(2) }),
        ...(to === 'scheduled' && { dueInMs: below(2000), refund: oneIn(2) }),
        ...(to === 'sent' && oneIn(2) && { carrier: 'sim', carrierMessageId: `SM${below(30)}` }),
        ...(to === 'sent' && oneIn(2) && { expiresInMs: below(3000) }),
      };
      return store => store.stepMessage(step);
    },
    () => async store => {
      // SQLite empties one canceled bulk at a time.
      let ended = 0;
      for (let turn = 0; turn < 8; turn++) ended += await store.settleMessages({ limit: 1000 });
      return ended;
    },
    () => {
      const one = pick(bulks);
      const to = pick(['paused', 'paused', 'running', 'running', 'canceled'] as const) ?? 'paused';
      return one && (store => store.switchBulk({ channel: one.channel, bulkId: one.bulkId, to }));
    },
    now => {
      const one = pick(bulks);
      const sendAt = now + below(3000) - 1000;
      return one && (store => store.rescheduleBulk({ channel: one.channel, bulkId: one.bulkId, sendAt }));
    },
    () => {
      const ref = pick(refs);
      if (ref === undefined) return undefined;
      const callRef = newCallRef(bytes, ref);
      const { script, channel: voice } = newDelivery({
        pinId: callRef as never,
        applicationId: 'a' as never,
        to: '+41790000001' as E164,
      });
      const ids = { callRef, pinId: undefined, applicationId: undefined, messageRef: ref };
      const [to, from] = ['+41790000001' as E164, '+41440000000'];
      const delivery = { ...ids, channel: voice, carrier: 'sim', to, from, script };
      calls.push({ callRef, ref });
      return store => store.startCall({ ref, tries: 1, delivery, timers: [] });
    },
    () => {
      const call = pick(calls);
      if (!call) return undefined;
      const to = pick(['ringing', 'answered', 'ended'] as const) ?? 'ended';
      const message = {
        ref: call.ref,
        tries: 1,
        to: 'done',
        outcome: { kind: 'answered', by: 'human' },
      } as const;
      const request = { ref: call.callRef, to, carrierCallId: `CA${below(20)}`, message };
      return async store => [await store.transition(request), await store.getMessage(call.ref)];
    },
    now => {
      const wanted = filter(now);
      return store => store.takeReports(wanted);
    },
    now => {
      const wanted = filter(now);
      return store => pages(store, wanted);
    },
    () => {
      const some = pick([['sms'], ['voice'], ['sms', 'voice'], []] as const) ?? [];
      return store => store.nextMessageIn(some);
    },
    () => {
      const [ref = '', one] = [pick(refs), pick(bulks)];
      return async store => [
        await store.getMessage(ref),
        one && (await store.getBulk(one.channel, one.bulkId)),
      ];
    },
    () => {
      const [text, call] = [`SM${below(30)}`, `CA${below(20)}`];
      return async store => [
        await store.knowsCarrierId({ carrier: 'sim', kind: 'text', id: text }),
        await store.knowsCarrierId({ carrier: 'sim', kind: 'call', id: call }),
      ];
    },
    () => async store =>
      (await store.claimEvents({ limit: 500, leaseMs: 500 })).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    () => {
      // The newest bulk stays, so that SQLite gives no row number twice.
      const kept = newBulk({ count: 1, sendAt: 4_000_000_000_000 });
      return async store => [await store.addBulk(kept), await store.sweepMessages({ retentionMs: 5000 })];
    },
  ];
  const often = [0, 0, 1, 1, 1, 3, 3, 3, 3];
  const waits = [1, 10, 100, 333, 1000, 2500, 60_000];
  return {
    next: (now: number): Call => moves[oneIn(2) ? (pick(often) ?? 0) : below(moves.length)]?.(now),
    wait: (): number => (oneIn(5) ? (pick(waits) ?? 1) : 0),
  };
}

const LAYOUTS = {
  'on one server': ScriptRunner,
  'sent twice': ResendingScripts,
  'split by shard': SplitScripts,
};

async function openRedis(server: RedisServer, layout: keyof typeof LAYOUTS) {
  await server.client.flushall();
  let now = Date.UTC(2026, 0, 1);
  const deps = { clock: systemClock, random: systemRandom, prefix: 'saypin:', timeoutMs: 10_000 };
  const scripts = new LAYOUTS[layout]({ ...deps, client: server.client, testTime: () => now });
  const ids = createMessageIds({ scripts });
  const store: MessageParts = {
    ...createDeliveries({ scripts, commits: new GroupCommit({ scripts }), words: new Words(scripts) }).verbs,
    ...createRedisOutbox({ scripts }),
    ...createRedisBulks({ scripts, ids }),
    ...createRedisMessages({ scripts }),
    ...createRedisMessageReports({ scripts, ids }),
  };
  await scripts.prepare();
  return {
    store,
    async advance(ms: number) {
      now += ms;
    },
  };
}

describe.skipIf(noRedis !== undefined)(noRedis ?? 'messages on Redis, beside SQLite', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
  });

  const layouts = Object.keys(LAYOUTS) as (keyof typeof LAYOUTS)[];
  const runs = layouts.flatMap(layout => Array.from({ length: SEEDS }, (_, seed) => [layout, seed] as const));
  it.each(runs)('answer the same to all that is asked, %s (%i)', async (layout, seed) => {
    const [model, tested] = [await openTestStore(), await openRedis(server, layout)];
    try {
      const { next, wait } = player(seed);
      let told = 0;
      for (let step = 0; step < STEPS; step++) {
        const call = next(await model.store.now());
        if (call) {
          const expected = await call(model.store);
          expect(await call(tested.store), `step ${step}`).toEqual(expected);
          told++;
        }
        const ms = wait();
        await model.advance(ms);
        await tested.advance(ms);
      }
      expect(told).toBeGreaterThan(STEPS * 0.8);
    } finally {
      await model.dispose();
    }
  });
});
