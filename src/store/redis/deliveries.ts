import { DELIVERY_STATES, type CallRef, type Delivery } from '../../domain/types.ts';
import type { Store } from '../store.ts';
import { armArguments, cancelArguments, optional } from './arguments.ts';
import { shardOfId } from './keys.ts';
import { packStep } from './messages-codec.ts';
import { packEvents } from './outbox-events.ts';
import { deliveryFromFields, fieldsOf } from './records.ts';
import type { Reply, ScriptRunner } from './script.ts';

export type Deliveries = Pick<Store, 'getDelivery' | 'transition' | 'claimRedial'>;

/** Calls: the lattice of their states, and redials. */
export function createDeliveries({ scripts }: { scripts: ScriptRunner }): Deliveries {
  const step = scripts.mutation('delivery-step');
  const stepWithMessage = scripts.mutation('delivery-step-message');
  const redial = scripts.mutation('delivery-redial');

  return {
    async getDelivery(ref: CallRef): Promise<Delivery | undefined> {
      const fields = await scripts.record(shardOfId(ref), `d:${ref}`);
      return fields && deliveryFromFields(fields);
    },

    async transition(request) {
      const { ref, report } = request;
      const args = [
        ref,
        DELIVERY_STATES.indexOf(request.to),
        optional(request.carrierCallId),
        report ? JSON.stringify(report) : '',
        report?.answeredAt ?? '',
        optional(request.dialog),
        packEvents(request.events ?? []),
        packStep(request.message),
        ...cancelArguments(request.cancel),
        ...armArguments(request.arm),
      ];
      const run = request.message ? stepWithMessage : step;
      const reply = (await run({ shard: shardOfId(ref), args })) as readonly Reply[];
      const fields = fieldsOf(reply[1], reply[2]);
      return { applied: reply[0] === 1, delivery: fields && deliveryFromFields(fields) };
    },

    async claimRedial({ ref, expectedDials, arm }) {
      const reply = await redial({ shard: shardOfId(ref), args: [ref, expectedDials, ...armArguments(arm)] });
      if (reply === null) return undefined;
      const [before, changes] = reply as readonly Reply[];
      const fields = fieldsOf(before, changes);
      return fields && deliveryFromFields(fields);
    },
  };
}
