import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { systemClock } from '../../src/clock.ts';
import { openRedisNodeLink, RedisOpenError, type RedisNodeLink } from '../../src/store/redis/index.ts';
import { startCluster, type RedisCluster } from '../support/redis-cluster.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import { eventually } from '../support/service.ts';

/** The line between nodes over a real Redis: who hears whom, and what breaks. */
let links: RedisNodeLink[] = [];
afterEach(async () => {
  await Promise.all(links.map(link => link.close()));
  links = [];
});

async function open(url: string): Promise<RedisNodeLink & { heard: string[] }> {
  const link = await openRedisNodeLink({ url, clock: systemClock });
  links.push(link);
  const heard: string[] = [];
  link.listen(text => void heard.push(text));
  return Object.assign(link, { heard });
}

describe.skipIf(noRedis)('on one server', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('all nodes hear what one says, in order, and no beat', async () => {
    const [a, b] = [await open(redis.url), await open(redis.url)];
    const words = Array.from({ length: 100 }, (_, index) => `word ${index}`);
    await Promise.all(words.map(text => a.send(text)));
    const all = async () => [a, b].every(({ heard }) => heard.length === words.length);
    await eventually('the words', all);
    expect(b.heard).toEqual(words);
    expect(a.heard).toEqual(words);
  });

  test('a mark stands for all nodes until its time is over', async () => {
    const [a, b] = [await open(redis.url), await open(redis.url)];
    await a.hold('dial-1', 300);
    expect([await b.isHeld('dial-1'), await b.isHeld('dial-2')]).toEqual([true, false]);
    await eventually('the end of the mark', async () => !(await b.isHeld('dial-1')), 1_000);
    expect(await redis.client.keys('saypin:hold:*')).toEqual([]);
  });

  test('while Redis hangs, nobody waits for it long; afterwards all is as before', async () => {
    const [a, b] = [await open(redis.url), await open(redis.url)];
    redis.signal('SIGSTOP');
    try {
      const began = performance.now();
      await expect(a.hold('x', 1_000)).rejects.toThrow('did not answer');
      await expect(a.isHeld('x')).rejects.toThrow('did not answer');
      expect(performance.now() - began).toBeLessThan(1_500);
    } finally {
      redis.signal('SIGCONT');
    }
    await hears(a, b);
  });

  test('a line that was cut is made anew', async () => {
    const [a, b] = [await open(redis.url), await open(redis.url)];
    expect(Number(await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub'))).toBeGreaterThanOrEqual(2);
    await hears(a, b);
    await redis.restart();
    await hears(b, a);
  });
});

test.skipIf(noRedis)('without a server the start fails in a line for the operator', async () => {
  const opening = openRedisNodeLink({
    url: 'redis://:secret@127.0.0.1:1',
    clock: systemClock,
    connectWithinMs: 300,
  });
  await expect(opening).rejects.toThrow(RedisOpenError);
  await expect(opening).rejects.not.toThrow(/secret/);
});

describe.skipIf(noRedis)('on a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 30_000);
  afterAll(() => cluster.stop());

  test('nodes hear each other whichever server they hang on, and share their marks', async () => {
    const nodes = [await open(cluster.url), await open(cluster.url), await open(cluster.url)];
    for (const [index, node] of nodes.entries()) {
      await node.send(`from ${index}`);
      await node.hold(`dial-${index}`, 5_000);
    }
    for (const [index, node] of nodes.entries()) {
      await eventually('all words', async () => node.heard.length === nodes.length);
      expect(await node.isHeld(`dial-${(index + 1) % 3}`)).toBe(true);
    }
  });
});

async function hears(from: RedisNodeLink, to: { heard: string[] }): Promise<void> {
  const word = `after ${performance.now()}`;
  await eventually('a word to come through', async () => {
    await from.send(word).catch(() => undefined);
    return to.heard.includes(word);
  });
}
