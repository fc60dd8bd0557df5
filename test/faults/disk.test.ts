import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { dumpSqlite } from '../support/sqlite-dump.ts';
import { eventually } from '../support/service.ts';
import { settleAndCheck } from './checker.ts';
import { Load } from './load.ts';
import { FULL, record, times } from './results.ts';
import { EIO, noShim, Shim } from './shim.ts';
import { ATTEMPTS, SLACK, World } from './world.ts';

/** faults.md F10 and F11, over the running service: the disk is full, or does not take what it was given. Embedded store only. */
const GUESSES = 1_000;
const SENDS = 50;
/** A second, in which readiness does not ask the store again, and what the asking takes. */
const UNREADY_MS = 1_500;

/** A disk that a test can take away. */
interface Disk {
  readonly environment: Readonly<Record<string, string>>;
  full(world: World): void;
  empty(world: World): void;
  close(): void;
  /** How often it said no, where it can count. */
  refused(): number | undefined;
}

const limitFiles = (world: World, bytes: number | 'unlimited'): void => {
  execFileSync('prlimit', ['--pid', String(world.service.pid), `--fsize=${bytes}:unlimited`]);
};

function fileLimit(): Disk {
  return {
    environment: {},
    full: world => limitFiles(world, statSync(join(world.service.dataDir, 'saypin.db-wal')).size),
    empty: world => limitFiles(world, 'unlimited'),
    close: () => {},
    refused: () => undefined,
  };
}

/** A real one, of memory, that is filled to the last block. */
function smallDisk(): Disk {
  const folder = mkdtempSync(join(tmpdir(), 'saypin-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder]);
  const ballast = join(folder, 'ballast');
  return {
    environment: { DATA_DIR: join(folder, 'data') },
    full() {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(ballast, Buffer.alloc(bavail * bsize));
    },
    empty: () => rmSync(ballast),
    close() {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    },
    refused: () => undefined,
  };
}

function brokenDisk(): Disk {
  const shim = new Shim();
  return {
    environment: shim.environment,
    full: () => shim.set('fsyncErrno', EIO),
    empty: () => shim.set('fsyncErrno', 0),
    close: () => shim.close(),
    refused: () => shim.get('fsyncsFailed'),
  };
}

const noPrlimit = spawnSync('prlimit', ['--version']).status === 0 ? undefined : 'no prlimit';
const noMount: string | undefined = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'saypin-mount-'));
  try {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status !== 0)
      return 'mount is not allowed';
    execFileSync('umount', [folder]);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
})();

const DISKS = [
  { fault: 'F10', name: 'no file may grow', make: fileLimit, absent: noPrlimit },
  { fault: 'F10', name: 'the disk is full', make: smallDisk, absent: noMount },
  { fault: 'F11', name: 'fsync says EIO', make: brokenDisk, absent: noShim },
];

for (const { fault, name, make, absent } of FULL ? DISKS : DISKS.filter(disk => disk.make !== smallDisk)) {
  test.skipIf(absent)(absent ? `${name} (${absent})` : name, { timeout: 180_000 }, async () => {
    const disk = make();
    const world = await World.start({ store: 'sqlite', environment: disk.environment }).catch(
      (error: unknown) => {
        disk.close();
        throw error;
      },
    );
    try {
      const load = new Load(world, name);
      const { service } = world;
      const target = await load.create('+41793900001', 3);
      const pin = (await load.pin('+41793900001'))!;
      await load.quiet();
      const wrong = pin.replace(/.$/, last => String((Number(last) + 1) % 10));
      const before = counts(world);

      world.journal.note({ what: 'fault', name });
      disk.full(world);
      const sick = performance.now();
      await eventually(
        'readiness to end',
        async () => (await service.api('GET', '/health/ready')).status === 503,
        5_000,
      );
      const unreadyMs = performance.now() - sick;
      // What is refused is refused at once, and a send is told so before it is tried.
      const sends = await Promise.all(
        Array.from({ length: SENDS }, (_, index) => status(world, `+4179391${index + 1000}`)),
      );
      const guesses = await Promise.all(Array.from({ length: GUESSES }, () => load.check(target!, wrong)));
      const rights = await Promise.all(Array.from({ length: 20 }, () => load.check(target!, pin)));
      expect(
        sends.filter(answer => answer === 201),
        'acknowledged without a commit',
      ).toEqual([]);
      expect(new Set([...guesses, ...rights]), 'compared without being counted').toEqual(
        new Set(['http 503']),
      );
      expect(counts(world), 'what was refused was written').toEqual(before);
      if (disk.refused() !== undefined)
        expect(disk.refused(), 'the disk never said no: a vacuous run').toBeGreaterThan(0);

      disk.empty(world);
      const healthy = performance.now();
      await eventually(
        'readiness',
        async () => (await service.api('GET', '/health/ready')).status === 200,
        10_000,
      );
      const healedMs = performance.now() - healthy;
      const after = await Promise.all(Array.from({ length: 20 }, () => load.check(target!, wrong)));
      expect(after.filter(answer => answer === 'wrong')).toHaveLength(ATTEMPTS);
      for (const destiny of [0, 1, 5] as const) await load.story(destiny);

      // Nothing that was refused comes back out of the log.
      await world.kill();
      await world.restart();
      const { wrong: violations, figures } = await settleAndCheck(world, load);
      record({
        fault,
        on: `sqlite, ${name}`,
        runs: 1,
        figures: {
          refused: SENDS + guesses.length + rights.length,
          unreadyMs: Math.round(unreadyMs),
          healedMs: Math.round(healedMs),
        },
      });
      expect(violations).toEqual([]);
      expect(unreadyMs).toBeLessThan(UNREADY_MS * SLACK);
      expect(figures.verified).toBe(2);
    } finally {
      await world.close();
      disk.close();
    }
  });
}

test.skipIf(noShim)(
  'fsync fails now and then under load, and is slow: what is there is what was acknowledged',
  { timeout: 240_000 },
  async () => {
    const shim = new Shim();
    const world = await World.start({ store: 'sqlite', environment: shim.environment });
    const rounds = Math.min(times(3), 20);
    const load = new Load(world, 'now and then');
    try {
      shim.set('fsyncDelayUs', 2_000);
      load.start(16);
      for (let round = 0; round < rounds; round++) {
        await load.progress(5);
        world.journal.note({ what: 'fault', name: 'fsync EIO' });
        shim.set('fsyncErrno', EIO);
        const before = shim.get('fsyncsFailed');
        await eventually('the disk to say no', async () => shim.get('fsyncsFailed') > before);
        await pause(40);
        shim.set('fsyncErrno', 0);
      }
      await load.progress(5);
      await load.stop();
      shim.set('fsyncDelayUs', 0);
      const failed = shim.get('fsyncsFailed');
      await world.kill();
      await world.restart();
      const { wrong, figures } = await settleAndCheck(world, load);
      record({
        fault: 'F11',
        on: 'sqlite, now and then, 2 ms each',
        runs: rounds,
        figures: { ...figures, fsyncsFailed: failed },
      });
      expect(wrong).toEqual([]);
      expect(failed, 'a vacuous run').toBeGreaterThanOrEqual(rounds);
      expect(figures.refused, 'no send was refused: a vacuous run').toBeGreaterThan(0);
      expect(figures.acknowledged).toBeGreaterThan(10);
    } finally {
      await load.stop();
      await world.close();
      shim.close();
    }
  },
);

async function status(world: World, to: string): Promise<number> {
  const body = { to, applicationId: world.ids.applicationId, template: world.ids.messageId };
  return (await world.service.api('POST', '/v1/verifications', body)).status;
}

/** The rows that a refused request must not have changed. */
function counts(world: World) {
  const { pins } = dumpSqlite(join(world.service.dataDir, 'saypin.db'));
  return pins.map(({ pinId, state, comparisons, attemptsUsed }) => ({
    pinId,
    state,
    comparisons,
    attemptsUsed,
  }));
}
