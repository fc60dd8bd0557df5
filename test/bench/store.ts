/**
 * Durable sends and verifications a second of the SQLite store, `inFlight` at once, beside the floor of this machine: a
 * bare table with one row a durable transaction, and with one row each in shared transactions of the same size. Then what
 * time tells of a pinId (security.md: medians of unknown and wrong differ by less than 0.5 ms), and how late timers are.
 *
 * With `--store redis` the same of the Redis store, on a redis-server of our own: see store-redis.ts.
 *
 *   node test/bench/store.ts [--store sqlite|redis] [seconds=2] [inFlight=64] [folder=a temporary one]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';

import { systemClock } from '../../src/clock.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { Writer } from '../../src/store/sqlite/writer.ts';
import { attempt, createdPin, pinId, pinRequest } from '../support/store-fixtures.ts';
import { measure, print, quantile } from './store-rate.ts';
import { benchRedis } from './store-redis.ts';
import { benchTimers } from './store-timers.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { store: { type: 'string', default: 'sqlite' } },
});
const seconds = Number(positionals[0] ?? 2);
const inFlight = Number(positionals[1] ?? 64);
if (values.store === 'redis') process.exit((await benchRedis({ seconds, inFlight })) ? 0 : 1);
const folder = mkdtempSync(join(positionals[2] ?? tmpdir(), 'saypin-bench-'));

const bare = new DatabaseSync(join(folder, 'floor.db'));
bare.exec(
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)',
);
const sqlite = String(bare.prepare('SELECT sqlite_version() AS v').get()?.['v']);
console.log(`node ${process.version}, SQLite ${sqlite}, ${seconds} s each, ${inFlight} in flight, ${folder}`);

const insert = bare.prepare('INSERT INTO t (x) VALUES (?)');
// oxlint-disable-next-line typescript/require-await -- the floor is synchronous
const single = await measure({ seconds, workers: 1 }, async () => insert.run('x'));
print('floor: one row, one commit', single);
const writer = new Writer(bare);
const grouped = await measure({ seconds, workers: inFlight }, () => writer.write(() => insert.run('x')));
print('floor: one row, shared commits', grouped);
bare.close();

const store = await openSqliteStore({ path: join(folder, 'saypin.db'), clock: systemClock });
const daily = { attempts: 10_000_000, windowMs: 86_400_000 };
const timers = (id: string) => [{ id, kind: 'dial', inMs: 60_000, data: { id } }];
let serial = 0;
print(
  'createPin, one at a time',
  await measure({ seconds, workers: 1 }, () => createdPin(store, { timers: timers(`s${serial++}`) })),
  single,
);
const create = await measure({ seconds, workers: inFlight }, () => {
  const limits = { perApplication: daily, perNumber: daily };
  return createdPin(store, { limits, timers: timers(`t${serial++}`) });
});
print('createPin', create, single);

const pins: Awaited<ReturnType<typeof createdPin>>['pin']['pinId'][] = [];
for (let n = 0; n < 200; n++) pins.push((await createdPin(store, { attempts: 1_000_000 })).pin.pinId);
let turn = 0;
const wrong = await measure({ seconds, workers: inFlight }, () =>
  attempt(store, pins[turn++ % pins.length] ?? pinId(), false),
);
print('attemptPin, wrong', wrong, single);
// One busy application and number: the windows hold everything that this run sent.
const crowded = pinRequest().pin.applicationId;
const busy = await measure({ seconds, workers: inFlight }, () =>
  createdPin(store, { applicationId: crowded, limits: { perApplication: daily, perNumber: daily } }),
);
print('createPin, all of one number', busy, single);

const [known, unknown]: [number[], number[]] = [[], []];
for (let n = 0; n < 5000; n++) {
  const id = pins[n % pins.length] ?? pinId();
  for (const [target, list] of n % 2 === 0
    ? ([
        [id, known],
        [pinId(), unknown],
      ] as const)
    : ([
        [pinId(), unknown],
        [id, known],
      ] as const)) {
    const before = performance.now();
    await attempt(store, target, false);
    list.push(performance.now() - before);
  }
}
const median = (list: number[]) =>
  quantile(
    list.toSorted((a, b) => a - b),
    0.5,
  );
const difference = Math.abs(median(known) - median(unknown));
console.log(
  `wrong ${median(known).toFixed(3)} ms, unknown ${median(unknown).toFixed(3)} ms: medians differ by ${difference.toFixed(3)} ms`,
);
const inTime = await benchTimers(store);
const before = performance.now();
console.log('sweep', await store.sweep({ retentionMs: 0 }), `${(performance.now() - before).toFixed(0)} ms`);
await store.close();
rmSync(folder, { recursive: true, force: true });
if (difference >= 0.5 || !inTime) process.exitCode = 1;
