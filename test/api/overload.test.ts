import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { createOverload, kindOf, type Overload } from '../../src/api/overload.ts';
import { createLogger } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics/index.ts';
import { GATE_LIMITS } from '../../src/api/overload-gate.ts';
import { ApiServer, KEYS, type Ids } from '../support/api-server.ts';
import { eventually } from '../support/service.ts';

let server: ApiServer;
let overload: Overload;
let logs: string;
const metrics = createMetrics({ version: '0', carriers: [], processMetrics: false });

async function start(running = 128): Promise<Ids> {
  logs = '';
  server = await ApiServer.start({
    wire: ({ clock }) => {
      overload = createOverload({
        clock,
        metrics,
        log: createLogger('info', { write: line => void (logs += line) }),
        waitingMs: () => 0,
        limits: { kinds: { ...GATE_LIMITS.kinds, send: { running, waiting: 1, patienceMs: 250 } } },
      });
      return { overload };
    },
  });
  return await server.prepare();
}

const running = (kind: string) => overload.gate.requests().find(entry => entry.kind === kind);

describe('what a request is', () => {
  it.each([
    ['POST', '/2fa/2/pin/:pinId/verify', 'verify'],
    ['POST', '/v1/verifications/:pinId/check', 'verify'],
    ['POST', '/v1/verifications', 'send'],
    ['POST', '/2fa/2/pin/voice', 'send'],
    ['GET', '/2fa/2/applications/:appId/verifications', 'send'],
    ['POST', '/carrier-webhooks/:carrier/:ref/:kind', 'carrier'],
    ['GET', '/media/:carrier/:token', 'carrier'],
    ['GET', '/health/ready', 'probe'],
    ['GET', '/metrics', 'probe'],
    ['GET', undefined, 'send'],
  ] as const)('%s %s: %s', (method, route, kind) => {
    expect(kindOf(method, route)).toBe(kind);
  });

  // Held to the routes that there are.
  it('lets no verify route be a send', async () => {
    await start();
    const { text } = await server.call('GET', '/docs/json');
    const paths = Object.keys((JSON.parse(text) as { paths: object }).paths);
    const verifying = paths.filter(path => /verify$|check$/.test(path));
    expect(verifying.length).toBeGreaterThan(0);
    for (const path of verifying) expect(kindOf('POST', path)).toBe('verify');
    await server.close();
  });
});

describe('in front of the routes', () => {
  afterEach(async () => {
    await server.close();
  });

  it('gives its place back, whatever the answer', async () => {
    const ids = await start(1);
    for (let time = 0; time < 3; time++) {
      expect((await server.call('POST', '/2fa/2/pin/voice', { ...ids, to: '41793026727' })).status).toBe(200);
      expect((await server.call('POST', '/2fa/2/pin/voice', { to: 'x' })).status).toBe(400);
      const anonymous = await server.call('POST', '/2fa/2/pin/voice', {}, { authorization: '' });
      expect(anonymous.status).toBe(401);
      expect((await server.call('GET', '/nowhere')).status).toBe(404);
    }
    expect(running('send')).toMatchObject({ running: 0, waiting: 0 });
  });

  it('refuses in the envelope of the face, without asking who it is, and says so once', async () => {
    const ids = await start();
    const pinId = await server.send(ids);
    overload.gate.drain();
    for (let time = 0; time < 50; time++) {
      const refused = await server.call('POST', '/2fa/2/pin/voice', { ...ids, to: '41793026727' });
      expect([refused.status, refused.headers['retry-after']]).toStrictEqual([503, '5']);
      expect(refused.body).toStrictEqual({
        requestError: {
          serviceException: { messageId: 'SERVICE_UNAVAILABLE', text: 'Service temporarily unavailable' },
        },
      });
    }
    const anonymous = await server.call('POST', '/2fa/2/pin/voice', {}, { authorization: '' });
    expect(anonymous.status).toBe(503);
    expect((await server.verify(pinId, await server.pinOf(pinId))).body).toMatchObject({ verified: true });
    expect((await server.call('GET', '/2fa/2/applications')).status).toBe(200);
    expect((await server.call('GET', '/health/live')).status).toBe(200);
    expect(server.logged().match(/request failed/g)).toBeNull();
    expect(logs.match(/refusing requests/g)).toHaveLength(1);
    server.clock.advance(5_000);
    expect(logs).toContain('"send draining":51');
  });

  it('counts what it answered and what it refused', async () => {
    const ids = await start();
    const count = async (series: string): Promise<number> =>
      Number(
        (await metrics.text())
          .split('\n')
          .find(line => line.startsWith(series))
          ?.split(' ')
          .at(-1) ?? 0,
      );
    const series = {
      good: 'saypin_requests_total{kind="send",status="2xx"}',
      bad: 'saypin_requests_total{kind="send",status="5xx"}',
      shed: 'saypin_requests_shed_total{kind="send",reason="draining"}',
    };
    const before = {
      good: await count(series.good),
      bad: await count(series.bad),
      shed: await count(series.shed),
    };
    await server.send(ids);
    overload.gate.drain();
    await server.call('POST', '/2fa/2/pin/voice', { ...ids, to: '41793026727' });
    expect((await count(series.good)) - before.good).toBe(1);
    expect((await count(series.bad)) - before.bad).toBe(1);
    expect((await count(series.shed)) - before.shed).toBe(1);
  });

  it('keeps no place for callers who send no body, and none for those who went away', async () => {
    const ids = await start(1);
    await server.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.app.server.address() as { port: number };
    const sockets = Array.from({ length: 20 }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('POST /2fa/2/pin/voice HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n');
      socket.write(`Authorization: App ${KEYS.all}\r\nContent-Length: 500\r\n\r\n{`);
      return socket;
    });
    await pause(50);
    expect((await server.call('POST', '/2fa/2/pin/voice', { ...ids, to: '41793026727' })).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await eventually('every place to be free', async () => running('send')?.running === 0, 2_000);
    expect((await server.call('POST', '/2fa/2/pin/voice', { ...ids, to: '41793026727' })).status).toBe(200);
  });
});
