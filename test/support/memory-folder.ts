import { mkdtempSync, rmSync, statfsSync } from 'node:fs';

const MEMORY = '/dev/shm';
/** A run holds some 50 MB at a time, but `saypin doctor` warns of a disk with less than a gigabyte. */
const LEAST_BYTES = 2 * 1024 ** 3;

/**
 * Runs around the whole of `npm test`: what tests keep in `tmpdir()` is kept in memory where the system has room (Linux, and no
 * container with the 64 MB of Docker). They open a thousand SQLite files, and a disk makes each commit of those wait for it.
 * Services that tests start keep theirs on the disk, see `canary-run.ts`.
 */
export function setup(): (() => void) | undefined {
  if (process.env.TMPDIR !== undefined || freeBytes() < LEAST_BYTES) return undefined;
  const folder = mkdtempSync(`${MEMORY}/saypin-tests-`);
  process.env.TMPDIR = folder;
  return () => {
    delete process.env.TMPDIR;
    rmSync(folder, { recursive: true, force: true });
  };
}

function freeBytes(): number {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
