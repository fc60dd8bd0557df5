import type { PinMessageContent } from '../../domain/pin-message.ts';
import type { CallScript } from '../../domain/types.ts';
import type { NewPinMessage } from '../pin-message-store.ts';
import type { NewDelivery } from '../store.ts';

/** What never changes of a call, but its reference and PIN. */
export type CallRest = Omit<NewDelivery, 'callRef' | 'pinId'>;
/** The same of a PIN's text or mail. */
export type MessageRest = Omit<NewPinMessage, 'ref' | 'pinId'>;

/**
 * The second text of what brings something (lua/include/bearer.lua) holds it as two: what all sends of a template have in common, its words, which
 * may lie elsewhere (words.ts), and what is its own.
 */
export interface BearerInfo {
  /** JSON. */
  readonly words: string;
  /** JSON. */
  readonly own: string;
}

export function restOfCall(delivery: NewDelivery): CallRest {
  const { applicationId, messageRef, channel, carrier, to, from, script } = delivery;
  return {
    applicationId,
    ...(messageRef !== undefined && { messageRef }),
    channel,
    carrier,
    to,
    from,
    script,
  };
}

export function restOfMessage(message: NewPinMessage): MessageRest {
  const { applicationId, channel, carrier, to, from, content } = message;
  return { applicationId, channel, carrier, to, from, content };
}

export function callInfo(delivery: NewDelivery): BearerInfo {
  const { to, carrier, messageRef, script, ...common } = restOfCall(delivery);
  const { placeholders, ...words } = script;
  return {
    words: JSON.stringify({ ...common, script: words }),
    own: JSON.stringify({ to, carrier, messageRef, placeholders }),
  };
}

export function messageInfo(message: NewPinMessage): BearerInfo {
  const { to, carrier, content, ...common } = restOfMessage(message);
  const { placeholders, ...words } = content;
  return {
    words: JSON.stringify({ ...common, content: words }),
    own: JSON.stringify({ to, carrier, placeholders }),
  };
}

/** Both in one, as they stand in a record that names no words. */
export function whole({ words, own }: BearerInfo): string {
  return `${words.slice(0, -1)},${own.slice(1)}`;
}

/**
 * @param info the second text, with the words that it names behind it
 */
export function readRest<Rest extends CallRest | MessageRest>(info: string): Rest {
  const lines = info.split('\n');
  const parts = lines.slice(FIXED_LINES).map(line => JSON.parse(line) as object);
  const { placeholders, ...rest } = Object.assign({}, ...parts) as Stored;
  if ('script' in rest) return { ...rest, script: { ...rest.script, placeholders } } as Rest;
  return { ...rest, content: { ...rest.content, placeholders } } as Rest;
}

/** Lines in front of the JSON: PIN, created, op, words. */
const FIXED_LINES = 4;
const WORDS_LINE = 3;

/** The words that the second text names, '' for none. */
export function wordsNamedBy(info: string): string {
  return info.split('\n', FIXED_LINES)[WORDS_LINE] ?? '';
}

/** The second text of what is made with its PIN, and has its instant. */
export function infoOfNew(pinId: string, words: string, rest: string): string {
  return `${pinId}\n\n\n${words}\n${rest}`;
}

type Stored = { readonly placeholders: Readonly<Record<string, string>> } & (
  | (Omit<CallRest, 'script'> & { readonly script: Omit<CallScript, 'placeholders'> })
  | (Omit<MessageRest, 'content'> & { readonly content: Omit<PinMessageContent, 'placeholders'> })
);
