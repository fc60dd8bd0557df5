import type { Message, MessageChannel } from '../../domain/message.ts';
import type { MessageStep, MessageStore } from '../message-store.ts';
import { armArguments } from './arguments.ts';
import { keysOf, shareOut, type Group } from './groups.ts';
import { shardOfId } from './keys.ts';
import { packStep, readMessages } from './messages-codec.ts';
import { deliveryInfo, newDeliveryRecord } from './records.ts';
import type { Reply, ScriptRunner } from './script.ts';

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
  const { groups } = scripts;
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

  /** How many each group may claim: one after the other in turn, those first whose messages wait longest. */
  async function shares(channel: MessageChannel, limit: number): Promise<{ group: Group; share: number }[]> {
    const [only] = groups;
    if (only && groups.length === 1) return [{ group: only, share: limit }];
    const looks = await Promise.all(
      groups.map(async group => {
        const [since, count] = (await peek(group, [channel, limit])) as readonly Reply[];
        return { group, since: Number(since), count: Number(count ?? 0), share: 0 };
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

  async function waitOf(group: Group, channels: readonly MessageChannel[]): Promise<number | undefined> {
    const wait = await next(group, channels);
    return wait === null ? undefined : Number(wait);
  }

  return {
    async getMessage(ref) {
      const [found] = messagesOf(await get([shardOfId(ref)], [ref]));
      return found;
    },

    async claimMessages({ channel, limit, leaseMs }) {
      const lease = Math.ceil(leaseMs);
      const claimed = await Promise.all(
        (await shares(channel, limit)).map(async ({ group, share }) =>
          messagesOf(await claim({ ...keysOf(group), args: [channel, share, lease] })),
        ),
      );
      return claimed.flat();
    },

    async claimStaleMessages({ limit, leaseMs }) {
      const lease = Math.ceil(leaseMs);
      const shared = await shareOut(groups, limit, group => peekStale(group, [limit]));
      const leased = await Promise.all(
        shared.map(async ({ group, share }) =>
          messagesOf(await stale({ ...keysOf(group), args: [share, lease] })),
        ),
      );
      return leased.flat();
    },

    async nextMessageIn(channels) {
      const waits = await Promise.all(groups.map(group => waitOf(group, channels)));
      const some = waits.filter(wait => wait !== undefined);
      return some.length === 0 ? undefined : Math.min(...some);
    },

    async settleMessages({ limit }) {
      let ended = 0;
      for (const group of groups) {
        if (ended >= limit) break;
        if (groups.length > 1 && (await waitOf(group, [])) !== 0) continue;
        ended += Number(await settle({ ...keysOf(group), args: [limit - ended] }));
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
      const call = [delivery.callRef, deliveryInfo(delivery)];
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
      const found = await Promise.all(groups.map(group => known(group, args)));
      return found.includes(1);
    },
  };
}
