import { language, type LanguageCode } from './languages.ts';
import type { Prompt } from './dialog-types.ts';
import type { Utterance } from './prompt.ts';
import { mergePauses, words } from './text.ts';

/** The dialogue's own phrases, as utterances: the same for sound and for carrier-side markup. */

/** Between two readings of the message (voice-dialogue.md section 2). */
export const READING_GAP_MS = 1_000;
/** Around the key, so that it stands out of the sentence. */
const KEY_PAUSE_MS = 200;

/** "To hear your code, press 4": `keys` one or two digits, or empty for any key. */
export function gateUtterances(code: LanguageCode, keys: string): Utterance[] {
  const phrases = language(code);
  const slots = [...keys];
  if (slots.length === 0) return words(phrases.gateAny, false);
  const template = slots.length === 1 ? phrases.gateOne : phrases.gateTwo;
  const said = template.split(/\{([12])\}/).flatMap((part, index): Utterance[] => {
    if (index % 2 === 0) return /[\p{L}\p{N}]/u.test(part) ? words(part, false) : [];
    const symbol = slots[Number(part) - 1] ?? '';
    return [
      { kind: 'pause', ms: KEY_PAUSE_MS },
      { kind: 'characters', symbols: [symbol], pauseMs: KEY_PAUSE_MS, pin: false },
    ];
  });
  return said;
}

export function goodbyeUtterances(code: LanguageCode): Utterance[] {
  return words(language(code).goodbye, false);
}

/**
 * All that a prompt of the dialogue says. `message` is the template's utterances; its readings are a second apart.
 * A driver that marks each reading on its own asks with `times` 1.
 */
export function promptUtterances(
  prompt: Prompt,
  options: { readonly language: LanguageCode; readonly message: readonly Utterance[] },
): Utterance[] {
  if (prompt.kind === 'gate') return gateUtterances(options.language, prompt.keys);
  if (prompt.kind === 'goodbye') return goodbyeUtterances(options.language);
  const said: Utterance[] = [];
  for (let reading = 0; reading < prompt.times; reading++) {
    if (reading > 0) said.push({ kind: 'pause', ms: READING_GAP_MS });
    said.push(...options.message);
  }
  return mergePauses(said);
}
