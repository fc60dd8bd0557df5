import { PIN_MESSAGE_STATES } from '../../domain/pin-message.ts';
import type { CallRef, PinId } from '../../domain/types.ts';
import type { NewPinMessage, PinMessageStore } from '../pin-message-store.ts';
import { armArguments, cancelArguments, commitTimers, moreArgument } from './arguments.ts';
import { readRest, restOfMessage, type MessageRest } from './bearer-info.ts';
import type { GroupCommit } from './group-commit.ts';
import { shardOfId } from './keys.ts';
import { packEvents } from './outbox-events.ts';
import { Recent } from './recent.ts';
import { firstLinesOf, pinMessageOf } from './records.ts';
import type { Reply, ScriptRunner } from './script.ts';
import type { Words } from './words.ts';

export type PinMessages = Pick<PinMessageStore, 'getPinMessage' | 'stepPinMessage' | 'claimPinMessage'>;

/** A PIN's texts and mails. `begun`: this process made the message, perhaps with its PIN. */
export function createPinMessages({
  scripts,
  commits,
  words,
}: {
  scripts: ScriptRunner;
  commits: GroupCommit;
  words: Words;
}): {
  verbs: PinMessages;
  begun: (message: NewPinMessage, madeWith?: PinId) => void;
} {
  const again = scripts.mutation('bearer-again');
  const recent = new Recent<MessageRest>();
  const young = new Recent<PinId>();
  const read = (ref: CallRef, text: Reply | undefined) =>
    text ? recent.put(ref, readRest<MessageRest>(String(text))) : recent.get(ref);

  const verbs: PinMessages = {
    async getPinMessage(ref) {
      const [lines, info] = await scripts.texts(shardOfId(ref), `g:${ref}`, `ig:${ref}`);
      if (!info) return undefined;
      const rest = readRest<MessageRest>(await words.complete(shardOfId(ref), info));
      return pinMessageOf(ref, lines ?? (await firstLinesOf(scripts, ref, info)), recent.put(ref, rest));
    },

    async stepPinMessage(request) {
      const { ref, report } = request;
      const known = recent.get(ref);
      const made = young.take(ref);
      const args = [
        ref,
        PIN_MESSAGE_STATES.indexOf(request.to),
        request.carrierMessageId ?? '',
        known ? 1 : '',
        made ?? '',
        moreArgument(report ? JSON.stringify(report) : '', packEvents(request.events ?? [])),
        ...cancelArguments(request.cancel),
        ...commitTimers(request.arm),
      ];
      const reply = (await commits.run({ verb: 'text', shard: shardOfId(ref), args })) as readonly Reply[];
      const [applied, lines, text] = reply;
      const rest = text ? read(ref, text) : known;
      const message = lines && rest ? pinMessageOf(ref, String(lines), rest) : undefined;
      if (message?.state === 'ended') recent.drop(ref);
      return { applied: applied === 1, message };
    },

    async claimPinMessage({ ref, expectedTries, arm }) {
      const args = ['g', ref, expectedTries, ...armArguments(arm)];
      const reply = (await again({ shard: shardOfId(ref), args })) as readonly Reply[] | null;
      const rest = reply ? read(ref, reply[1]) : undefined;
      return reply && rest ? pinMessageOf(ref, String(reply[0]), rest) : undefined;
    },
  };
  return {
    verbs,
    begun(message, madeWith) {
      recent.put(message.ref, restOfMessage(message));
      if (madeWith !== undefined) young.put(message.ref, madeWith);
    },
  };
}
