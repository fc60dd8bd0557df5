import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { KEYS } from '../support/api-server.ts';
import type { AuthServer } from '../api/auth/rig.ts';
import { freePort } from '../support/service.ts';
import { listening } from './rig.ts';

const ROOT = join(import.meta.dirname, '../..');
const LAUNCHER = join(ROOT, 'bin/saypin.js');

/** The machine's own Node, which may be too old for TypeScript; ours where there is no other. */
const own = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter(folder => !folder.includes('node_modules'))
  .map(folder => join(folder, 'node'))
  .find(path => existsSync(path));

// Each starts programs, some of them the whole service.
vi.setConfig({ testTimeout: 60_000 });

let server: AuthServer;
let environment: Record<string, string>;
beforeAll(async () => {
  ({ server, environment } = await listening());
});
afterAll(async () => await server.close());

async function launch(
  node: string,
  argv: readonly string[],
  launcher = LAUNCHER,
): Promise<{ code: number; out: string; error: string }> {
  return await new Promise(resolve => {
    const env = { ...environment, API_KEY: KEYS.all };
    const child = execFile(node, [launcher, ...argv], { env }, (error, out, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, out, error: stderr });
    });
    child.stdin?.end();
  });
}

describe('bin/saypin.js', () => {
  it.each([
    ['this Node', process.execPath],
    ['the machine’s own Node', own ?? process.execPath],
  ])('runs the command under %s, and ends as it does', async (_what, node) => {
    const made = await launch(node, ['keys', 'create', '--name', 'launched']);
    expect(made).toMatchObject({
      code: 0,
      error: expect.stringMatching(/^Made "launched", [^\n]+\n$/) as string,
    });
    expect(await server.knock(`App ${made.out.trim()}`)).toBe(200);
    expect(await launch(node, ['keys', 'revoke', 'none'])).toStrictEqual({
      code: 3,
      out: '',
      error: 'saypin: there is no key "none"; see saypin keys list\n',
    });
  });

  it('says what to do where there is no Node that is new enough', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'saypin-launcher-'));
    mkdirSync(join(folder, 'bin'));
    cpSync(LAUNCHER, join(folder, 'bin/saypin.mjs'));
    const version = await new Promise<string>(resolve =>
      execFile(own ?? process.execPath, ['--version'], (_error, out) => resolve(out)),
    );
    const ended = await launch(own ?? process.execPath, ['--help'], join(folder, 'bin/saypin.mjs'));
    rmSync(folder, { recursive: true });
    // A new enough one goes on, and finds nothing to run here.
    expect(ended.code).toBe(1);
    if (Number(/\d+/.exec(version)?.[0]) < 24) expect(ended.error).toMatch(/needs Node 24 .*npm ci/);
  });

  it.each([
    ['serve', /^Saypin is ready: http:\/\/127\.0\.0\.1:/],
    ['sim', /^simulator ready on http:\/\/127\.0\.0\.1:/],
  ])('runs %s until it is told to stop', async (command, ready) => {
    const folder = mkdtempSync(join(tmpdir(), 'saypin-launcher-'));
    const env = {
      PORT: String(await freePort()),
      SIM_PORT: String(await freePort()),
      SIM_SMTP_PORT: String(await freePort()),
      DATA_DIR: folder,
      LOG_LEVEL: 'error',
    };
    const child = spawn(own ?? process.execPath, [LAUNCHER, command], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'exit');
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer | number];
    expect(String(line)).toMatch(ready);
    // It prints its line before it listens to signals; once it answers, it does.
    await (await fetch(/http:\S+\d/.exec(String(line))![0])).arrayBuffer();
    child.kill('SIGTERM');
    expect(await ended).toStrictEqual([0, null]);
    expect(said).toBe('');
    rmSync(folder, { recursive: true });
  });

  it('makes a sound with what is on the disk already', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'saypin-launcher-'));
    environment = { ...environment, DATA_DIR: folder };
    const argv = [
      'say',
      'Your code is,, {{pin}}',
      '--pin',
      '5842',
      '--rate',
      '0.7',
      '-o',
      join(folder, 'x.wav'),
    ];
    expect((await launch(process.execPath, argv)).code).toBe(0);
    const before = performance.now();
    expect((await launch(process.execPath, argv)).code).toBe(0);
    process.stdout.write(
      `  npx saypin say, clips warm, start to end: ${Math.round(performance.now() - before)} ms\n`,
    );
    rmSync(folder, { recursive: true });
  });
});
