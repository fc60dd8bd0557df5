/**
 * `npm run test:mutants`: breaks one guard at a time in a copy of the tree, and runs the smallest tests that must turn red. A guard that
 * can be taken away without a test noticing fails the run.
 *
 *     node scripts/mutants.ts            all of them (minutes)
 *     node scripts/mutants.ts --quick    three
 *     node scripts/mutants.ts <name> …   those whose name contains one of the words
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { MUTANTS, type Mutant } from './mutants-list.ts';

const ROOT = join(import.meta.dirname, '..');
const TIMEOUT_MS = 300_000;
const QUICK = 3;

/** What tests said of the tree as it is. */
const green = new Map<string, boolean>();

type Fate = 'killed' | 'SURVIVED' | 'TESTS ALREADY FAIL' | 'PATTERN NOT FOUND ONCE' | 'NO LONGER PARSES';

const words = process.argv.slice(2);
const chosen = words.includes('--quick')
  ? MUTANTS.slice(0, QUICK)
  : MUTANTS.filter(({ name }) => words.length === 0 || words.some(word => name.includes(word)));
if (chosen.length === 0) fail(`no mutant is called ${words.join(' or ')}`);

const tree = mkdtempSync(join(tmpdir(), 'saypin-mutants-'));
try {
  copyTree();
  const fates: { mutant: Mutant; fate: Fate; seconds: number }[] = [];
  for (const mutant of chosen) {
    const began = performance.now();
    const fate = await fateOf(mutant);
    const seconds = Math.round((performance.now() - began) / 1_000);
    fates.push({ mutant, fate, seconds });
    process.stdout.write(`${fate.padEnd(10)} ${mutant.name} (${seconds} s; ${mutant.tests.join(' ')})\n`);
  }
  const bad = fates.filter(({ fate }) => fate !== 'killed');
  process.stdout.write(`${fates.length - bad.length} of ${fates.length} guards are held by tests\n`);
  if (bad.length > 0) process.exitCode = 1;
} finally {
  rmSync(tree, { recursive: true, force: true });
}

/** What git knows of, as it lies here; and the packages. */
function copyTree(): void {
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const file of stdout.split('\n').filter(Boolean)) {
    // Deleted, and not committed yet; or a link to a folder.
    if (!statSync(join(ROOT, file), { throwIfNoEntry: false })?.isFile()) continue;
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(ROOT, file), join(tree, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
}

async function fateOf(mutant: Mutant): Promise<Fate> {
  const path = join(tree, mutant.file);
  const before = readFileSync(path, 'utf8');
  if (before.split(mutant.find).length !== 2) return 'PATTERN NOT FOUND ONCE';
  const after = before.replace(mutant.find, () => mutant.replace);
  // A file that cannot be loaded turns everything red, and shows nothing.
  if (mutant.file.endsWith('.ts') && !parses(after)) return 'NO LONGER PARSES';
  writeFileSync(path, after);
  let passed: boolean;
  try {
    passed = await testsPass(mutant);
  } finally {
    writeFileSync(path, before);
  }
  if (passed) return 'SURVIVED';
  // Red says something only about tests that are green without the mutant.
  return (await testsPass(mutant)) ? 'killed' : 'TESTS ALREADY FAIL';
}

function parses(source: string): boolean {
  try {
    stripTypeScriptTypes(source);
    return true;
  } catch {
    return false;
  }
}

async function testsPass(mutant: Mutant): Promise<boolean> {
  const intact =
    readFileSync(join(tree, mutant.file), 'utf8') === readFileSync(join(ROOT, mutant.file), 'utf8');
  const filter = mutant.only === undefined ? [] : ['-t', mutant.only];
  const args = ['vitest', 'run', '--bail=1', ...mutant.tests, ...filter];
  const key = args.join(' ');
  if (intact && green.has(key)) return green.get(key) ?? false;
  const child = spawn('npx', args, {
    cwd: tree,
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, SAYPIN_TEST_RUN: '' },
  });
  const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), TIMEOUT_MS);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  if (intact) green.set(key, code === 0);
  return code === 0;
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
