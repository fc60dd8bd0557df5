import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { CliError } from '../cli-error.ts';
import type { Environment } from '../connect.ts';

interface Player {
  readonly name: string;
  readonly args: readonly string[];
  /** It cannot read its input, and is given a file. */
  readonly wantsFile?: true;
}

const PLAYERS: readonly Player[] = [
  { name: 'aplay', args: ['-q', '-'] },
  { name: 'afplay', args: [], wantsFile: true },
  { name: 'ffplay', args: ['-nodisp', '-autoexit', '-loglevel', 'error', '-i', '-'] },
  { name: 'play', args: ['-q', '-t', 'wav', '-'] },
];

/** Plays a WAV with whichever player is on the PATH, and resolves when it has been heard. @throws CliError failed */
export async function play(wav: Uint8Array, environment: Environment): Promise<void> {
  const found = PLAYERS.map(player => ({ player, path: onPath(player.name, environment) })).find(
    ({ path }) => path !== undefined,
  );
  if (!found?.path) {
    throw new CliError(
      'failed',
      'there is no aplay, afplay, ffplay or play (sox) on the PATH: install one, or write a file with -o',
    );
  }
  const { player, path } = found;
  const folder = player.wantsFile ? mkdtempSync(join(tmpdir(), 'saypin-')) : undefined;
  try {
    const args = [...player.args];
    if (folder !== undefined) {
      const file = join(folder, 'say.wav');
      writeFileSync(file, wav, { mode: 0o600 });
      args.push(file);
    }
    await listen(path, args, folder === undefined ? wav : undefined);
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function onPath(name: string, environment: Environment): string | undefined {
  return (environment['PATH'] ?? '')
    .split(delimiter)
    .filter(folder => folder !== '')
    .map(folder => join(folder, name))
    .find(path => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

async function listen(path: string, args: readonly string[], wav: Uint8Array | undefined): Promise<void> {
  const child = spawn(path, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => void (said = (said + chunk.toString()).slice(0, 300)));
  // A player that ends early says why on its own.
  child.stdin.on('error', () => {});
  child.stdin.end(wav);
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new CliError('failed', `${path}: ${why}`));
    child.once('error', error => fail(error.message));
    child.once('close', code =>
      code === 0 ? resolve() : fail(said.trim().split('\n', 1)[0] || `ended with ${String(code)}`),
    );
  });
}
