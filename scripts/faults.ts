/**
 * `npm run test:faults`: the fault suite in its full form, one row of docs/RELIABILITY.md after the other, and the table there
 * written anew. Rows that are not run keep what they say.
 *
 *     node scripts/faults.ts               all rows (about an hour)
 *     node scripts/faults.ts F5 F27        these
 *     node scripts/faults.ts 'under load'  those that are about it
 *     node scripts/faults.ts --short …     in the form of `npm test`
 *     KILLS=20 node scripts/faults.ts F1   with fewer kills
 *     FAULT_SLACK=3 node scripts/faults.ts with three times the time that faults.md allows, on a machine that is busy
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

import { FAULT_ROWS, type FaultRow } from './faults-list.ts';

const ROOT = join(import.meta.dirname, '..');
const DOCUMENT = join(ROOT, 'docs/RELIABILITY.md');
const BEGIN = '<!-- faults: written by npm run test:faults -->';
const END = '<!-- faults: end -->';
const HEAD = '| fault | what | how | runs and figures | result | when |\n|---|---|---|---|---|---|';
/** Figures that say nothing where they are 0. */
const ONLY_IF = new Set([
  'refused',
  'lost',
  'unacknowledged',
  'leasedTimers',
  'eventsTwice',
  'exhausted',
  'callsForTextsNotTaken',
  // Where nothing was started again.
  'medianReadyMs',
  'worstReadyMs',
  'worstReadyQueuedMs',
]);

interface Recorded {
  readonly fault: string;
  readonly on: string;
  readonly runs: number;
  readonly figures: Readonly<Record<string, number | string>>;
}
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

const words = process.argv.slice(2);
const short = words.includes('--short');
const wanted = words.filter(word => !word.startsWith('--'));
/** By how much limits of time are multiplied, for a machine that does other things too. */
const slack = process.env.FAULT_SLACK ?? '1';
const scratch = mkdtempSync(join(tmpdir(), 'saypin-faults-'));
let failed = 0;
try {
  const lines = linesBefore();
  for (const row of FAULT_ROWS) {
    const isWanted =
      wanted.length === 0 ||
      wanted.some(word => row.fault.split(', ').includes(word) || row.what.includes(word));
    if (!isWanted) continue;
    const files = row.files.filter(file => existsSync(join(ROOT, file)));
    if (files.length === 0) continue;
    lines.set(keyOf(row), await lineOf(row, files));
    // After each row: a run of an hour that is broken off has not been for nothing.
    write(lines);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

/** Runs a row's tests, one file at a time: what they measure is not to be shared. */
async function lineOf(row: FaultRow, files: readonly string[]): Promise<string> {
  const results = join(scratch, 'results.ndjson');
  const report = join(scratch, 'report.json');
  for (const file of [results, report]) rmSync(file, { force: true });
  const filter = row.only === undefined ? [] : ['-t', row.only];
  const args = ['vitest', 'run', ...files, ...filter, '--no-file-parallelism'];
  const form = short ? {} : { FAULT_SLACK: slack, ...row.environment, ...given(row) };
  process.stdout.write(`\n${row.fault}: ${row.what}\n`);
  const child = spawn(
    'npx',
    [...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      // On the disk: named, the folder is left as it is (test/support/memory-folder.ts).
      env: { TMPDIR: tmpdir(), ...process.env, ...form, FAULT_RESULTS: results },
    },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) failed++;
  return render(row, code === 0, tested(report), measured(results));
}

/** KILLS and the like from outside win over those of the list. */
function given({ environment = {} }: FaultRow): Record<string, string> {
  return Object.fromEntries(
    Object.keys(environment).flatMap(name => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
}

function tested(path: string): string {
  if (!existsSync(path)) return 'no report';
  const {
    numPassedTests: passed,
    numFailedTests: bad,
    numPendingTests: skipped,
  } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  const parts = [
    `${passed} tests passed`,
    ...(bad > 0 ? [`${bad} failed`] : []),
    ...(skipped > 0 ? [`${skipped} not run`] : []),
  ];
  return parts.join(', ');
}

function measured(path: string): readonly Recorded[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map(line => JSON.parse(line) as Recorded);
}

function render(row: FaultRow, isGood: boolean, tests: string, results: readonly Recorded[]): string {
  const figures = results.map(
    ({ on, runs, figures: all }) =>
      `${on}: ${runs} ${runs === 1 ? 'run' : 'runs'}; ${Object.entries(all)
        .filter(([name, value]) => value !== 0 || !ONLY_IF.has(name))
        .map(([name, value]) => `${spoken(name)} ${value}`)
        .join(', ')}`,
  );
  const { stdout: commit } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const isEased = !short && slack !== '1';
  const when = `${new Date().toISOString().slice(0, 10)}, ${commit.trim()}${short ? ', short form' : ''}${isEased ? `, time limits × ${slack}` : ''}`;
  const cells = [
    row.fault,
    row.what,
    row.how,
    [...figures, tests].join('<br>'),
    isGood ? 'held' : '**broken**',
    when,
  ];
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** `worstReadyMs` → `worst ready ms`. */
function spoken(name: string): string {
  return name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);
}

function keyOf(row: FaultRow): string {
  return `| ${row.fault} | ${row.what} |`;
}

function linesBefore(): Map<string, string> {
  const lines = section().split('\n');
  return new Map(
    FAULT_ROWS.flatMap(row => {
      const line = lines.find(each => each.startsWith(keyOf(row)));
      return line === undefined ? [] : [[keyOf(row), line] as const];
    }),
  );
}

function section(): string {
  const text = readFileSync(DOCUMENT, 'utf8');
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END));
}

function write(lines: ReadonlyMap<string, string>): void {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [before, after] = [text.slice(0, text.indexOf(BEGIN) + BEGIN.length), text.slice(text.indexOf(END))];
  const rows = FAULT_ROWS.flatMap(row => lines.get(keyOf(row)) ?? []);
  writeFileSync(DOCUMENT, `${before}\n${machine()}\n\n${HEAD}\n${rows.join('\n')}\n${after}`);
}

function machine(): string {
  const redis =
    spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout?.match(/v=([\d.]+)/)?.[1] ?? 'none';
  const { version, versions } = process as typeof process & { versions: { sqlite?: string } };
  const model = cpus()[0]?.model.replace(/\s+/g, ' ').trim() ?? 'unknown';
  return `Last run: Node ${version}, SQLite ${versions.sqlite ?? '?'}, Redis ${redis}; ${cpus().length} × ${model}.`;
}
