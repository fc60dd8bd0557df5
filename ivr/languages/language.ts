/** What the dialogue says in its own words, in one language. Lists are read in order; nothing is translated at run time. */
export interface Language {
  /** 0-9, the words one counts with on the telephone. */
  readonly digits: readonly string[];
  /** Names of a-z as words, so that no engine reads "a" as an article. */
  readonly letters: readonly string[];
  /** The spelling alphabet that callers of this language know, a-z. */
  readonly alphabet: readonly string[];
  /** "B as in Bravo": `{letter}` and `{word}`. */
  readonly asIn: string;
  /** `{1}` is the key to press, or the first of two; `{2}` the second. */
  readonly gateOne: string;
  readonly gateTwo: string;
  readonly gateAny: string;
  readonly goodbye: string;
}

/** A comma-separated table row. */
export function row(text: string): readonly string[] {
  return text.split(',').map(word => word.trim());
}
