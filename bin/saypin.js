#!/usr/bin/env node
// `npx saypin …` may be started by an old Node, which cannot read TypeScript: hands over to the Node that npm installed
// here (devDependency `node`), and else goes on with its own. Plain JavaScript for Node 18 and newer.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const OLDEST = 24;
const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const installed = ['node', 'node.exe']
  .map(name => fileURLToPath(new URL(`../node_modules/node/bin/${name}`, import.meta.url)))
  .find(path => existsSync(path));
const isNew = Number(process.versions.node.split('.')[0]) >= OLDEST;
const node = isNew ? process.execPath : installed;

if (node === undefined) {
  process.stderr.write(
    `saypin: needs Node ${OLDEST} or newer, and this is ${process.version}. ` +
      'Run `npm ci` in the folder of Saypin, which installs one there, or use a newer Node.\n',
  );
  process.exitCode = 1;
} else {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], {
    stdio: 'inherit',
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
