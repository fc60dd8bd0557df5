import { join } from 'node:path';
import type { Segment } from '../../ivr/prompt.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { createClipFiles } from './clip-files.ts';
import { ClipCache, quantiseRate, type ClipRequest, type Keep } from './clips.ts';
import type { Clip } from './conditioner-worker.ts';
import { createEspeakEngine, findEspeak } from './engines/espeak.ts';
import { createFliteEngine } from './engines/flite.ts';
import { HelperPool } from './engines/helper-pool.ts';
import { startWorkerHelper } from './engines/worker-helper.ts';
import { joinParts } from './parts.ts';
import { SpeechError, type Pcm, type Speech, type SpeechEngine, type Voice } from './speech.ts';
import { canonicalLanguage, chooseVoice } from './voices.ts';

const MEBIBYTE = 1024 * 1024;
/** About 45 minutes of speech, or all digits and phrases of every language at several rates. */
const DEFAULT_MEMORY_BYTES = 64 * MEBIBYTE;
const DEFAULT_DISK_BYTES = 256 * MEBIBYTE;
/** 3 minutes of speech take 0.4 s. */
const CONDITION_TIMEOUT_MS = 15_000;

type SpeechSegment = Extract<Segment, { kind: 'speech' }>;

export interface SpeechDeps {
  /** Clips are kept in its folder `clips`. */
  readonly dataDir: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Default: flite, and espeak where it is present. The first engine that has a default voice of a language wins. */
  readonly engines?: readonly SpeechEngine[];
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
  /** Default: a worker thread, which must not be missed where calls are live. */
  readonly condition?: (raw: Pcm) => Promise<Clip>;
}

/** Text-to-speech for calls: engines, voices and the clip cache behind the `Speech` port. Engines start lazily. */
export function createSpeech(deps: SpeechDeps): Speech {
  const { log, clock } = deps;
  const engines = deps.engines ?? [
    createFliteEngine({ clock }),
    createEspeakEngine({ clock, source: findEspeak() }),
  ];
  const byId = new Map(engines.map(engine => [engine.id, engine]));
  const voices = engines.flatMap(engine => engine.voices());
  const conditioner = new HelperPool<Pcm, Clip>({
    start: () =>
      startWorkerHelper<Pcm, Clip>(new URL('conditioner-worker.ts', import.meta.url), ({ samples }) => [
        samples.buffer as ArrayBuffer,
      ]),
    clock,
    size: 1,
    maxQueued: 256,
    timeoutMs: CONDITION_TIMEOUT_MS,
  });
  const condition = deps.condition ?? (raw => conditioner.request(raw));
  const files = createClipFiles(join(deps.dataDir, 'clips'), deps.diskBytes ?? DEFAULT_DISK_BYTES);
  const clips = new ClipCache({
    memoryBytes: deps.memoryBytes ?? DEFAULT_MEMORY_BYTES,
    files,
    log,
    make: makeClip,
  });
  /** Prewarming goes one clip at a time, so that a live call never waits behind more than one of them. */
  let prewarming: Promise<void> = Promise.resolve();
  let closed = false;

  async function makeClip({ voice, text, rate }: ClipRequest): Promise<Clip> {
    const engine = byId.get(voice.engine);
    if (!engine) throw new SpeechError('engine-failed', 'this voice has no engine here');
    const raw = await engine.synthesise({ text, voice, rate });
    return condition(raw);
  }

  function requestFor(segment: SpeechSegment, voice: Voice): ClipRequest {
    const language = canonicalLanguage(segment.language);
    const speaker = voice.language === language ? voice : chooseVoice(voices, { language }).voice;
    return {
      voice: speaker,
      engineVersion: byId.get(speaker.engine)?.version ?? '',
      rate: quantiseRate(segment.rate),
      text: segment.text,
    };
  }

  function renderWarm(segments: readonly Segment[], voice: Voice): ReturnType<Speech['renderWarm']> {
    const warm: (Clip | undefined)[] = [];
    for (const segment of segments) {
      if (segment.kind === 'silence') {
        warm.push(undefined);
        continue;
      }
      const clip = clips.peek(requestFor(segment, voice));
      if (!clip) return undefined;
      warm.push(clip);
    }
    return joinParts(segments, warm);
  }

  async function renderCold(segments: readonly Segment[], voice: Voice): ReturnType<Speech['render']> {
    const made = await Promise.all(
      segments.map(async segment => {
        if (segment.kind === 'silence') return undefined;
        // A PIN's symbols are never written on first use: the files that exist would tell which ones it has.
        const keep: Keep = segment.cache === 'fixed' && !segment.pin ? 'disk' : 'memory';
        return clips.get(requestFor(segment, voice), keep);
      }),
    );
    return joinParts(segments, made);
  }

  async function warm(segments: readonly Segment[], voice: Voice): Promise<void> {
    for (const segment of segments) {
      if (closed) return;
      if (segment.kind === 'silence') continue;
      try {
        await clips.get(requestFor(segment, voice), segment.cache === 'fixed' ? 'disk' : 'memory');
      } catch (error) {
        const reason = error instanceof SpeechError ? error.reason : 'engine-failed';
        if (!closed)
          log.warn({ engine: voice.engine, voice: voice.name, reason }, 'a clip could not be prepared');
      }
    }
  }

  return {
    voices: () => voices,
    chooseVoice: request => chooseVoice(voices, request),
    renderWarm,
    // Not async: with all clips warm nothing is awaited; a synchronous throw becomes a rejection.
    render(segments, voice) {
      try {
        const ready = renderWarm(segments, voice);
        return ready ? Promise.resolve(ready) : renderCold(segments, voice);
      } catch (error) {
        return Promise.reject(
          error instanceof Error ? error : new SpeechError('engine-failed', 'render failed', error),
        );
      }
    },
    prewarm(segments, voice) {
      prewarming = prewarming.then(() => warm(segments, voice));
      return prewarming;
    },
    async close() {
      closed = true;
      await Promise.all([...engines.map(engine => engine.close()), conditioner.close()]);
      await prewarming;
      await files.settled();
    },
  };
}
