import type { Message, MessageChannel } from '../../domain/message.ts';
import type { MessageStep, MessageStore } from '../message-store.ts';
import { newDeliveryRecord } from '../new-records.ts';
import { armArguments } from './arguments.ts';
import { callInfo, whole } from './bearer-info.ts';
import { shardOfId } from './keys.ts';
import { packStep, readMessages } from './messages-codec.ts';
import type { Reply, ScriptRunner } from './script.ts';
import { shareOut, soonest } from './shares.ts';

type Messages = Pick<
  MessageStore,
  | 'getMessage'
  | 'claimMessages'
  | 'claimStaleMessages'
  | 'nextMessageIn'
  | 'settleMessages'
  | 'startCall'
  | 'stepMessage'
  | 'knowsCarrierId'
>;

/** Claiming and moving messages. A message's reference begins with its shard, the bulk's. */
export function createRedisMessages({ scripts }: { scripts: ScriptRunner }): Messages {
  const { shards } = scripts;
  const get = scripts.query('messages-get');
  const claim = scripts.mutation('messages-claim');
  const peek = scripts.query('messages-peek');
  const stale = scripts.mutation('messages-stale');
  const peekStale = scripts.query('messages-stale-peek');
  const next = scripts.query('messages-next');
  const settle = scripts.mutation('messages-settle');
  const start = scripts.mutation('messages-start-call');
  const step = scripts.mutation('messages-step');
  const known = scripts.query('messages-known');

  const messagesOf = (reply: Reply): Message[] => readMessages(reply).map(({ message }) => message);

  /** How many each shard may claim: one after the other in turn, those first whose messages wait longest. */
  async function shares(channel: MessageChannel, limit: number): Promise<{ shard: string; share: number }[]> {
    const [only] = shards;
    if (only && shards.length === 1) return [{ shard: only, share: limit }];
    const looks = await Promise.all(
      shards.map(async shard => {
        const [since, count] = (await peek(shard, [channel, limit])) as readonly Reply[];
        return { shard, since: Number(since), count: Number(count ?? 0), share: 0 };
      }),
    );
    const waiting = looks.filter(({ count }) => count > 0).toSorted((a, b) => a.since - b.since);
    for (let left = limit; left > 0;) {
      const hungry = waiting.filter(({ count, share }) => share < count).slice(0, left);
      if (hungry.length === 0) break;
      for (const each of hungry) each.share++;
      left -= hungry.length;
    }
    return waiting;
  }

  return {
    async getMessage(ref) {
      const [found] = messagesOf(await get(shardOfId(ref), [ref]));
      return found;
    },

    async claimMessages({ channel, limit, leaseMs }) {
      const lease = Math.ceil(leaseMs);
      const claimed = await Promise.all(
        (await shares(channel, limit)).map(async ({ shard, share }) =>
          messagesOf(await claim({ shard, args: [channel, share, lease] })),
        ),
      );
      return claimed.flat();
    },

    async claimStaleMessages({ limit, leaseMs }) {
      const lease = Math.ceil(leaseMs);
      const shared = await shareOut(shards, limit, shard => peekStale(shard, [limit]));
      const leased = await Promise.all(
        shared.map(async ({ shard, share }) => messagesOf(await stale({ shard, args: [share, lease] }))),
      );
      return leased.flat();
    },

    nextMessageIn: channels => soonest(shards, shard => next(shard, channels)),

    async settleMessages({ limit }) {
      let ended = 0;
      for (const shard of shards) {
        if (ended >= limit) break;
        if (shards.length > 1 && (await next(shard)) !== 0) continue;
        ended += Number(await settle({ shard, args: [limit - ended] }));
      }
      return ended;
    },

    async startCall({ ref, tries, delivery, timers }) {
      const sent = {
        ref,
        tries,
        to: 'sent',
        outcome: { kind: 'enroute' },
        carrier: delivery.carrier,
      } as const;
      const call = [delivery.callRef, whole(callInfo(delivery))];
      const args = [ref, packStep(sent), ...call, ...armArguments(timers)];
      const at = Number(await start({ shard: shardOfId(ref), args }));
      return at === 0 ? undefined : newDeliveryRecord(delivery, at);
    },

    async stepMessage(request: MessageStep) {
      const { ref } = request;
      const reply = await step({ shard: shardOfId(ref), args: [ref, packStep(request)] });
      const [applied, answer = null] = reply as readonly Reply[];
      const [message] = messagesOf(answer);
      return { applied: applied === 1, message };
    },

    async knowsCarrierId({ carrier, kind, id }) {
      const args = [kind === 'call' ? 'd' : 'm', carrier, id];
      const found = await Promise.all(shards.map(shard => known(shard, args)));
      return found.includes(1);
    },
  };
}
