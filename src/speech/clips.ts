import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { background, type Logger } from '../log.ts';
import type { ClipFiles } from './clip-files.ts';
import type { Clip } from './conditioner-worker.ts';
import type { Voice } from './speech.ts';

/** One piece of speech as the cache knows it. */
export interface ClipRequest {
  readonly voice: Voice;
  readonly engineVersion: string;
  readonly rate: number;
  readonly text: string;
}

/** `disk`: may be kept in a file, being fixed text and no secret's trace. */
export type Keep = 'memory' | 'disk';

interface Entry {
  readonly clip: Clip;
  onDisk: boolean;
}

/** Bytes of bookkeeping that an entry costs besides its audio. */
const ENTRY_OVERHEAD = 500;

/** Rates are heard in steps of 0.05, so that a thousand callers do not make a thousand clips of a digit. */
export function quantiseRate(rate: number): number {
  const bounded = Number.isFinite(rate) ? Math.min(2, Math.max(0.5, rate)) : 1;
  return Math.round(bounded * 20) / 20;
}

/**
 * Name of a clip in memory and on disk. A hash, but a single symbol's hash is no secret: which symbols a PIN has
 * must not show in which files exist, so the service never writes PIN symbols on their first use (`Keep`).
 */
export function clipKey({ voice, engineVersion, rate, text }: ClipRequest): string {
  const parts = [voice.engine, engineVersion, voice.engineVoice, rate.toFixed(2), text];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Clips in memory (bounded by bytes, least recently used out) and, through `files`, on disk. */
export class ClipCache {
  readonly #memory: LRUCache<string, Entry>;
  readonly #files: ClipFiles;
  readonly #log: Logger;
  readonly #make: (request: ClipRequest) => Promise<Clip>;
  readonly #inFlight = new Map<string, Promise<Entry>>();

  constructor(deps: {
    memoryBytes: number;
    files: ClipFiles;
    log: Logger;
    make: (request: ClipRequest) => Promise<Clip>;
  }) {
    this.#memory = new LRUCache<string, Entry>({
      maxSize: deps.memoryBytes,
      sizeCalculation: ({ clip }) => clip.mulaw.byteLength + clip.pcm.byteLength + ENTRY_OVERHEAD,
    });
    this.#files = deps.files;
    this.#log = deps.log;
    this.#make = deps.make;
  }

  get bytes(): number {
    return this.#memory.calculatedSize;
  }

  /** From memory only; synchronous. */
  peek(request: ClipRequest): Clip | undefined {
    return this.#memory.get(clipKey(request))?.clip;
  }

  /**
   * From memory, disk or the engine; parallel calls for one clip share one synthesis.
   * @throws SpeechError of the engine
   */
  async get(request: ClipRequest, keep: Keep): Promise<Clip> {
    const key = clipKey(request);
    const entry = this.#memory.get(key) ?? (await this.#load(key, request));
    if (keep === 'disk' && !entry.onDisk) {
      // Set first: parallel callers need one write. A failed one is not tried again until the clip is remade.
      entry.onDisk = true;
      background(this.#log, 'writing a clip', this.#files.write(key, entry.clip));
    }
    return entry.clip;
  }

  #load(key: string, request: ClipRequest): Promise<Entry> {
    const running = this.#inFlight.get(key);
    if (running) return running;
    const loading = this.#readOrMake(key, request).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, loading);
    return loading;
  }

  async #readOrMake(key: string, request: ClipRequest): Promise<Entry> {
    const stored = await this.#files.read(key);
    const entry = { clip: stored ?? (await this.#make(request)), onDisk: stored !== undefined };
    this.#memory.set(key, entry);
    return entry;
  }
}
