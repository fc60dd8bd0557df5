/**
 * What is to be said, before anybody decides how: voice-dialogue.md section 1. An utterance list is what a
 * template or a caller's SSML becomes; a segment list is what a speech engine or a media session plays.
 */

/** Prosody asked for by SSML; `rate` multiplies the message's speech rate, 1 is normal. */
export interface Style {
  readonly rate?: number;
  readonly pitch?: string;
  readonly volume?: string;
  readonly emphasis?: 'strong' | 'moderate' | 'reduced' | 'none';
  /** BCP-47-like code of a `<lang>` element, as given. */
  readonly lang?: string;
}

export type Utterance =
  /** Running text. `transient` text came from a placeholder value: it is never written to disk. */
  | {
      readonly kind: 'words';
      readonly text: string;
      readonly transient: boolean;
      readonly style?: Style;
      /** IPA of a `<phoneme>` element, for targets that take it. */
      readonly phoneme?: { readonly alphabet: string; readonly ph: string };
      /** What `<sub>` replaces: `text` is the alias that is spoken. */
      readonly original?: string;
      /** `<say-as>` other than characters (`date`, `telephone`, ...), for targets that take it. */
      readonly sayAs?: { readonly interpret: string; readonly format?: string };
      /** `role` of a `<w>` element. */
      readonly role?: string;
    }
  /** Symbols spoken one by one, `pauseMs` apart and after the last one. `pin` marks the secret. */
  | {
      readonly kind: 'characters';
      readonly symbols: readonly string[];
      readonly pauseMs: number;
      readonly pin: boolean;
      readonly style?: Style;
    }
  | { readonly kind: 'pause'; readonly ms: number };

/** One piece of sound. Speech segments are cached by (engine, voice, rate, text); silence is made by us. */
export type Segment =
  | {
      readonly kind: 'speech';
      readonly text: string;
      /** Language of this piece in the 2FA form (`en`, `pt_br`). */
      readonly language: string;
      /** 0.5..2, already multiplied and clamped. */
      readonly rate: number;
      /** `fixed`: template words, digits, phrases (memory and disk). `transient`: placeholder values (memory). */
      readonly cache: 'fixed' | 'transient';
      /** A symbol of the PIN: a mark follows it, and its text never reaches a log. */
      readonly pin: boolean;
    }
  | { readonly kind: 'silence'; readonly ms: number };

/** `spelling` of letters: their names, or the language's spelling alphabet ("B as in Bravo"). */
export type Spelling = 'letters' | 'phonetic';
