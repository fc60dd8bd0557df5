import { shardOf } from '../../domain/ids.ts';
import type { MessageChannel } from '../../domain/message.ts';
import type { AddBulkResult, BulkChange, MessageStore, NewBulk } from '../message-store.ts';
import { unavailable } from './bounded.ts';
import { lanesOf, nameOf, packBatch, packMessage, readBulk, sendTimeOf } from './bulks-codec.ts';
import { createBulkEraser, type MessageIds } from './bulks-erase.ts';
import type { Argument, Reply, ScriptRunner } from './script.ts';

/** Messages a script writes, so that a large bulk never keeps live calls waiting. */
const CHUNK = 100;
/** Parts of a bulk under way at a time. */
const IN_FLIGHT = 4;
const PUSHES_AT_ONCE = 200;
/** Messages that a change of the send time looks at by one script. */
const MOVED_AT_ONCE = 200;
/** Bulks deleted between two looks at what is old. */
const SWEPT_AT_ONCE = 20;

type Bulks = Pick<MessageStore, 'addBulk' | 'getBulk' | 'rescheduleBulk' | 'switchBulk' | 'sweepMessages'>;

/** A draft of which `order` is known; `shard` and `name` say where it is. */
interface Draft {
  readonly shard: string;
  readonly name: string;
  readonly order: string;
}

/**
 * Bulks: all of one lies in the shard of its bulkId. It is written in parts as a draft, which nothing claims or shows; its
 * messageIds are taken in the shards of their own names; then one script releases it whole. What a crash leaves is a draft,
 * deleted by the next sweep, or by whoever wants the bulkId.
 */
export function createRedisBulks({ scripts, ids }: { scripts: ScriptRunner; ids: MessageIds }): Bulks {
  const openDraft = scripts.mutation('bulks-open');
  const fill = scripts.mutation('bulks-fill');
  const unfill = scripts.mutation('bulks-unfill');
  const seal = scripts.mutation('bulks-seal');
  const push = scripts.mutation('bulks-push');
  const get = scripts.query('bulks-get');
  const toggle = scripts.mutation('bulks-switch');
  const move = scripts.mutation('bulks-move');
  const reschedule = scripts.mutation('bulks-reschedule');
  const old = scripts.query('bulks-old');
  const eraseBulk = createBulkEraser({ scripts, ids });

  async function open(shard: string, name: string, args: readonly Argument[]): Promise<Draft | undefined> {
    const opened = await openDraft({ shard, args });
    if (opened === 'taken') return undefined;
    if (opened !== 'left') return { shard, name, order: String(opened) };
    await eraseBulk({ shard, name, why: [''] });
    const again = await openDraft({ shard, args });
    return again === 'taken' || again === 'left' ? undefined : { shard, name, order: String(again) };
  }

  /** @throws ServiceError unavailable where the draft is gone: somebody took it for the remains of a crash */
  function stillThere(reply: Reply): Reply {
    if (reply === 0) throw unavailable(new Error('the bulk took too long'));
    return reply;
  }

  async function fillRest({ shard, name, order }: Draft, parts: readonly Part[]): Promise<void> {
    const waiting = parts.values();
    const work = async (): Promise<void> => {
      for (const { batches, messages } of waiting) {
        const args = [name, order, JSON.stringify(batches), JSON.stringify(messages)];
        stillThere(await fill({ shard, args }));
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  }

  async function release(request: NewBulk, { shard, name, order }: Draft): Promise<readonly number[]> {
    const { channel, messages } = request;
    const refused = await ids.take(channel, messages);
    const out = [...refused];
    for (let from = 0; from < out.length; from += CHUNK) {
      stillThere(await unfill({ shard, args: [name, order, ...out.slice(from, from + CHUNK)] }));
    }
    if (stillThere(await seal({ shard, args: [name, order] })) === 2) {
      // It is accepted. Should this fail, `settleMessages` goes on with it.
      await pushRejected(shard, name).catch(() => {});
    }
    return messages.flatMap(({ ref }, index) => (refused.has(ref) ? [index] : []));
  }

  async function pushRejected(shard: string, name: string): Promise<void> {
    while (Number(await push({ shard, args: [name, PUSHES_AT_ONCE] })) > 0);
  }

  async function addBulk(request: NewBulk): Promise<AddBulkResult> {
    const { channel, bulkId, face, speed } = request;
    const shard = shardOf(bulkId);
    const name = nameOf(channel, bulkId);
    if (request.messages.some(({ ref }) => !ref.startsWith(shard))) {
      throw new RangeError('a message’s ref begins with the shard of its bulk');
    }
    const { lanes, laneOfBatch } = lanesOf(request);
    const [first, ...rest] = partsOf(request, laneOfBatch);
    const speedArgs = [speed?.amount ?? '', speed?.perMs ?? ''];
    const parts = [lanes, first?.batches ?? [], first?.messages ?? []].map(part => JSON.stringify(part));
    const args = [name, face, sendTimeOf(request), ...speedArgs, ...parts];
    const draft = await open(shard, name, args);
    if (!draft) return { outcome: 'taken' };
    try {
      await fillRest(draft, rest);
      return { outcome: 'added', duplicates: await release(request, draft) };
    } catch (error) {
      // Should this fail too, a sweep deletes it. One that was released after all stays.
      await eraseBulk({ shard, name, why: [draft.order] }).catch(() => {});
      throw error;
    }
  }

  function changed(channel: MessageChannel, bulkId: string, reply: Reply): BulkChange {
    const [outcome, bulk] = reply as readonly Reply[];
    if (outcome === 'unknown' || bulk === undefined) return { outcome: 'unknown' };
    return { outcome: outcome as 'changed' | 'refused', bulk: readBulk(channel, bulkId, bulk) };
  }

  return {
    addBulk,

    async getBulk(channel, bulkId) {
      const found = await get(shardOf(bulkId), [nameOf(channel, bulkId)]);
      return found === null ? undefined : readBulk(channel, bulkId, found);
    },

    async rescheduleBulk({ channel, bulkId, sendAt }) {
      const shard = shardOf(bulkId);
      const name = nameOf(channel, bulkId);
      for (let from = 0, seen = MOVED_AT_ONCE; seen === MOVED_AT_ONCE; from += seen) {
        seen = Number(await move({ shard, args: [name, sendAt, from, MOVED_AT_ONCE] }));
      }
      return changed(channel, bulkId, await reschedule({ shard, args: [name, sendAt] }));
    },

    async switchBulk({ channel, bulkId, to }) {
      const args = [nameOf(channel, bulkId), to];
      return changed(channel, bulkId, await toggle({ shard: shardOf(bulkId), args }));
    },

    async sweepMessages({ retentionMs }) {
      let swept = 0;
      for (const shard of scripts.shards) {
        for (let erased = 1; erased > 0;) {
          erased = 0;
          const found = (await old(shard, [retentionMs, SWEPT_AT_ONCE])) as readonly Reply[];
          for (let i = 0; i < found.length; i += 2) {
            const [name, done] = found.slice(i, i + 2);
            const why = done === 1 ? ['old', retentionMs] : [''];
            if (!(await eraseBulk({ shard, name: String(name), why }))) continue;
            erased++;
            if (done === 1) swept++;
          }
        }
      }
      return swept;
    },
  };
}

interface Part {
  readonly batches: readonly (readonly Argument[])[];
  readonly messages: readonly (readonly Argument[])[];
}

/** Each batch comes with the first part that needs it. */
function partsOf(request: NewBulk, laneOfBatch: readonly number[]): Part[] {
  const written = new Set<number>();
  const parts: Part[] = [];
  for (let from = 0; from < request.messages.length; from += CHUNK) {
    const messages = request.messages.slice(from, from + CHUNK).map((message, offset) => {
      const lane = laneOfBatch[message.batch];
      if (lane === undefined) throw new RangeError('a message of no batch');
      return packMessage(message, from + offset, lane);
    });
    const needed = new Set(request.messages.slice(from, from + CHUNK).map(({ batch }) => batch));
    const batches = [...needed].flatMap(index => {
      const batch = request.batches[index];
      if (!batch || written.has(index)) return [];
      written.add(index);
      return [packBatch(batch, index, request.face)];
    });
    parts.push({ batches, messages });
  }
  return parts;
}
