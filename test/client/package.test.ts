import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, it } from 'vitest';

/** The client as those have it who install the package: plain JavaScript under `node_modules`, with its declarations. */
const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
let folder: string;
let server: Server;

beforeAll(async () => {
  await run(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    join(root, 'scripts/build-client.ts'),
  ]);
  folder = mkdtempSync(join(tmpdir(), 'saypin-client-'));
  const installed = join(folder, 'node_modules/saypin');
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id: 'A', path: request.url, key: request.headers.authorization }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

it('runs without anything that strips types', async () => {
  const { port } = server.address() as { port: number };
  const script = join(folder, 'use.mjs');
  writeFileSync(
    script,
    `import { createClient } from 'saypin/client';
     const client = createClient({ baseUrl: 'http://127.0.0.1:${port}', apiKey: 'k' });
     console.log(JSON.stringify(await client.get('A')));`,
  );
  const { stdout } = await run(process.execPath, ['--no-experimental-strip-types', script]);
  expect(JSON.parse(stdout)).toEqual({ id: 'A', path: '/v1/verifications/A', key: 'App k' });
});

it('brings its types', async () => {
  for (const name of ['zod', 'fastify', 'pino', '@types', 'undici-types', 'libphonenumber-js', 'typescript'])
    cpSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true });
  const file = join(folder, 'use.mts');
  const check = async (code: string) => {
    writeFileSync(file, `import { createClient } from 'saypin/client';\n${code}`);
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024'];
    return await run(process.execPath, [compiler, ...options, '--types', 'node', file], { cwd: folder }).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
  };
  const use = "const client = createClient({ baseUrl: 'http://x', apiKey: 'k' });";
  expect(await check(`${use} const left: number = (await client.get('A')).attemptsLeft;  void left;`)).toBe(
    '',
  );
  expect(
    await check(`${use} const left: string = (await client.get('A')).attemptsLeft; void left;`),
  ).toContain("'number' is not assignable to type 'string'");
});
