import { readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createClipFiles } from '../../src/speech/clip-files.ts';
import { ClipCache, clipKey, quantiseRate, type ClipRequest } from '../../src/speech/clips.ts';
import type { Clip } from '../../src/speech/conditioner-worker.ts';
import { encodeMulaw } from '../../src/speech/g711.ts';
import { settle } from '../support/fake-clock.ts';
import { captureLog, createToneEngine, temporaryFolder, tone } from './support.ts';

const [voice] = createToneEngine().voices();

function clipOf(ms: number): Clip {
  const pcm = tone({ hz: 440, ms, rate: 8_000, amplitude: 5_000 });
  return { pcm, mulaw: encodeMulaw(pcm) };
}

function ask(text: string, overrides: Partial<ClipRequest> = {}): ClipRequest {
  return { voice: voice!, engineVersion: '1', rate: 1, text, ...overrides };
}

async function setUp(
  options: { memoryBytes?: number; diskBytes?: number; folder?: string; clipMs?: number } = {},
) {
  const folder = options.folder ?? join(await temporaryFolder(), 'clips');
  const files = createClipFiles(folder, options.diskBytes ?? 10_000_000);
  const made: string[] = [];
  const { log, lines } = captureLog();
  let failure: Error | undefined;
  const cache = new ClipCache({
    memoryBytes: options.memoryBytes ?? 10_000_000,
    files,
    log,
    make: async ({ text }) => {
      made.push(text);
      await settle();
      if (failure) throw failure;
      return clipOf(options.clipMs ?? 100);
    },
  });
  const fail = (error: Error | undefined): void => void (failure = error);
  return { cache, files, folder, made, lines, fail };
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).toSorted();
}

describe('keys', () => {
  test('differ in every part that changes the sound', () => {
    const requests = [
      ask('five'),
      ask('six'),
      ask('five', { rate: 1.05 }),
      ask('five', { engineVersion: '2' }),
      ask('five', { voice: { ...voice!, engineVoice: 'other' } }),
      ask('five', { voice: { ...voice!, engine: 'other' } }),
    ];
    expect(new Set(requests.map(clipKey)).size).toBe(requests.length);
    expect(clipKey(ask('five', { voice: { ...voice!, name: 'Joanna' } }))).toBe(clipKey(ask('five')));
  });

  test.each([
    [1.02, 1],
    [1.03, 1.05],
    [0.1, 0.5],
    [9, 2],
    [Number.NaN, 1],
  ])('rate %d is heard as %d', (rate, heard) => {
    expect(quantiseRate(rate)).toBe(heard);
  });
});

describe('memory', () => {
  test('a clip is made once, also for parallel callers', async () => {
    const { cache, made } = await setUp();
    const clips = await Promise.all([1, 2, 3].map(() => cache.get(ask('five'), 'memory')));
    expect(new Set(clips).size).toBe(1);
    expect(await cache.get(ask('five'), 'memory')).toBe(clips[0]);
    expect(made).toEqual(['five']);
  });

  test('a failure is not kept', async () => {
    const { cache, made, fail } = await setUp();
    fail(new Error('engine'));
    const failures = await Promise.allSettled([cache.get(ask('a'), 'disk'), cache.get(ask('a'), 'memory')]);
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fail(undefined);
    await cache.get(ask('a'), 'memory');
    expect(made).toEqual(['a', 'a']);
  });

  test('is bounded by bytes, and the least recently heard goes first', async () => {
    // 100 ms are 2,400 bytes and an overhead of 500.
    const { cache, made } = await setUp({ memoryBytes: 3 * 2_900 });
    for (const text of ['a', 'b', 'c']) await cache.get(ask(text), 'memory');
    cache.peek(ask('a'));
    await cache.get(ask('d'), 'memory');
    expect(['a', 'b', 'c', 'd'].map(text => cache.peek(ask(text)) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    for (let index = 0; index < 100; index++) await cache.get(ask(`text ${index}`), 'memory');
    expect(cache.bytes).toBeLessThanOrEqual(3 * 2_900);
    expect(made).toHaveLength(104);
  });

  test('a clip larger than the whole cache is given out and not kept', async () => {
    const { cache } = await setUp({ memoryBytes: 1_000 });
    expect((await cache.get(ask('long'), 'memory')).mulaw).toHaveLength(800);
    expect(cache.bytes).toBe(0);
  });
});

describe('disk', () => {
  test('a kept clip outlives the process, to the sample', async () => {
    const first = await setUp();
    const clip = await first.cache.get(ask('Your code is'), 'disk');
    await first.files.settled();
    const second = await setUp({ folder: first.folder });
    expect(await second.cache.get(ask('Your code is'), 'memory')).toEqual(clip);
    expect(second.made).toEqual([]);
  });

  test('what is for memory is never written', async () => {
    const { cache, files, folder } = await setUp();
    await cache.get(ask('Maria'), 'memory');
    await cache.get(ask('kept'), 'disk');
    await files.settled();
    expect(await namesIn(folder)).toEqual([`${clipKey(ask('kept'))}.clip`]);
  });

  test('a clip in memory is written when it is asked to be kept later', async () => {
    const { cache, files, folder, made } = await setUp();
    await cache.get(ask('five'), 'memory');
    await cache.get(ask('five'), 'disk');
    await files.settled();
    expect(await namesIn(folder)).toHaveLength(1);
    expect(made).toEqual(['five']);
  });

  test('names and contents show no text', async () => {
    const { cache, files, folder } = await setUp();
    await cache.get(ask('Geheimwort'), 'disk');
    await files.settled();
    const [name] = await namesIn(folder);
    expect(name).toMatch(/^[0-9a-f]{64}\.clip$/);
    const raw = await readFile(join(folder, name!));
    expect(raw.includes('Geheimwort')).toBe(false);
    expect((await stat(join(folder, name!))).mode & 0o077).toBe(0);
  });

  test.each([
    ['cut short', (path: string) => truncate(path, 700)],
    ['empty', (path: string) => truncate(path, 0)],
    [
      'altered',
      async (path: string) => {
        const raw = await readFile(path);
        raw[200]! ^= 1;
        await writeFile(path, raw);
      },
    ],
    [
      'longer',
      async (path: string) => writeFile(path, Buffer.concat([await readFile(path), Buffer.alloc(2)])),
    ],
  ])('a file that is %s is ignored and remade', async (_, damage) => {
    const first = await setUp();
    const clip = await first.cache.get(ask('five'), 'disk');
    await first.files.settled();
    const [name] = await namesIn(first.folder);
    const path = join(first.folder, name!);
    await damage(path);
    const second = await setUp({ folder: first.folder });
    expect(await second.cache.get(ask('five'), 'disk')).toEqual(clip);
    expect(second.made).toEqual(['five']);
    await second.files.settled();
    const third = await setUp({ folder: first.folder });
    await third.cache.get(ask('five'), 'memory');
    expect(third.made).toEqual([]);
  });

  test('is bounded: the oldest files go, and those of earlier runs are counted', async () => {
    const size = 40 + 100 * 16;
    const first = await setUp({ diskBytes: 3 * size });
    for (const [index, text] of ['a', 'b', 'c'].entries()) {
      await first.cache.get(ask(text), 'disk');
      await first.files.settled();
      await utimes(join(first.folder, `${clipKey(ask(text))}.clip`), 1_000 + index, 1_000 + index);
    }
    const second = await setUp({ folder: first.folder, diskBytes: 3 * size });
    await second.cache.get(ask('d'), 'disk');
    await second.files.settled();
    const expected = ['b', 'c', 'd'].map(text => `${clipKey(ask(text))}.clip`);
    expect(await namesIn(first.folder)).toEqual(expected.toSorted());
  });

  test('what an interrupted write left behind is cleared away', async () => {
    const first = await setUp();
    await first.cache.get(ask('a'), 'disk');
    await first.files.settled();
    await writeFile(join(first.folder, `${clipKey(ask('b'))}.clip.1.tmp`), 'half');
    const second = await setUp({ folder: first.folder });
    await second.cache.get(ask('c'), 'disk');
    await second.files.settled();
    expect(await namesIn(first.folder)).toHaveLength(2);
  });

  test('a disk that takes nothing costs no call: the failure is logged without the text', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'clips'), 'a file where the folder should be');
    const { cache, lines } = await setUp({ folder: join(folder, 'clips') });
    expect((await cache.get(ask('Geheimwort'), 'disk')).mulaw).toHaveLength(800);
    await expect.poll(() => lines).toHaveLength(1);
    expect(lines[0]).toContain('writing a clip failed');
    expect(lines[0]).not.toContain('Geheimwort');
  });

  test('only keys name files', async () => {
    const files = createClipFiles(await temporaryFolder(), 1_000_000);
    await expect(async () => files.read('../../etc/passwd')).rejects.toThrow(TypeError);
  });
});
