import { describe, expect, it } from 'vitest';

import { SOURCE_TYPES } from '../../../src/delivery/events/index.ts';
import type { ApplicationId } from '../../../src/domain/types.ts';
import { times } from '../../support/store-fixtures.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { APPLICATION, eventsRig, HOUR, MINUTE, PIN_ID, SECOND, TO, verified, down } from './rig.ts';

const URL = 'https://shop.example/hook';
const OTHER = 'https://other.example/hook';

describe('an event of the outbox', () => {
  it('goes to the endpoint as JSON with its id, type, time and data, and into the log', async () => {
    const rig = await eventsRig({ answer: () => 200 });
    const { endpoint } = await rig.endpoint(URL);
    await rig.start();
    const at = rig.clock.now() - 5;
    await rig.emit(verified({ pinId: PIN_ID, at }));
    const { events } = await rig.store.listLoggedEvents({ limit: 9 });
    expect(events).toHaveLength(1);
    const [{ id, data }] = events as [(typeof events)[0]];
    expect(rig.pushes).toMatchObject([
      { url: URL, id: `${id}-${endpoint.id}`, headers: { 'content-type': 'application/json' } },
    ]);
    expect(JSON.parse(rig.pushes[0]!.body)).toEqual({
      id,
      type: 'verification.verified',
      timestamp: new Date(at).toISOString(),
      data: { verificationId: PIN_ID, applicationId: APPLICATION, to: TO },
    });
    expect(data).toEqual({ verificationId: PIN_ID, applicationId: APPLICATION, to: TO });
    expect(rig.counts).toEqual({ 'push-delivered': 1 });
    expect(await rig.waiting()).toBeUndefined();
  });

  it('has an id without the full stop that separates the parts of what is signed', async () => {
    const rig = await eventsRig({ answer: () => 200 });
    await rig.endpoint(URL);
    await rig.start();
    await rig.emit(verified());
    expect(rig.pushes[0]?.id).toMatch(/^evt_[0-9a-f]{32}-wh_[0-9a-f]{32}$/);
  });

  it('goes to each endpoint that wants it, under ids that differ by the endpoint', async () => {
    const rig = await eventsRig({ answer: () => 200 });
    const other = 'B'.repeat(32) as ApplicationId;
    await rig.store.putApplication({
      applicationId: APPLICATION,
      name: 'shop',
      enabled: true,
      configuration: {} as never,
      createdAt: 1,
      updatedAt: 1,
    });
    await rig.endpoint('https://all.example/');
    await rig.endpoint('https://types.example/', { types: ['delivery.failed', 'verification.verified'] });
    await rig.endpoint('https://no-types.example/', { types: ['delivery.failed'] });
    await rig.endpoint('https://application.example/', { applicationId: APPLICATION });
    const { endpoint: off } = await rig.endpoint('https://off.example/');
    await rig.endpoints.update(off.id, { enabled: false });
    await rig.start();
    await rig.emit(verified());
    expect(rig.pushes.map(push => push.url).toSorted()).toEqual([
      'https://all.example/',
      'https://application.example/',
      'https://types.example/',
    ]);
    await rig.emit(verified({ applicationId: other }));
    expect(rig.pushes.slice(3).map(push => push.url)).toEqual(
      expect.arrayContaining(['https://all.example/', 'https://types.example/']),
    );
    expect(rig.pushes).toHaveLength(5);
    expect(new Set(rig.pushes.map(push => push.id)).size).toBe(5);
  });

  it('is logged where nobody listens', async () => {
    const rig = await eventsRig({ answer: () => 200 });
    await rig.start();
    await rig.emit(verified());
    expect((await rig.store.listLoggedEvents({ limit: 9 })).events).toHaveLength(1);
    expect(rig.pushes).toEqual([]);
    expect(await rig.waiting()).toBeUndefined();
  });

  it('that nobody can read is taken out and logged, and holds up no other', async () => {
    const rig = await eventsRig({ answer: () => 200 });
    await rig.endpoint(URL);
    await rig.start();
    await rig.emit({ id: 'odd', type: 'voice.report', data: { pinId: 'secret-looking' } }, verified());
    expect(rig.pushes).toHaveLength(1);
    expect(await rig.waiting()).toBeUndefined();
    expect(rig.logged()).toContain('one that nobody can read');
    expect(rig.logged()).not.toContain('secret-looking');
  });

  it('many at once: each arrives once', async () => {
    const rig = await eventsRig({ answer: () => 200 });
    await rig.endpoint(URL);
    await rig.endpoint(OTHER);
    await rig.emit(...times(250, () => verified()));
    await rig.start();
    await rig.until(() => rig.pushes.length >= 500);
    expect(rig.pushes).toHaveLength(500);
    expect(new Set(rig.pushes.map(push => push.id)).size).toBe(500);
  });

  it('is seen within a second when nobody wakes the dispatcher', async () => {
    const rig = await eventsRig({ answer: () => 200 });
    await rig.endpoint(URL);
    await rig.start();
    await rig.store.emitEvents([verified()]);
    await rig.rest();
    expect(rig.pushes).toHaveLength(0);
    await rig.pass(SECOND, 500);
    expect(rig.pushes).toHaveLength(1);
  });
});

describe('an endpoint', () => {
  it('made, changed or removed here shows in the next event', async () => {
    const rig = await eventsRig({ answer: () => 200 });
    const told = async () => {
      const before = rig.pushes.length;
      await rig.emit(verified());
      return rig.pushes.slice(before).map(push => push.url);
    };
    await rig.start();
    expect(await told()).toEqual([]);
    const { endpoint } = await rig.endpoint(URL);
    expect(await told()).toEqual([URL]);
    await rig.endpoints.update(endpoint.id, { types: ['delivery.failed'] });
    expect(await told()).toEqual([]);
    await rig.endpoints.update(endpoint.id, { types: ['*'] });
    expect(await told()).toEqual([URL]);
    await rig.endpoints.remove(endpoint.id);
    await rig.emit(verified());
    // Nothing was even written for it.
    expect(rig.counts).toEqual({ 'push-delivered': 2 });
  });

  it('made by another node gets events after a second at most', async () => {
    const rig = await eventsRig({ answer: () => 200 });
    const { endpoint } = await rig.endpoint(URL);
    await rig.start();
    await rig.emit(verified());
    // Past this node's knowledge.
    await rig.store.putEndpoint({ ...endpoint, id: 'wh_2', url: OTHER });
    await rig.pass(SECOND, SECOND);
    await rig.emit(verified());
    expect(rig.pushes.map(push => push.url).toSorted()).toEqual([OTHER, URL, URL].toSorted());
  });

  it('that another node has just made gets what is on its way, however old our list is', async () => {
    const rig = await eventsRig({ answer: () => 200 });
    const { endpoint } = await rig.endpoint(URL);
    await rig.start();
    await rig.emit(verified());
    const { events } = await rig.store.listLoggedEvents({ limit: 1 });
    const made = { ...endpoint, id: 'wh_2', url: OTHER };
    await rig.store.putEndpoint(made);
    await rig.replays.one(events[0]!, made);
    await rig.rest();
    expect(rig.pushes.map(push => push.url)).toEqual([URL, OTHER]);
  });

  it('that is removed or switched off gets nothing more of what is on its way', async () => {
    const rig = await eventsRig({ answer: down });
    const { endpoint: removed } = await rig.endpoint(URL);
    const { endpoint: off } = await rig.endpoint(OTHER);
    await rig.start();
    await rig.emit(verified());
    expect(rig.pushes).toHaveLength(2);
    await rig.endpoints.remove(removed.id);
    await rig.endpoints.update(off.id, { enabled: false });
    await rig.pass(HOUR);
    expect(rig.pushes).toHaveLength(2);
    expect(await rig.waiting()).toBeUndefined();
    expect(rig.counts).toEqual({ 'push-failed': 2, 'push-empty': 2 });
  });

  it('that moves gets what is on its way at its new address', async () => {
    const rig = await eventsRig({ answer: ({ url }) => (url === OTHER ? 200 : 500) });
    const { endpoint } = await rig.endpoint(URL);
    await rig.start();
    await rig.emit(verified());
    await rig.endpoints.update(endpoint.id, { url: OTHER });
    await rig.pass(10 * SECOND, SECOND);
    expect(rig.pushes.map(push => push.url)).toEqual([URL, OTHER]);
    expect(rig.pushes[1]!.id).toBe(rig.pushes[0]!.id);
  });
});

describe('a restart', () => {
  it('loses nothing that was written, and renames nothing', async () => {
    const rig = await eventsRig({ answer: () => 200 });
    const { endpoint } = await rig.endpoint(URL);
    const source = verified();
    await rig.store.emitEvents([source]);
    // Claimed, and then the process dies before it publishes.
    const claimed = await rig.store.claimEvents({ limit: 9, leaseMs: 15_000, types: SOURCE_TYPES });
    expect(claimed).toHaveLength(1);
    await rig.crash();
    await rig.start();
    await rig.pass(20 * SECOND, SECOND);
    expect(rig.pushes).toHaveLength(1);
    // And once more, by a writer that did not know that it was written.
    await rig.emit(source);
    expect(rig.pushes.map(push => push.id)).toEqual([rig.pushes[0]!.id, rig.pushes[0]!.id]);
    expect(rig.pushes[0]!.id.endsWith(endpoint.id)).toBe(true);
    expect((await rig.store.listLoggedEvents({ limit: 9 })).events).toHaveLength(1);
  });

  /** faults.md I6. */
  it.each([1, 2, 3])(
    'whatever targets and processes do, each endpoint gets each event (seed %i)',
    async seed => {
      const random = seededRandom(`events-${seed}`);
      const chance = (percent: number) => random(1)[0]! < (percent * 256) / 100;
      const arrived: string[] = [];
      let failures = 0;
      const rig = await eventsRig({
        answer: ({ id }) => {
          if (chance(40)) {
            failures++;
            return chance(50) ? 503 : down();
          }
          arrived.push(id);
          return 200;
        },
      });
      const ids: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        ids.push((await rig.endpoint(`https://${name}.example/`)).endpoint.id);
      }
      await rig.start();
      for (let round = 0; round < 10; round++) {
        await rig.emit(...times(8, () => verified()));
        await rig.passTries(30 * SECOND);
        if (round % 3 === 2) {
          await rig.store.emitEvents([verified()]);
          await rig.crash();
        }
      }
      await rig.passTries(120 * HOUR);
      const events = (await rig.store.listLoggedEvents({ limit: 200 })).events.map(({ id }) => id);
      expect(events).toHaveLength(83);
      expect(new Set(arrived)).toEqual(new Set(events.flatMap(event => ids.map(id => `${event}-${id}`))));
      expect(failures).toBeGreaterThan(50);
      expect(await rig.waiting()).toBeUndefined();
    },
  );
});

it('a store that does not answer for a while loses nothing', async () => {
  const rig = await eventsRig({ answer: () => 200 });
  await rig.endpoint(URL);
  await rig.start();
  const publish = rig.store.publishEvents.bind(rig.store);
  let broken = true;
  Object.assign(rig.store, {
    publishEvents: async (request: Parameters<typeof publish>[0]) => {
      if (broken) throw new Error('unavailable');
      await publish(request);
    },
  });
  await rig.emit(verified());
  expect(rig.pushes).toHaveLength(0);
  broken = false;
  await rig.pass(20 * SECOND, SECOND);
  expect(rig.pushes).toHaveLength(1);
});

it('the log forgets events after their time', async () => {
  const rig = await eventsRig({ answer: () => 200 });
  await rig.start();
  await rig.emit(verified());
  await rig.pass(29 * 24 * HOUR, 6 * HOUR);
  expect((await rig.store.listLoggedEvents({ limit: 9 })).events).toHaveLength(1);
  await rig.pass(2 * 24 * HOUR, 6 * HOUR);
  expect((await rig.store.listLoggedEvents({ limit: 9 })).events).toHaveLength(0);
});

it('no number, URL or secret reaches the log', async () => {
  const rig = await eventsRig({ answer: ({ url }) => (url.includes('gone') ? 410 : 500) });
  const { secret } = await rig.endpoint('https://log.example/path-secret?token=query-secret');
  await rig.endpoint('https://gone.example/path-secret', { secondaryUrl: 'https://log.example/path-secret' });
  await rig.start();
  await rig.emit(verified());
  await rig.pass(10 * MINUTE);
  expect(rig.counts['push-gone']).toBe(1);
  expect(rig.counts['push-failed']).toBeGreaterThan(1);
  expect(rig.logged()).toContain('push: not accepted');
  expect(rig.logged()).not.toMatch(/-secret|whsec|example|41793026727/);
  expect(rig.logged()).not.toContain(secret);
});
