import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '../../src/clock.ts';
import { parseRedisUrl } from '../../src/store/redis/address.ts';
import { openRedisStore } from '../../src/store/redis/index.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { freePort, noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import { attempt, createdPin, pinRequest } from '../support/store-fixtures.ts';

const open = (url: string) => openRedisStore({ url, clock: systemClock, connectWithinMs: 1000 });

/** faults.md F8: a server that may lose what it is given is not used. */
describe.skipIf(noRedis !== undefined)(noRedis ?? 'a Redis that is not fit', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
  });
  const set = (name: string, value: string) => server.client.config('SET', name, value);
  const heal = async () => {
    await set('maxmemory', '0');
    await set('maxmemory-policy', 'noeviction');
    await set('appendonly', 'yes');
    await set('appendfsync', 'everysec');
    await server.client.call('REPLICAOF', 'NO', 'ONE');
    await server.client.flushall();
  };
  afterEach(heal);

  it.each([
    ['throws away what it has', () => set('maxmemory-policy', 'allkeys-lru'), /allkeys-lru.*noeviction/],
    ['keeps nothing on disk', () => set('appendonly', 'no'), /appendonly no.*appendonly yes/],
    ['leaves writing to chance', () => set('appendfsync', 'no'), /appendfsync no/],
    ['is a replica', async () => await server.client.call('REPLICAOF', '127.0.0.1', '1'), /replica.*master/],
  ])('is refused at the start where it %s', async (_, spoil, line) => {
    await spoil();
    await expect(open(server.url)).rejects.toMatchObject({
      name: 'RedisOpenError',
      message: expect.stringMatching(line) as string,
    });
    await heal();
    await (await open(server.url)).close();
  });

  it('is refused where it belongs to no cluster and one was named', async () => {
    const url = server.url.replace('redis:', 'redis+cluster:');
    await expect(open(url)).rejects.toMatchObject({ name: 'RedisOpenError' });
  });

  it('is refused where nobody answers, without the password in the line', async () => {
    const port = await freePort();
    const refused = open(`redis://user:secret@127.0.0.1:${port}`);
    await expect(refused).rejects.toMatchObject({
      name: 'RedisOpenError',
      message: expect.stringContaining(`127.0.0.1:${port}`) as string,
    });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('secret') as string });
  });

  describe('has functions', () => {
    const libraries = async () => {
      const listed = (await server.client.function('LIST')) as string[][];
      return listed.map(library => library[1] ?? '').toSorted();
    };
    const library = (name: string) =>
      server.client.function(
        'LOAD',
        `#!lua name=${name}\nredis.register_function('${name}', function() return 1 end)`,
      );

    it('of which those of another release of ours go, and nobody else loses any', async () => {
      await library('saypin_commit_000000000000');
      await library('theirs');
      await (await open(server.url)).close();
      const [ours, theirs, ...further] = await libraries();
      expect(ours).toMatch(/^saypin_commit_[0-9a-f]{12}$/);
      expect(ours).not.toContain('000000000000');
      expect([theirs, further]).toEqual(['theirs', []]);
      await server.client.function('FLUSH');
    });

    it('that it keeps, so that a node can start while it is full', async () => {
      await (await open(server.url)).close();
      await set('maxmemory', '1');
      const store = await open(server.url);
      await expect(store.createPin(pinRequest())).rejects.toMatchObject({ id: 'unavailable' });
      await set('maxmemory', '0');
      expect((await store.createPin(pinRequest())).outcome).toBe('created');
      await store.close();
    });

    it('that a node of another release took away, and gets them again', async () => {
      const store = await open(server.url);
      const [ours = ''] = await libraries();
      await server.client.function('DELETE', ours);
      const made = await Promise.all([1, 2, 3].map(() => store.createPin(pinRequest())));
      expect(made.map(({ outcome }) => outcome)).toEqual(['created', 'created', 'created']);
      expect(await libraries()).toEqual([ours]);
      await store.close();
    });
  });

  describe('later on', () => {
    let store: Store;
    const clock = new FakeClock();
    beforeEach(async () => {
      store = await openRedisStore({ url: server.url, clock });
    });
    afterEach(async () => {
      await store.close();
    });

    it.each([
      ['throws away what it has', () => set('maxmemory-policy', 'volatile-ttl'), /volatile-ttl/],
      ['keeps nothing on disk', () => set('appendonly', 'no'), /appendonly/],
    ])('is not ready where it %s, with the reason, until it is put right', async (_, spoil, reason) => {
      await store.ping();
      await spoil();
      clock.advance(3000);
      await expect(store.ping()).rejects.toMatchObject({
        id: 'unavailable',
        cause: { message: expect.stringMatching(reason) as string },
      });
      await expect(store.ping()).rejects.toMatchObject({ id: 'unavailable' });
      await heal();
      await store.ping();
    });

    it('that sets its clock forward takes nobody for late who is not', async () => {
      let behind = 0;
      const other = await openRedisStore({
        url: server.url,
        clock: { ...systemClock, monotonic: () => systemClock.monotonic() - behind },
      });
      try {
        behind = 60_000;
        const results = await Promise.all(
          [pinRequest(), pinRequest()].map(request => other.createPin(request)),
        );
        expect(results).toMatchObject([{ outcome: 'created' }, { outcome: 'created' }]);
        behind = -60_000;
        await createdPin(other);
      } finally {
        await other.close();
      }
    });

    it('is not ready as a replica', async () => {
      await server.client.call('REPLICAOF', '127.0.0.1', '1');
      await expect(store.ping()).rejects.toMatchObject({
        id: 'unavailable',
        cause: { message: expect.stringMatching(/READONLY|replica/) as string },
      });
    });

    it('refuses when it is out of memory, before anything is changed, and still lets go', async () => {
      const timers = [{ id: 't', kind: 'x', inMs: 0, data: {} }];
      const { pin } = await createdPin(store, { attempts: 5, timers });
      await store.claimTimers({ limit: 1, leaseMs: 60_000 });
      await set('maxmemory', '1');
      const refused = { id: 'unavailable', cause: { message: expect.stringMatching(/OOM/) as string } };
      await expect(store.ping()).rejects.toMatchObject(refused);
      const request = pinRequest();
      await expect(store.createPin(request)).rejects.toMatchObject(refused);
      for (let n = 0; n < 10; n++)
        await expect(attempt(store, pin.pinId, true)).rejects.toMatchObject(refused);
      expect(await store.getPin(pin.pinId)).toMatchObject({ attemptsUsed: 0, seed: pin.seed });
      await store.completeTimer('t');
      expect(await store.nextTimerIn()).toBeUndefined();

      await set('maxmemory', '0');
      await store.ping();
      expect(await store.getPin(request.pin.pinId)).toBeUndefined();
      expect(await attempt(store, pin.pinId, true)).toMatchObject({ outcome: 'verified' });
    });
  });
});

describe('REDIS_URL', () => {
  const common = { tls: false, username: undefined, password: undefined };

  it.each([
    ['redis://h', { kind: 'single', nodes: [{ host: 'h', port: 6379 }], db: 0, ...common }],
    [
      'rediss://u:p%40ss@h:1/2',
      { kind: 'single', nodes: [{ host: 'h', port: 1 }], db: 2, tls: true, username: 'u', password: 'p@ss' },
    ],
    [
      'redis://:p@[::1]:7',
      { kind: 'single', nodes: [{ host: '::1', port: 7 }], db: 0, ...common, password: 'p' },
    ],
    [
      'redis+sentinel://a,b:2/mymaster/3',
      {
        kind: 'sentinel',
        nodes: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 2 },
        ],
        master: 'mymaster',
        db: 3,
        ...common,
      },
    ],
    [
      'rediss+cluster://a,b:2',
      {
        kind: 'cluster',
        nodes: [
          { host: 'a', port: 6379 },
          { host: 'b', port: 2 },
        ],
        ...common,
        tls: true,
      },
    ],
  ])('%s', (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  it.each([
    'http://h',
    'redis://',
    'redis://a,b',
    'redis://h:0',
    'redis://h:70000',
    'redis://h/x',
    'redis://u:secret%zz@h',
    'redis+sentinel://a,b',
    'redis+cluster://a/1',
    'redis+other://a',
  ])('refuses %s, and says nothing of a password', url => {
    expect(() => parseRedisUrl(url)).toThrow(/cannot use the Redis store/);
    expect(() => parseRedisUrl(url)).not.toThrow(/secret/);
  });
});
