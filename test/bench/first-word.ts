/**
 * From a fresh clone to the spoken PIN in the browser (issue: "under a minute after install, without reading anything"): clones this
 * repository's HEAD, runs the README's `npm ci` and `npm start`, opens the first page in Chromium, presses "Call me", answers as
 * soon as the phone rings, and waits for the first sound of the call at the page's loudspeaker. A person's own time is not in it.
 *
 *   node test/bench/first-word.ts
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { openBrowser, tapLoudspeaker } from '../support/browser.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'saypin-first-word-'));
const clone = join(folder, 'saypin');

/** Seconds that `step` takes. */
async function timed(what: string, step: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await step();
  const seconds = (performance.now() - began) / 1_000;
  console.log(`${what.padEnd(44)} ${seconds.toFixed(1).padStart(6)} s`);
  return seconds;
}

async function run(command: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { cwd: clone, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${code}`);
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return String(port);
}

spawnSync('git', ['clone', '--quiet', ROOT, clone], { stdio: 'inherit' });
const browser = await openBrowser();
let stop = (): void => undefined;
try {
  const install = await timed(
    'npm ci (packages from the registry or npm’s cache)',
    async () => await run('npm', 'ci', '--silent'),
  );
  const [port, simPort, mailPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const url = `http://127.0.0.1:${port}`;
  const start = await timed('npm start, until its ready line', async () => {
    const child = spawn('npm', ['start'], {
      cwd: clone,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, PORT: port, SIM_PORT: simPort, SIM_SMTP_PORT: mailPort },
    });
    // npm and what it started.
    stop = () => void process.kill(-child.pid!, 'SIGTERM');
    for await (const line of createInterface({ input: child.stdout })) if (line.includes('ready')) break;
  });

  const { page } = await browser.page(url, { tap: true });
  await page.route(
    address => address.origin === `http://127.0.0.1:${simPort}`,
    async route => await route.continue(),
  );
  await tapLoudspeaker(page);
  const shown = await timed('the first page, with its phone', async () => {
    await page.goto(url);
    await page.getByRole('button', { name: 'Call me' }).waitFor();
  });
  const phone = page.frameLocator('iframe');
  const rings = await timed('“Call me”, until the phone rings', async () => {
    await page.getByRole('button', { name: 'Call me' }).click();
    await phone.getByRole('button', { name: 'Answer' }).waitFor();
  });
  const frame = page.frames().find(each => each.url().startsWith(`http://127.0.0.1:${simPort}`));
  if (!frame) throw new Error('the page shows no phone');
  const word = await timed('“Answer”, until the first word', async () => {
    await phone.getByRole('button', { name: 'Answer' }).click();
    const answered = await frame.evaluate<number>('Date.now()');
    // What rang is over; a chunk is of a few milliseconds.
    await frame.waitForFunction(
      `window.__tap.some(({ at, samples }) => at > ${answered + 20} && samples.some(sample => Math.abs(sample) > 0.02))`,
      undefined,
      { polling: 10, timeout: 20_000 },
    );
  });
  console.log(
    `${(install + start + shown + rings + word).toFixed(1)} s together, ${(start + shown + rings + word).toFixed(1)} s after install; ` +
      `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`,
  );
  process.exitCode = start + shown + rings + word < 60 ? 0 : 1;
} finally {
  stop();
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
