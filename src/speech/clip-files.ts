import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clip } from './conditioner-worker.ts';
import { encodeMulaw } from './g711.ts';

/**
 * Clips on disk, a file each:
 *
 *     "SPCLIP1\n" (8) | SHA-256 of the samples (32) | 8 kHz 16-bit little-endian samples
 *
 * A file that is short, long or altered fails its checksum and counts as absent: it is remade.
 */
const MAGIC = Buffer.from('SPCLIP1\n');
const HEADER = MAGIC.length + 32;
const SUFFIX = '.clip';
const KEY = /^[0-9a-f]{64}$/;
/** The longest text at the slowest rate stays under ten minutes. */
const MAX_FILE_BYTES = HEADER + 10 * 60 * 8000 * 2;

export interface ClipFiles {
  /** undefined when absent or damaged. Never throws: a disk that fails costs a synthesis, not a call. */
  read(key: string): Promise<Clip | undefined>;
  /** @throws the file system's error; the clip is then simply not kept. */
  write(key: string, clip: Clip): Promise<void>;
  /** Resolves when no write is under way. */
  settled(): Promise<void>;
}

/** A bounded folder of clips: past `maxBytes` the oldest written go first. */
export function createClipFiles(folder: string, maxBytes: number): ClipFiles {
  const pathOf = (key: string): string => {
    if (!KEY.test(key)) throw new TypeError('not a clip key');
    return join(folder, `${key}${SUFFIX}`);
  };
  let opening: Promise<Map<string, number>> | undefined;
  /** Sizes by key, oldest first; read once, then kept up. */
  const open = (): Promise<Map<string, number>> => {
    opening ??= openFolder(folder).catch(error => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  /** One write at a time keeps the sum right. */
  let tail: Promise<void> = Promise.resolve();

  async function store(key: string, clip: Clip): Promise<void> {
    const sizes = await open();
    const bytes = encodeFile(clip);
    if (bytes.length > Math.min(MAX_FILE_BYTES, maxBytes)) return;
    sizes.delete(key);
    let total = bytes.length + [...sizes.values()].reduce((sum, size) => sum + size, 0);
    for (const [old, size] of sizes) {
      if (total <= maxBytes) break;
      await rm(pathOf(old), { force: true });
      sizes.delete(old);
      total -= size;
    }
    await writeAtomically(pathOf(key), bytes);
    sizes.set(key, bytes.length);
  }

  return {
    async read(key) {
      const raw = await readFile(pathOf(key)).catch(() => undefined);
      return raw && decodeFile(raw);
    },
    write(key, clip) {
      const done = tail.then(() => store(key, clip));
      tail = done.catch(() => undefined);
      return done;
    },
    settled: () => tail,
  };
}

/** A reader meets the old file or the new one, whole, even when we are killed in between. */
async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, bytes, { mode: 0o600, flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What is there already; halves of writes that a kill interrupted are removed. */
async function openFolder(folder: string): Promise<Map<string, number>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found: { key: string; size: number; writtenAt: number }[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.endsWith('.tmp')) {
      await rm(path, { force: true });
      continue;
    }
    const key = name.slice(0, -SUFFIX.length);
    if (!name.endsWith(SUFFIX) || !KEY.test(key)) continue;
    const { size, mtimeMs } = await stat(path);
    found.push({ key, size, writtenAt: mtimeMs });
  }
  return new Map(found.toSorted((a, b) => a.writtenAt - b.writtenAt).map(({ key, size }) => [key, size]));
}

function encodeFile({ pcm }: Clip): Buffer {
  const samples = Buffer.alloc(pcm.length * 2);
  for (let index = 0; index < pcm.length; index++) samples.writeInt16LE(pcm[index]!, index * 2);
  return Buffer.concat([MAGIC, createHash('sha256').update(samples).digest(), samples]);
}

function decodeFile(raw: Buffer): Clip | undefined {
  if (raw.length < HEADER || raw.length > MAX_FILE_BYTES) return undefined;
  if (!raw.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const samples = raw.subarray(HEADER);
  const checksum = createHash('sha256').update(samples).digest();
  if (samples.length % 2 !== 0 || !checksum.equals(raw.subarray(MAGIC.length, HEADER))) return undefined;
  const pcm = new Int16Array(samples.length / 2);
  for (let index = 0; index < pcm.length; index++) pcm[index] = samples.readInt16LE(index * 2);
  return { pcm, mulaw: encodeMulaw(pcm) };
}
