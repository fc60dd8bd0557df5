import type { Segment } from '../../ivr/prompt.ts';
import {
  SpeechError,
  type AudioPart,
  type Pcm,
  type Speech,
  type SpeechEngine,
  type Voice,
} from '../../src/speech/speech.ts';

export type { Pcm, SpeechEngine };

/** Every clip is this long, whatever it says. */
export const CLIP_MS = 500;

export const testVoice: Voice = {
  name: 'Test',
  gender: 'female',
  language: 'en',
  engine: 'test',
  engineVoice: 'test',
  isDefault: true,
};

/**
 * Speech without an engine: half a second a clip, silence as long as asked. `cold` makes nothing warm, so that every
 * prompt has to be waited for; `broken` fails, `hang` never answers.
 */
export class InstantSpeech implements Speech {
  mode: 'warm' | 'cold' | 'broken' | 'hang' = 'warm';
  readonly languages: readonly string[];
  readonly prewarmed: Segment[] = [];
  /** What was asked for, prompt by prompt. */
  readonly rendered: (readonly Segment[])[] = [];

  constructor(languages: readonly string[] = ['en', 'de']) {
    this.languages = languages;
  }

  voices(): readonly Voice[] {
    return this.languages.map(language => ({ ...testVoice, language }));
  }

  chooseVoice({ language, voiceName }: { language: string; voiceName?: string }) {
    if (!this.languages.includes(language)) throw new SpeechError('unsupported-language', 'not here');
    const voice = { ...testVoice, language };
    return voiceName === undefined || voiceName === voice.name
      ? { voice }
      : { voice, fallback: `voice "${voiceName}" is not available` };
  }

  async render(segments: readonly Segment[]): Promise<readonly AudioPart[]> {
    if (this.mode === 'hang') return await new Promise(() => {});
    if (this.mode === 'broken') throw new SpeechError('engine-failed', 'broken');
    return parts(segments);
  }

  renderWarm(segments: readonly Segment[]): readonly AudioPart[] | undefined {
    this.rendered.push(segments);
    return this.mode === 'warm' ? parts(segments) : undefined;
  }

  async prewarm(segments: readonly Segment[]): Promise<void> {
    this.prewarmed.push(...segments);
  }

  async close(): Promise<void> {}
}

/** As the contract says: cut after each PIN symbol. */
function parts(segments: readonly Segment[]): AudioPart[] {
  const cut: AudioPart[] = [];
  let ms = 0;
  const flush = (pin: boolean): void => {
    if (ms > 0) cut.push({ mulaw: new Uint8Array(ms * 8).fill(0x55), ms, pin });
    ms = 0;
  };
  for (const segment of segments) {
    ms += segment.kind === 'speech' ? CLIP_MS : segment.ms;
    if (segment.kind === 'speech' && segment.pin) flush(true);
  }
  flush(false);
  return cut;
}
