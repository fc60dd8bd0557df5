import { setTimeout as pause } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { eventually } from '../support/service.ts';
import { createTemplate } from '../support/story.ts';
import { settleAndCheck } from './checker.ts';
import { Load } from './load.ts';
import { FULL, record } from './results.ts';
import { noShim, Shim } from './shim.ts';
import { missing, STORES, World } from './world.ts';

/**
 * faults.md F12 and F13: the service's wall clock jumps by an hour while it runs, or is five minutes off Redis's from its start.
 * Monotonic time is untouched. Nothing expires or comes to life, limits hold, and steps come when they are due.
 */
const HOUR_MS = 3_600_000;
const NUMBER = '+41793500001';

for (const store of STORES) {
  const absent = missing(store) ?? noShim;
  const jumps = [
    ['an hour on', HOUR_MS, 0],
    ['an hour back', -HOUR_MS, 0],
    ...(store === 'redis'
      ? ([
          ['five minutes before Redis', 0, -300_000],
          ['five minutes behind', 0, 300_000],
        ] as const)
      : []),
  ] as const;
  // The short form: what would keep alive what is over, on the time of a process that follows the wall clock.
  for (const [jump, ms, fromStartMs] of FULL ? jumps : jumps.slice(1, 2)) {
    const name = `${store}: the wall clock ${jump}`;
    test.skipIf(absent)(absent ? `${name} (${absent})` : name, { timeout: 180_000 }, async () => {
      const shim = new Shim();
      shim.set('wallOffsetMs', fromStartMs);
      const world = await World.start({ store, environment: shim.environment });
      try {
        const load = new Load(world, jump);
        const { service } = world;
        const held = await holds(world);
        const silent = await load.story(2);
        if (ms !== 0) shim.set('wallOffsetMs', ms);
        await load.story(0);
        await load.story(1);
        expect(shim.get('wallReads'), 'the service never saw the other time: a vacuous run').toBeGreaterThan(
          0,
        );
        world.journal.note({ what: 'fault', name: `wall clock ${jump}` });
        // Node writes it anew once a second.
        await eventually(
          'the other time in its answers',
          async () => {
            const date = (await service.api('GET', '/health/live')).headers.get('date') ?? '';
            return Math.abs(Date.parse(date) - Date.now() - (ms || fromStartMs)) < 5_000;
          },
          4_000,
        );

        // What was sent before is as alive as it was, and a limit of a day is not over after an hour that did not pass.
        const again = await service.api('POST', '/2fa/2/pin', { ...held.ids, to: NUMBER.slice(1) });
        expect(again.status, 'the limit of a day').toBe(429);
        await eventually(
          'the call of the silent text',
          async () => world.carrier.of(silent, 'call').length === 1,
          8_000,
        );
        await pause(held.diesInMs());
        const dead = await service.api('POST', `/2fa/2/pin/${held.pinId}/verify`, { pin: held.pin });
        expect(dead.body, 'a PIN outlived its six seconds').toMatchObject({ pinError: 'TTL_EXPIRED' });

        // A restart on the other time: what was made before must not be over, nor younger than it was.
        if (ms !== 0) {
          await world.kill();
          await world.restart();
          expect((await service.api('POST', '/2fa/2/pin', { ...held.ids, to: NUMBER.slice(1) })).status).toBe(
            429,
          );
        }
        shim.set('wallOffsetMs', fromStartMs);
        const { wrong, figures } = await settleAndCheck(world, load);
        const stepMs = world.carrier.of(silent, 'call')[0]!.at - world.carrier.of(silent, 'text')[0]!.at;
        record({
          fault: fromStartMs === 0 ? 'F12' : 'F13',
          on: `${store}, ${jump}`,
          runs: 1,
          figures: { oneSecondStepMs: Math.round(stepMs) },
        });
        // Lateness is told by timestamps of both times, which says nothing here.
        expect(wrong.filter(line => !line.includes('fired'))).toEqual([]);
        expect(figures.calls).toBeGreaterThanOrEqual(2);
        expect(stepMs).toBeGreaterThan(900);
      } finally {
        await world.close();
        shim.close();
      }
    });
  }
}

/** A PIN of six seconds, sent under a limit of one a day. */
async function holds(world: World) {
  const { service } = world;
  const ids = await createTemplate(service, {}, { pinTimeToLive: '6s', sendPinPerPhoneNumberLimit: '1/1d' });
  const sent = await service.api<{ pinId: string }>('POST', '/2fa/2/pin', { ...ids, to: NUMBER.slice(1) });
  expect(sent.status, JSON.stringify(sent.body)).toBe(200);
  const diesAt = performance.now() + 6_500;
  // The text leaves after its send was answered.
  await eventually('the text', async () => world.pinOf(NUMBER) !== undefined);
  const pin = world.pinOf(NUMBER)!;
  return { ids, pin, pinId: sent.body.pinId, diesInMs: () => Math.max(0, diesAt - performance.now()) };
}
