import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createDoorstep } from '../../src/api/doorstep.ts';
import { OverloadGate } from '../../src/api/overload-gate.ts';
import { createOverload, type Overload } from '../../src/api/overload.ts';
import { MOST_WAITING, SENDS_PER_TURN } from '../../src/api/send-lane.ts';
import { createLogger } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics/index.ts';
import { ApiServer } from '../support/api-server.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { eventually } from '../support/service.ts';

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

describe('sends in their turn', () => {
  let http: Server;
  let gate: OverloadGate;
  let clock: FakeClock;
  let turns: (() => void)[];
  let handedOn: string[];
  let answered: { status: number; ms: number }[];

  beforeEach(async () => {
    clock = new FakeClock();
    turns = [];
    handedOn = [];
    answered = [];
    gate = new OverloadGate({
      clock,
      waitingMs: () => 0,
      onShed: ({ kind, reason }) => void shed.push(`${kind} ${reason}`),
    });
    const doorstep = createDoorstep({
      gate,
      clock,
      metrics: { request: ({ status, ms }) => void answered.push({ status, ms }) },
      nextTurn: run => void turns.push(run),
    });
    http = createServer((request, response) => {
      doorstep.meet(request, response, () => {
        handedOn.push(request.url ?? '');
        response.once('close', () => doorstep.arrivalOf(request)?.visit.leave());
        response.end('done');
      });
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
  });

  afterEach(async () => {
    http.closeAllConnections();
    http.close();
    await once(http, 'close');
  });

  /** All of them at once, which the server reads in one turn of its loop. */
  function ask(...paths: string[]): { socket: Socket; count: (status: number) => number } {
    const socket = connect((http.address() as { port: number }).port, '127.0.0.1');
    let text = '';
    socket.on('data', chunk => (text += String(chunk)));
    socket.write(paths.map(path => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`).join(''));
    return { socket, count: status => text.split(`HTTP/1.1 ${status} `).length - 1 };
  }

  const inside = () => gate.requests().find(({ kind }) => kind === 'send')?.waiting;
  const came = async (count: number) =>
    await eventually(`${count} sends inside`, async () => inside() === count, 2_000);
  const nextTurn = (): void => {
    for (const run of turns.splice(0)) run();
  };

  it('let verifications and webhooks that came with them go first', async () => {
    const { count } = ask(
      '/2fa/2/pin/voice',
      '/v1/verifications',
      '/2fa/2/pin/A/verify',
      '/carrier-webhooks/a',
    );
    await eventually('the others', async () => handedOn.length === 2, 2_000);
    expect(handedOn).toStrictEqual(['/2fa/2/pin/A/verify', '/carrier-webhooks/a']);
    nextTurn();
    expect(handedOn.slice(2)).toStrictEqual(['/2fa/2/pin/voice', '/v1/verifications']);
    await eventually('the answers', async () => count(200) === 4 && inside() === 0, 2_000);
  });

  it('are forgotten when nobody waits for them any more', async () => {
    const { socket } = ask('/2fa/2/pin/voice');
    await came(1);
    const connections = async () =>
      await new Promise<number>(resolve => http.getConnections((_, number) => resolve(number)));
    socket.destroy();
    await eventually('the end of the connection', async () => (await connections()) === 0, 2_000);
    nextTurn();
    expect(handedOn).toStrictEqual([]);
    expect(inside()).toBe(0);
  });

  it('are refused when too many wait, and told so when everybody else was looked at', async () => {
    const sends = Array.from({ length: MOST_WAITING + 3 }, () => '/2fa/2/pin/voice');
    const { count } = ask(...sends, '/2fa/2/pin/A/verify');
    await eventually('the verification', async () => handedOn.length === 1, 2_000);
    expect(shed).toStrictEqual(['send queue-full', 'send queue-full', 'send queue-full']);
    expect(answered).toStrictEqual([]);
    expect(inside()).toBe(MOST_WAITING);
    while (turns.length > 0) nextTurn();
    await eventually('the answers', async () => count(200) === MOST_WAITING + 1 && count(503) === 3, 2_000);
    expect(answered).toHaveLength(3);
    await came(0);
  });

  it('are refused when they waited too long in a queue that stands, and that time counts', async () => {
    const all = 4 * SENDS_PER_TURN;
    const { count } = ask(...Array.from({ length: all }, () => '/2fa/2/pin/voice'));
    await came(all);
    nextTurn();
    clock.advance(600);
    nextTurn();
    expect(handedOn).toHaveLength(SENDS_PER_TURN);
    expect(new Set(shed)).toStrictEqual(new Set(['send waited']));
    expect(answered).toStrictEqual(shed.map(() => ({ status: 503, ms: 600 })));
    await eventually('the answers', async () => count(200) + count(503) === all, 2_000);
    expect(count(503)).toBe(3 * SENDS_PER_TURN);
    await came(0);
  });
});
