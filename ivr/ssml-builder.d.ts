/** ssml-builder 0.4.3 ships no types. Only what `ssml.ts` uses; its traps are listed in speech.md. */
declare module 'ssml-builder' {
  class Speech {
    say(text: string): this;
    pause(duration: string): this;
    sayAs(options: { word: string; interpret: string; format?: string }): this;
    partOfSpeech(options: { word: string; role: string }): this;
    phoneme(alphabet: string, ph: string, word: string): this;
    emphasis(level: string, word: string): this;
    sub(alias: string, word: string): this;
    sayWithSSML(ssml: string): this;
    ssml(excludeSpeakTag?: boolean): string;
  }
  export = Speech;
}
