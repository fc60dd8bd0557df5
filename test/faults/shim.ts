import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The fields of `struct control` in shim.c, in its order. */
const FIELDS = ['wallOffsetMs', 'fsyncErrno', 'fsyncDelayUs', 'fsyncs', 'fsyncsFailed', 'wallReads'] as const;
type Field = (typeof FIELDS)[number];

export const EIO = 5;

/** Why shim.c cannot be used here; undefined where it can. */
export const noShim: string | undefined = (() => {
  if (process.platform !== 'linux') return 'LD_PRELOAD is for Linux';
  return spawnSync('gcc', ['--version']).status === 0 ? undefined : 'no gcc on PATH';
})();

/** The library under a running service: its wall clock and its disk in the hand of the test. */
export class Shim {
  /** For the service. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #file: number;

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'saypin-shim-'));
    const library = join(this.#folder, 'shim.so');
    const source = join(import.meta.dirname, 'shim.c');
    const built = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], {
      encoding: 'utf8',
    });
    if (built.status !== 0) throw new Error(`shim.c: ${built.stderr}`);
    const control = join(this.#folder, 'control');
    writeFileSync(control, Buffer.alloc(8 * FIELDS.length), { mode: 0o600 });
    this.#file = openSync(control, 'r+');
    this.environment = { LD_PRELOAD: library, SHIM_CONTROL: control };
  }

  set(field: 'wallOffsetMs' | 'fsyncErrno' | 'fsyncDelayUs', value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    writeSync(this.#file, bytes, 0, 8, 8 * FIELDS.indexOf(field));
  }

  get(field: Field): number {
    const bytes = Buffer.alloc(8);
    readSync(this.#file, bytes, 0, 8, 8 * FIELDS.indexOf(field));
    return Number(bytes.readBigInt64LE());
  }

  close(): void {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
