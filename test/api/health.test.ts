import { describe, expect, it } from 'vitest';

import { ServiceError } from '../../src/errors.ts';
import { ApiServer } from '../support/api-server.ts';

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
      expect(answer.body).toMatchObject({
        requestError: { serviceException: { messageId: 'SERVICE_UNAVAILABLE' } },
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
