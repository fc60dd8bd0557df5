import { shardOf } from '../../domain/ids.ts';
import type { MessageChannel } from '../../domain/message.ts';
import { shardOfId } from './keys.ts';
import type { Argument, ScriptRunner } from './script.ts';

/** Messages a script deletes: a few ms. */
const CHUNK = 100;

export interface Condemned {
  readonly shard: string;
  readonly name: string;
  /** Why it may be deleted, in the words of lua/bulks-condemn.lua. */
  readonly why: readonly Argument[];
}

/**
 * Deletes bulks, a part at a time: first nobody sees it any more, then the messageIds of each part are given back, then its
 * messages go. What a crash leaves is found again a minute later.
 */
export function createBulkEraser({ scripts, ids }: { scripts: ScriptRunner; ids: MessageIds }) {
  const condemn = scripts.mutation('bulks-condemn');
  const remains = scripts.query('bulks-remains');
  const erase = scripts.mutation('bulks-erase');

  /** False: it is not to be deleted. */
  return async function eraseBulk({ shard, name, why }: Condemned): Promise<boolean> {
    if ((await condemn({ shard, args: [name, ...why] })) === 0) return false;
    const channel = name.slice(0, name.indexOf(':')) as MessageChannel;
    for (let left = 1; left > 0;) {
      const found = (await remains(shard, [name, CHUNK])) as readonly string[];
      const refs = found.filter((_, i) => i % 2 === 0);
      await ids.give(
        channel,
        refs.map((ref, i) => ({ ref, messageId: found[2 * i + 1] ?? '' })),
      );
      left = Number(await erase({ shard, args: [name, ...refs] }));
    }
    return true;
  };
}

interface Held {
  readonly messageId: string;
  readonly ref: string;
}

/** Ids that a script takes or gives back. */
const IDS_AT_ONCE = 500;

/**
 * That a messageId is used once on its channel: a key in the shard of its own name holds whose it is. It is taken after the message
 * was written, in a draft, and given back before the message is deleted; so one that no message stands behind is nobody's.
 */
export function createMessageIds({ scripts }: { scripts: ScriptRunner }) {
  const take = scripts.mutation('bulks-ids-take');
  const give = scripts.mutation('bulks-ids-give');
  const find = scripts.query('bulks-ids-find');
  const here = scripts.query('bulks-refs-here');

  /** Those of them that are another message's. */
  async function takeOfShard(
    channel: MessageChannel,
    shard: string,
    held: readonly (Held & { readonly found?: string })[],
    takeOver: 0 | 1,
  ): Promise<(Held & { found: string })[]> {
    const args = held.flatMap(({ messageId, ref, found = '' }) => [messageId, ref, found]);
    const reply = (await take({ shard, args: [channel, takeOver, ...args] })) as readonly (number | string)[];
    const taken: (Held & { found: string })[] = [];
    for (let i = 0; i < reply.length; i += 2) {
      const mine = held[Number(reply[i])];
      if (mine) taken.push({ ...mine, found: String(reply[i + 1]) });
    }
    return taken;
  }

  async function standing(refs: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await Promise.all(scripts.byShard(refs, shardOfId).map(([shard, own]) => here(shard, own)));
    return new Set(found.flat().map(String));
  }

  const byShard = <Item extends { readonly messageId: string }>(
    channel: MessageChannel,
    items: readonly Item[],
  ) => scripts.byShard(items, ({ messageId }) => shardOf(`${channel}:${messageId}`));

  return {
    /** Refs of the messages whose id is another's; of two with one id the first has it. */
    async take(channel: MessageChannel, wanted: readonly Held[]): Promise<ReadonlySet<string>> {
      const refused = await Promise.all(
        byShard(channel, wanted).map(async ([shard, own]) => {
          const taken: (Held & { found: string })[] = [];
          for (let from = 0; from < own.length; from += IDS_AT_ONCE) {
            taken.push(...(await takeOfShard(channel, shard, own.slice(from, from + IDS_AT_ONCE), 0)));
          }
          const holders = await standing(taken.map(({ found }) => found));
          const free = taken.filter(({ found }) => !holders.has(found));
          const still = free.length > 0 ? await takeOfShard(channel, shard, free, 1) : [];
          return [...taken.filter(({ found }) => holders.has(found)), ...still];
        }),
      );
      return new Set(refused.flat().map(({ ref }) => ref));
    },

    async give(channel: MessageChannel, held: readonly Held[]): Promise<void> {
      await Promise.all(
        byShard(channel, held).map(async ([shard, own]) => {
          await give({ shard, args: [channel, ...own.flatMap(({ messageId, ref }) => [messageId, ref])] });
        }),
      );
    },

    /** Refs of the messages with these ids. */
    async find(channel: MessageChannel, messageIds: readonly string[]): Promise<string[]> {
      const wanted = [...new Set(messageIds)].map(messageId => ({ messageId }));
      const found = await Promise.all(
        byShard(channel, wanted).map(([shard, own]) =>
          find(shard, [channel, ...own.map(({ messageId }) => messageId)]),
        ),
      );
      return found
        .flat()
        .map(String)
        .filter(ref => ref !== '');
    },
  };
}

export type MessageIds = ReturnType<typeof createMessageIds>;
