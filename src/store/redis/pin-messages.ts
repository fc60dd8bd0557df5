import { PIN_MESSAGE_STATES } from '../../domain/pin-message.ts';
import type { PinMessageStore } from '../pin-message-store.ts';
import { armArguments, cancelArguments, optional } from './arguments.ts';
import { shardOfId } from './keys.ts';
import { packEvents } from './outbox-events.ts';
import { fieldsOf, pinMessageFromFields } from './records.ts';
import type { Reply, ScriptRunner } from './script.ts';

export type PinMessages = Pick<PinMessageStore, 'getPinMessage' | 'stepPinMessage' | 'claimPinMessage'>;

/** A PIN's texts and mails. */
export function createPinMessages({ scripts }: { scripts: ScriptRunner }): PinMessages {
  const step = scripts.mutation('text-step');
  const claim = scripts.mutation('text-claim');

  return {
    async getPinMessage(ref) {
      const fields = await scripts.record(shardOfId(ref), `g:${ref}`);
      return fields && pinMessageFromFields(fields);
    },

    async stepPinMessage(request) {
      const { ref, report } = request;
      const args = [
        ref,
        PIN_MESSAGE_STATES.indexOf(request.to),
        optional(request.carrierMessageId),
        report ? JSON.stringify(report) : '',
        packEvents(request.events ?? []),
        ...cancelArguments(request.cancel),
        ...armArguments(request.arm),
      ];
      const reply = (await step({ shard: shardOfId(ref), args })) as readonly Reply[];
      const fields = fieldsOf(reply[1], reply[2]);
      return { applied: reply[0] === 1, message: fields && pinMessageFromFields(fields) };
    },

    async claimPinMessage({ ref, expectedTries, arm }) {
      const reply = await claim({ shard: shardOfId(ref), args: [ref, expectedTries, ...armArguments(arm)] });
      if (reply === null) return undefined;
      const [before, changes] = reply as readonly Reply[];
      const fields = fieldsOf(before, changes);
      return fields && pinMessageFromFields(fields);
    },
  };
}
