import { describe, expect, it } from 'vitest';

import { createHealth, type HealthPart } from '../../src/api/health.ts';
import { ServiceError } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import { ApiServer } from '../support/api-server.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('health', () => {
  it('asks the store for a write at most once a second, and needs no key', async () => {
    let pings = 0;
    let broken = false;
    const server = await ApiServer.start({
      store: () => ({
        ping: async () => {
          pings++;
          if (broken) throw new ServiceError('unavailable', { cause: new Error('read-only') });
        },
      }),
    });
    const ready = async () => await server.call('GET', '/health/ready', undefined, { authorization: '' });
    const answers = await Promise.all([ready(), ready(), ready()]);
    expect(answers.map(answer => [answer.status, answer.body])).toStrictEqual(
      Array.from({ length: 3 }, () => [200, { status: 'ready' }]),
    );
    expect(pings).toBe(1);

    broken = true;
    expect((await ready()).status).toBe(200);
    server.clock.advance(1_000);
    for (let time = 0; time < 2; time++) {
      const answer = await ready();
      expect([answer.status, answer.headers['retry-after']]).toStrictEqual([503, '1']);
      expect(answer.body).toStrictEqual({
        status: 'unready',
        reasons: [{ part: 'store', text: 'read-only' }],
        requestError: {
          serviceException: { messageId: 'SERVICE_UNAVAILABLE', text: 'Service temporarily unavailable' },
        },
      });
    }
    expect(pings).toBe(2);
    expect((await server.call('GET', '/health/live')).body).toStrictEqual({ status: 'live' });

    broken = false;
    server.clock.advance(1_000);
    expect((await ready()).status).toBe(200);
    await server.close();
  });

  it('is ready over the real store', async () => {
    const server = await ApiServer.start();
    expect((await server.call('GET', '/health/ready')).body).toStrictEqual({ status: 'ready' });
    await server.close();
  });
});

describe('readiness', () => {
  function rig(ping: () => Promise<void> = async () => undefined) {
    const clock = new FakeClock();
    const line = { askedMsAgo: 0 as number | undefined, lagMs: 0 };
    let logs = '';
    const health = createHealth({
      store: { ping },
      clock,
      log: createLogger('info', { write: text => void (logs += text) }),
      timersAskedMsAgo: () => line.askedMsAgo,
      lagMs: () => line.lagMs,
    });
    const parts = async (): Promise<HealthPart[]> => (await health.reasons()).map(reason => reason.part);
    return { clock, line, health, parts, logged: () => logs };
  }

  it('begins with the start and ends with the first word of the stop', async () => {
    const { health, parts } = rig();
    expect(await parts()).toStrictEqual(['starting']);
    health.started();
    expect(await parts()).toStrictEqual([]);
    health.drain();
    expect(await parts()).toStrictEqual(['draining']);
  });

  it('needs timers that run, from 5 s after the start on', async () => {
    const { health, parts, line, clock } = rig();
    line.askedMsAgo = undefined;
    health.started();
    clock.advance(5_000);
    expect(await parts()).toStrictEqual([]);
    clock.advance(1);
    expect(await parts()).toStrictEqual(['timers']);
    line.askedMsAgo = 500;
    expect(await parts()).toStrictEqual([]);
    line.askedMsAgo = 5_001;
    expect(await parts()).toStrictEqual(['timers']);
  });

  it('needs an event loop that answers, and names every reason', async () => {
    const { health, parts, line, logged } = rig(async () => {
      throw new ServiceError('unavailable');
    });
    health.started();
    line.lagMs = 2_001;
    line.askedMsAgo = 9_000;
    expect(await parts()).toStrictEqual(['store', 'timers', 'event-loop']);
    expect(logged()).toBe('');
  });

  it('does not wait for a store that hangs, and asks it one thing at a time', async () => {
    let asked = 0;
    const { health, clock } = rig(async () => {
      asked++;
      await new Promise(() => undefined);
    });
    health.started();
    const answers = [health.reasons(), health.reasons()];
    clock.advance(1_000);
    for (const reasons of await Promise.all(answers)) {
      expect(reasons).toStrictEqual([{ part: 'store', text: 'no answer within 1000 ms' }]);
    }
    expect(asked).toBe(1);
  });

  it('says why without addresses and numbers, and logs each change once', async () => {
    let broken = false;
    const { health, clock, logged } = rig(async () => {
      if (broken) throw new Error('connect redis://user:secret@10.0.0.1:6379 refused for 41793026727\nat x');
    });
    health.started();
    await health.reasons();
    broken = true;
    clock.advance(1_000);
    for (let time = 0; time < 3; time++) {
      expect(await health.reasons()).toStrictEqual([
        { part: 'store', text: 'connect (address) refused for (number)' },
      ]);
    }
    broken = false;
    clock.advance(1_000);
    expect(await health.reasons()).toStrictEqual([]);
    expect(logged().match(/not ready/g)).toHaveLength(1);
    expect(logged().match(/ready again/g)).toHaveLength(1);
  });
});
