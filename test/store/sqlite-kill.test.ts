import { setTimeout as pause } from 'node:timers/promises';

import { expect, it, vi } from 'vitest';

import type { PinId } from '../../src/domain/types.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { dumpSqlite } from '../support/sqlite-dump.ts';
import { temporaryStore } from '../support/sqlite-harness.ts';
import { startStoreChild } from '../support/store-child.ts';

/** faults.md F1 at the store: 3 rounds here, more with KILLS. */
const rounds = Number(process.env.KILLS ?? 3);

it(
  `${rounds} times kill -9 under load lose no acknowledged PIN, attempt or success`,
  { timeout: 120_000 },
  async () => {
    const { path, remove } = temporaryStore();
    const random = seededRandom('kill');
    const created = new Set<string>();
    const compared = new Map<string, number>();
    const verified = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const child = await startStoreChild(path);
      child.start({ do: 'load' });
      const before = created.size;
      await vi.waitFor(() => expect(child.acknowledged().length).toBeGreaterThan(0), { timeout: 10_000 });
      await pause(random(1).readUInt8() / 2);
      await child.kill();
      for (const line of child.acknowledged()) {
        const [outcome, pinId] = line.split(' ');
        if (outcome === undefined || pinId === undefined) throw new Error('a line that is none');
        if (outcome === 'created') created.add(pinId);
        if (outcome === 'wrong' || outcome === 'verified')
          compared.set(pinId, (compared.get(pinId) ?? 0) + 1);
        if (outcome === 'verified') verified.set(pinId, (verified.get(pinId) ?? 0) + 1);
      }
      expect(created.size, `round ${round} acknowledged nothing: a vacuous run`).toBeGreaterThan(before);

      const stored = new Map(dumpSqlite(path).pins.map(pin => [pin.pinId, pin]));
      for (const pinId of created) expect(stored.has(pinId), 'an acknowledged PIN is gone').toBe(true);
      for (const pin of stored.values()) {
        expect(pin.comparisons).toBe(pin.attemptsUsed);
        expect(pin.attemptsUsed).toBeLessThanOrEqual(pin.attemptsAllowed);
        expect(pin.attemptsUsed).toBeGreaterThanOrEqual(compared.get(pin.pinId) ?? 0);
        expect(pin.state === 'verified' || !verified.has(pin.pinId), 'an acknowledged success is gone').toBe(
          true,
        );
      }
    }
    expect(compared.size).toBeGreaterThan(0);
    expect([...verified.values()].every(times => times === 1)).toBe(true);
    expect(verified.size).toBeGreaterThan(0);

    // And the next start reads it all, through the front door.
    const store = await openSqliteStore({ path, clock: new FakeClock(Date.now()) });
    for (const pinId of [...created].slice(-50)) expect(await store.getPin(pinId as PinId)).toBeDefined();
    await store.close();
    remove();
  },
);
