/**
 * Builds the client for those who install the package: plain JavaScript for any Node from 20 on, since Node strips no types
 * within node_modules, and declarations where TypeScript is there (an installation without development dependencies needs
 * none). Run by `npm ci` and `npm pack`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const from = join(root, 'src/client');
const to = join(root, 'dist/client');

rmSync(join(root, 'dist'), { recursive: true, force: true });
mkdirSync(to, { recursive: true });
for (const file of readdirSync(from)) {
  const code = stripTypeScriptTypes(readFileSync(join(from, file), 'utf8'));
  // What is imported for its types alone is gone by now.
  writeFileSync(join(to, file.replace(/\.ts$/, '.js')), code.replace(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'"));
}

const compiler = join(root, 'node_modules/typescript/bin/tsc');
if (existsSync(compiler)) {
  execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.client.json')], { stdio: 'inherit' });
}
