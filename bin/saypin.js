#!/usr/bin/env node
// `npx saypin …` may be started by an old Node, which cannot read TypeScript: hands over to the Node that npm installed
// here (devDependency `node`). One that is new enough goes on by itself. Plain JavaScript for Node 18 and newer.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const OLDEST = 24;
const main = new URL('../src/cli/main.ts', import.meta.url);
// As src/compile-cache.ts, which would be loaded too late.
const compiled = fileURLToPath(new URL('../node_modules/.cache/saypin', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= OLDEST) {
  nodeModule.enableCompileCache(compiled);
  // As --disable-warning=ExperimentalWarning: node:sqlite's is no news to whoever runs this.
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning, ...more) => {
    const kind = typeof more[0] === 'object' ? more[0]?.type : more[0];
    if (kind !== 'ExperimentalWarning') emitWarning(warning, ...more);
  };
  await import(main.href);
} else {
  handOver();
}

function handOver() {
  const node = ['node', 'node.exe']
    .map(name => fileURLToPath(new URL(`../node_modules/node/bin/${name}`, import.meta.url)))
    .find(path => existsSync(path));
  if (node === undefined) {
    process.stderr.write(
      `saypin: needs Node ${OLDEST} or newer, and this is ${process.version}. ` +
        'Run `npm ci` in the folder of Saypin, which installs one there, or use a newer Node.\n',
    );
    process.exitCode = 1;
    return;
  }
  const args = ['--disable-warning=ExperimentalWarning', fileURLToPath(main), ...process.argv.slice(2)];
  const child = spawn(node, args, {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: compiled, ...process.env },
  });
  // The terminal sends Ctrl-C to both; who ends us by name means the command.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', error => {
    process.stderr.write(`saypin: cannot start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}
