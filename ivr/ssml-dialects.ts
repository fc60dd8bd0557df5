/** What a target's SSML takes: one row each, and nothing about targets anywhere else. */

export type SsmlTarget = 'generic' | 'twilio-polly' | 'alexa' | 'google';

export type SsmlTag =
  | 'break'
  | 'emphasis'
  | 'lang'
  | 'phoneme'
  | 'prosody'
  | 'pitch'
  | 'say-as'
  | 'sub'
  | 'volume'
  | 'w';

export interface SsmlDialect {
  /** Elements that may be written; `pitch` and `volume` stand for those attributes of `prosody`. */
  readonly tags: ReadonlySet<SsmlTag>;
  /** `interpret-as` of digits and of other symbols spoken one by one. */
  readonly digits: 'digits' | 'characters' | 'spell-out';
  readonly letters: 'characters' | 'spell-out';
  /** `interpret-as` values besides those two. */
  readonly sayAs: ReadonlySet<string>;
  /** Longer pauses become several breaks. ssml-builder itself takes 10 s at most. */
  readonly maxBreakMs: number;
  /** With the `<speak>` root, or as content of the carrier's own element. */
  readonly speak: boolean;
}

const all: readonly SsmlTag[] = [
  'break',
  'emphasis',
  'lang',
  'phoneme',
  'prosody',
  'pitch',
  'say-as',
  'sub',
  'volume',
  'w',
];
const without = (...tags: readonly SsmlTag[]): ReadonlySet<SsmlTag> =>
  new Set(all.filter(tag => !tags.includes(tag)));

const common = ['cardinal', 'number', 'ordinal', 'fraction', 'unit', 'date', 'time', 'telephone'];

export const dialects: Readonly<Record<SsmlTarget, SsmlDialect>> = {
  generic: {
    tags: without(),
    digits: 'characters',
    letters: 'characters',
    sayAs: new Set([...common, 'address', 'expletive']),
    maxBreakMs: 10_000,
    speak: true,
  },
  // The children of TwiML's <Say> (carrier-protocols.md 1.3). Polly's neural voices refuse emphasis and pitch.
  'twilio-polly': {
    tags: without('emphasis', 'pitch'),
    digits: 'digits',
    letters: 'characters',
    sayAs: new Set([...common, 'address', 'expletive']),
    maxBreakMs: 10_000,
    speak: false,
  },
  alexa: {
    tags: without(),
    digits: 'digits',
    letters: 'spell-out',
    sayAs: new Set([...common, 'address', 'expletive']),
    maxBreakMs: 10_000,
    speak: true,
  },
  // No `w`; of `interpret-as` neither `digits` nor `number` nor `address`.
  google: {
    tags: without('w'),
    digits: 'characters',
    letters: 'characters',
    sayAs: new Set(['cardinal', 'ordinal', 'fraction', 'unit', 'date', 'time', 'telephone', 'expletive']),
    maxBreakMs: 10_000,
    speak: true,
  },
};
