import {
  buildMessage,
  checkTemplate,
  promptUtterances,
  SsmlError,
  toSegments,
  type LanguageCode,
} from '../../../ivr/index.ts';
import type { Segment, Spelling, Utterance } from '../../../ivr/prompt.ts';
import { ALPHABETS, MAX_PIN_LENGTH } from '../../domain/pin.ts';
import { usage } from '../options.ts';

/** What `say` was asked for. */
export interface Speaking {
  readonly text: string;
  /** '' where the text has no `{{pin}}`. */
  readonly pin: string;
  readonly placeholders: Readonly<Record<string, string>>;
  readonly language: LanguageCode;
  readonly rate: number;
  readonly times: number;
  readonly spelling: Spelling;
  readonly digitPauseMs?: number;
}

const PIN = new RegExp(`^[0-9A-Za-z]{1,${MAX_PIN_LENGTH}}$`);

/** As the service would say it. @throws CliError usage, which never repeats the text or the PIN */
export function utterancesOf(speaking: Speaking): readonly Utterance[] {
  const { text, pin, placeholders, times, language, digitPauseMs } = speaking;
  assertSpeakable(text, pin);
  try {
    const message = buildMessage({
      text,
      pin,
      placeholders,
      ...(digitPauseMs !== undefined && { digitPauseMs }),
    });
    return promptUtterances({ kind: 'message', times }, { language, message });
  } catch (error) {
    if (error instanceof SsmlError) throw usage(error.message);
    throw error;
  }
}

/** Nobody knows what of the text is secret: no clip of it is to be kept on disk, whatever it is. */
export function transientSegments(utterances: readonly Utterance[], speaking: Speaking): readonly Segment[] {
  return toSegments(utterances, speaking).map(segment =>
    segment.kind === 'speech' ? { ...segment, cache: 'transient' } : segment,
  );
}

/**
 * The clips of all symbols that a PIN like this one could have. Made ahead and kept on disk they make the next `say` fast, and
 * being always all of them, they tell nothing of any PIN.
 */
export function alphabetSegments({ pin, ...speaking }: Speaking): readonly Segment[] {
  if (pin === '') return [];
  const symbols = [...(/^\d+$/.test(pin) ? ALPHABETS.NUMERIC : ALPHABETS.ALPHANUMERIC)];
  return toSegments([{ kind: 'characters', symbols, pauseMs: 0, pin: false }], speaking);
}

function assertSpeakable(text: string, pin: string): void {
  const [problem] = checkTemplate(text).filter(({ id }) => id !== 'no-pin');
  if (problem?.id === 'invalid-ssml')
    throw usage(`the text is SSML that cannot be spoken (${problem.reason})`);
  if (problem?.id === 'malformed-placeholder')
    throw usage(`the text has braces at ${problem.at + 1} that are no placeholder`);
  if (text.includes('{{pin}}') && pin === '') throw usage('the text has {{pin}}: say which with --pin');
  if (pin !== '' && !PIN.test(pin))
    throw usage(`--pin must be 1 to ${MAX_PIN_LENGTH} digits and letters from A to Z`);
}
