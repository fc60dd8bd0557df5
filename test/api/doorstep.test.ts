import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createOverload, type Overload } from '../../src/api/overload.ts';
import { createLogger } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics/index.ts';
import { ApiServer } from '../support/api-server.ts';

let server: ApiServer;
let overload: Overload;
let waitingMs: number;
let port: number;
let shed: string[];

beforeEach(async () => {
  waitingMs = 0;
  shed = [];
  const metrics = createMetrics({ version: '0', carriers: [], processMetrics: false });
  server = await ApiServer.start({
    wire: ({ clock }) => {
      overload = createOverload({
        clock,
        metrics: { request: answer => metrics.request(answer), shed: ({ kind }) => void shed.push(kind) },
        log: createLogger('silent'),
        waitingMs: () => waitingMs,
      });
      return { overload };
    },
  });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  port = (server.app.server.address() as { port: number }).port;
});

afterEach(async () => await server.close());

const post = async (path: string) =>
  await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"to":"41793026727"}',
  });

/** More sends than can be done, for a while: hardly any is let in. */
async function tooMany(): Promise<() => void> {
  const crowd = Array.from({ length: 100 }, () => overload.gate.admit('send', true));
  waitingMs = 140;
  for (let turn = 0; turn < 60; turn++) {
    server.clock.advance(50);
    overload.gate.admission();
  }
  return () => {
    for (const visit of crowd) visit.leave();
    waitingMs = 0;
    for (let turn = 0; turn < 100; turn++) {
      server.clock.advance(50);
      overload.gate.admission();
    }
  };
}

describe('sends that are too many', () => {
  it.each([
    ['/2fa/2/pin/voice', 'application/json'],
    ['/2fa/2/pin/voice/?x=1', 'application/json'],
    ['/tts/3/advanced', 'application/json'],
    ['/v1/verifications', 'application/problem+json'],
  ])('%s is refused in the envelope of its face', async (path, type) => {
    await tooMany();
    const replies = await Promise.all(Array.from({ length: 20 }, async () => await post(path)));
    const refused = replies.filter(reply => reply.status === 503);
    expect(refused.length).toBeGreaterThanOrEqual(18);
    expect(shed.filter(kind => kind === 'send').length).toBe(refused.length);
    const [first] = refused;
    expect(first?.headers.get('content-type')).toBe(type);
    expect(Number(first?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(first?.headers.get('cache-control')).toBe('no-store');
    const body = (await first?.json()) as Record<string, unknown>;
    if (type === 'application/json') {
      expect(body).toStrictEqual({
        requestError: {
          serviceException: { messageId: 'SERVICE_UNAVAILABLE', text: 'Service temporarily unavailable' },
        },
      });
    } else {
      expect(body).toMatchObject({ type: '/v1/problems/unavailable', status: 503, reason: 'overloaded' });
    }
  });

  it('never cost a verification or a webhook, and are let in again when there is room', async () => {
    const over = await tooMany();
    for (let time = 0; time < 10; time++) {
      // No credentials, unknown webhook: their own refusals, and not for want of room.
      expect((await post(`/2fa/2/pin/${'0'.repeat(32)}/verify`)).status).toBe(401);
      expect((await post('/carrier-webhooks/none/x/status')).status).not.toBe(503);
      expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
    }
    over();
    for (let time = 0; time < 10; time++) expect((await post('/2fa/2/pin/voice')).status).toBe(401);
  });

  it('leave nothing behind: who is let in at the door is counted once, and out again', async () => {
    await tooMany();
    const before = overload.gate.requests();
    const replies = await Promise.all(
      Array.from(
        { length: 200 },
        async (_, n) => await post(n % 2 === 0 ? '/2fa/2/nothing' : '/2fa/2/pin/voice'),
      ),
    );
    const letIn = replies.filter(reply => reply.status !== 503);
    expect(letIn.length).toBeGreaterThan(0);
    expect(letIn.length).toBeLessThan(30);
    expect(overload.gate.requests()).toStrictEqual(before);
  });
});
