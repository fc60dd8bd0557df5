import { describe, expect, it } from 'vitest';

import { ApiServer } from '../support/api-server.ts';

const page = (texts: string[]) => ({
  contentType: 'text/plain; version=0.0.4',
  text: async () => texts.shift() ?? '',
});

describe('/metrics', () => {
  it('gives the page as Prometheus wants it, at most once a second anew, without an API key', async () => {
    const server = await ApiServer.start({ server: { metrics: { page: page(['one 1\n', 'two 2\n']) } } });
    const ask = async () => await server.call('GET', '/metrics', undefined, { authorization: '' });
    const first = await ask();
    expect([first.status, first.text]).toStrictEqual([200, 'one 1\n']);
    expect(first.headers['content-type']).toBe('text/plain; version=0.0.4');
    expect((await ask()).text).toBe('one 1\n');
    server.clock.advance(1_000);
    expect((await ask()).text).toBe('two 2\n');
    await server.close();
  });

  it('asks for its token where there is one', async () => {
    const token = 'a-token-for-metrics-0123';
    const server = await ApiServer.start({ server: { metrics: { page: page(['one 1\n']), token } } });
    const ask = async (authorization: string) =>
      (await server.call('GET', '/metrics', undefined, { authorization })).status;
    for (const wrong of [
      '',
      'Bearer',
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      token,
      `App ${token}`,
    ]) {
      expect(await ask(wrong), wrong).toBe(401);
    }
    expect(await ask(`Bearer ${token}`)).toBe(200);
    expect(server.logged()).not.toContain(token);
    await server.close();
  });

  it('is not there unless it is asked for, and in no API document', async () => {
    const server = await ApiServer.start();
    expect((await server.call('GET', '/metrics')).status).toBe(404);
    await server.close();
    const other = await ApiServer.start({ server: { metrics: { page: page([]) } } });
    expect((await other.call('GET', '/docs/json')).text).not.toContain('/metrics');
    await other.close();
  });
});
