import { Worker } from 'node:worker_threads';

import { LRUCache } from 'lru-cache';

import type { Clock } from '../../clock.ts';
import type { AudioPart } from '../../speech/speech.ts';

/** Why an `audioFileUrl` cannot be played: errors 5004 and 5005 of the registry. */
export class RecordingError extends Error {
  readonly reason: 'audio-download' | 'audio-format';

  constructor(reason: RecordingError['reason'], cause?: unknown) {
    super(`recording: ${reason}`, { cause });
    this.name = 'RecordingError';
    this.reason = reason;
  }
}

/** Files of callers, as telephone sound. */
export interface Recordings {
  /** Fetched and decoded once for all who ask within the hour. @throws RecordingError */
  get(url: string): Promise<AudioPart>;
  /** Only what is in memory. */
  known(url: string): AudioPart | undefined;
}

export interface RecordingsDeps {
  /** Through the SSRF guard; rejects what is too large, too slow or not to be asked. */
  readonly fetchGuarded: (
    url: string,
    limits: { maxBytes: number; timeoutMs: number },
  ) => Promise<Uint8Array>;
  readonly clock: Clock;
  /** Default: in a thread of its own. */
  readonly decode?: (file: Uint8Array) => Promise<Uint8Array>;
}

/** infobip-api.md 3.4. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const FETCH_MS = 15_000;
const DECODE_MS = 20_000;
const KEPT_MS = 3_600_000;
/** A file that cannot be had is not asked for again by every message of its bulk. */
const REFUSED_MS = 30_000;
const MEMORY_BYTES = 64 * 1024 * 1024;
const BYTES_PER_MS = 8;

export function createRecordings(deps: RecordingsDeps): Recordings {
  const { fetchGuarded, clock, decode = decodeInThread } = deps;
  // The cache takes an instant of 0 for none.
  const perf = { now: () => clock.monotonic() + 1 };
  const known = new LRUCache<string, AudioPart>({
    maxSize: MEMORY_BYTES,
    sizeCalculation: part => Math.max(1, part.mulaw.length),
    ttl: KEPT_MS,
    ttlResolution: 0,
    perf,
  });
  const refused = new LRUCache<string, RecordingError>({
    max: 1_000,
    ttl: REFUSED_MS,
    ttlResolution: 0,
    perf,
  });
  const coming = new Map<string, Promise<AudioPart>>();

  async function make(url: string): Promise<AudioPart> {
    const file = await fetchGuarded(url, { maxBytes: MAX_FILE_BYTES, timeoutMs: FETCH_MS }).catch(
      (error: unknown) => {
        throw new RecordingError('audio-download', error);
      },
    );
    const mulaw = await decode(file).catch((error: unknown) => {
      throw new RecordingError('audio-format', error);
    });
    if (mulaw.length === 0) throw new RecordingError('audio-format');
    return { mulaw, ms: Math.ceil(mulaw.length / BYTES_PER_MS), pin: false };
  }

  return {
    known: url => known.get(url),

    async get(url) {
      const ready = known.get(url);
      if (ready) return ready;
      const failed = refused.get(url);
      if (failed) throw failed;
      let work = coming.get(url);
      if (!work) {
        work = make(url).finally(() => coming.delete(url));
        coming.set(url, work);
      }
      try {
        const part = await work;
        known.set(url, part);
        return part;
      } catch (error) {
        if (error instanceof RecordingError) refused.set(url, error);
        throw error;
      }
    },
  };
}

/** One thread a file: files are few, and one that makes the decoder loop or crash takes nothing with it. */
async function decodeInThread(file: Uint8Array): Promise<Uint8Array> {
  const worker = new Worker(new URL('recording-worker.ts', import.meta.url), {
    workerData: file,
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error('decoding took too long')), DECODE_MS);
      worker.once('message', (mulaw: Uint8Array | undefined) =>
        mulaw ? resolve(mulaw) : reject(new Error('no WAV or MP3 file')),
      );
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the decoder ended')));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
