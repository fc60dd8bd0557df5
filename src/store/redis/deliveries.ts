import { DELIVERY_STATES, type CallRef, type Delivery, type PinId } from '../../domain/types.ts';
import type { NewDelivery, Store } from '../store.ts';
import { armArguments, cancelArguments, commitTimers, moreArgument } from './arguments.ts';
import { readRest, restOfCall, type CallRest } from './bearer-info.ts';
import type { GroupCommit } from './group-commit.ts';
import { shardOfId } from './keys.ts';
import { packStep } from './messages-codec.ts';
import { packEvents } from './outbox-events.ts';
import { Recent } from './recent.ts';
import { deliveryOf, firstLinesOf } from './records.ts';
import type { Reply, ScriptRunner } from './script.ts';
import type { Words } from './words.ts';

export type Deliveries = Pick<Store, 'getDelivery' | 'transition' | 'claimRedial'>;

/** Calls: the lattice of their states, and redials. `begun`: this process made the call, perhaps with its PIN. */
export function createDeliveries({
  scripts,
  commits,
  words,
}: {
  scripts: ScriptRunner;
  commits: GroupCommit;
  words: Words;
}): {
  verbs: Deliveries;
  begun: (delivery: NewDelivery, madeWith?: PinId) => void;
} {
  const again = scripts.mutation('bearer-again');
  const recent = new Recent<CallRest>();
  const young = new Recent<PinId>();
  const read = (ref: CallRef, text: Reply | undefined) =>
    text ? recent.put(ref, readRest<CallRest>(String(text))) : recent.get(ref);

  const verbs: Deliveries = {
    async getDelivery(ref) {
      const [lines, info] = await scripts.texts(shardOfId(ref), `d:${ref}`, `id:${ref}`);
      if (!info) return undefined;
      const rest = readRest<CallRest>(await words.complete(shardOfId(ref), info));
      return deliveryOf(ref, lines ?? (await firstLinesOf(scripts, ref, info)), recent.put(ref, rest));
    },

    async transition(request) {
      const { ref, report } = request;
      const known = recent.get(ref);
      const made = young.take(ref);
      const args = [
        ref,
        DELIVERY_STATES.indexOf(request.to),
        request.carrierCallId ?? '',
        known?.carrier ?? '',
        made ?? '',
        moreArgument(
          report ? JSON.stringify(report) : '',
          String(report?.answeredAt ?? ''),
          request.dialog === undefined ? '' : JSON.stringify(request.dialog),
          packEvents(request.events ?? []),
          packStep(request.message),
        ),
        ...cancelArguments(request.cancel),
        ...commitTimers(request.arm),
      ];
      const operation = { verb: 'call', shard: shardOfId(ref), args } as const;
      const reply = (await (request.message
        ? commits.runWithMessage(operation)
        : commits.run(operation))) as readonly Reply[];
      const [applied, lines, text] = reply;
      const rest = text ? read(ref, text) : known;
      const delivery = lines && rest ? deliveryOf(ref, String(lines), rest) : undefined;
      if (delivery?.state === 'ended') recent.drop(ref);
      return { applied: applied === 1, delivery };
    },

    async claimRedial({ ref, expectedDials, arm }): Promise<Delivery | undefined> {
      const args = ['d', ref, expectedDials, ...armArguments(arm)];
      const reply = (await again({ shard: shardOfId(ref), args })) as readonly Reply[] | null;
      const rest = reply ? read(ref, reply[1]) : undefined;
      return reply && rest ? deliveryOf(ref, String(reply[0]), rest) : undefined;
    },
  };
  return {
    verbs,
    begun(delivery, madeWith) {
      recent.put(delivery.callRef, restOfCall(delivery));
      if (madeWith !== undefined) young.put(delivery.callRef, madeWith);
    },
  };
}
