import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import type { PushCounted } from '../../../src/delivery/push/index.ts';
import { times } from '../../support/store-fixtures.ts';
import { deadPort, httpServer, tcpServer, until } from '../push/rig.ts';
import { eventsRig, HOUR, MINUTE, SECOND, verified } from './rig.ts';

/** Over real sockets, with the reference implementation of Standard Webhooks as the receiver. */

/** Keeps what it got; answers `status`. */
async function receiver(status: () => number = () => 200) {
  const got: { body: string; headers: Record<string, string> }[] = [];
  const { port } = await httpServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      got.push({ body, headers: request.headers as Record<string, string> });
      response.writeHead(status()).end('thanks');
    });
  });
  return { url: `http://receiver.example:${port}/hook`, got };
}

/** The library compares with the time of the machine. */
async function realTimeRig() {
  const rig = await eventsRig();
  rig.clock.setWall(Date.now());
  return rig;
}

const total = (counts: Partial<Record<PushCounted, number>>) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

it('a receiver verifies what it gets with the secret that was shown, and with no other', async () => {
  const rig = await realTimeRig();
  const { url, got } = await receiver();
  const { secret, endpoint } = await rig.endpoint(url);
  const { secret: others } = await rig.endpoint(`http://nobody.example:${await deadPort()}/`);
  await rig.start();
  await rig.emit(verified());
  await until(() => got.length === 1);
  const [{ body, headers }] = got as [(typeof got)[0]];
  const event = new Webhook(secret).verify(body, headers) as { id: string; type: string };
  expect(event.type).toBe('verification.verified');
  expect(headers['webhook-id']).toBe(`${event.id}-${endpoint.id}`);
  expect(headers['webhook-signature']!.split(' ')).toHaveLength(1);
  expect(() => new Webhook(others).verify(body, headers)).toThrow(WebhookVerificationError);
  expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow(WebhookVerificationError);
});

it('around a change of the secret both verify, and after it only the new one', async () => {
  const rig = await realTimeRig();
  const { url, got } = await receiver();
  const { secret: old, endpoint } = await rig.endpoint(url);
  const { secret: fresh } = (await rig.endpoints.rotate(endpoint.id, { overlapMs: HOUR }))!;
  expect(fresh).not.toBe(old);
  await rig.start();
  await rig.emit(verified());
  await until(() => got.length === 1);
  for (const secret of [old, fresh]) {
    expect(new Webhook(secret).verify(got[0]!.body, got[0]!.headers)).toBeDefined();
  }
  rig.clock.advance(HOUR);
  rig.clock.setWall(Date.now() + HOUR);
  await rig.emit(verified());
  await until(() => got.length === 2);
  const { body, headers } = got[1]!;
  const signatures = headers['webhook-signature']!.split(' ');
  expect(signatures).toHaveLength(1);
  const at = new Date(Number(headers['webhook-timestamp']) * 1_000);
  expect(signatures).toEqual([new Webhook(fresh).sign(headers['webhook-id']!, at, body)]);
});

it('a change without overlap signs with the new one alone', async () => {
  const rig = await realTimeRig();
  const { url, got } = await receiver();
  const { secret: old, endpoint } = await rig.endpoint(url);
  const { secret: fresh } = (await rig.endpoints.rotate(endpoint.id, { overlapMs: 0 }))!;
  await rig.start();
  await rig.emit(verified());
  await until(() => got.length === 1);
  const { body, headers } = got[0]!;
  expect(new Webhook(fresh).verify(body, headers)).toBeDefined();
  expect(() => new Webhook(old).verify(body, headers)).toThrow(WebhookVerificationError);
});

/** faults.md F25. */
describe('a receiver that is not well', () => {
  const answering = async (status: number, headers: Record<string, string> = {}) => {
    const { port } = await httpServer((_, response) => response.writeHead(status, headers).end());
    return `http://bad.example:${port}/`;
  };
  const speaking = async (answer: string) => {
    const { port } = await tcpServer(socket => socket.once('data', () => socket.end(answer)));
    return `http://bad.example:${port}/`;
  };
  const bad: [string, () => Promise<string>, PushCounted][] = [
    ['down', async () => `http://bad.example:${await deadPort()}/`, 'push-failed'],
    ['500', () => answering(500), 'push-failed'],
    ['301 to the inside', () => answering(301, { location: 'http://169.254.169.254/' }), 'push-failed'],
    ['410', () => answering(410), 'push-gone'],
    ['no HTTP', () => speaking('220 mail.example ESMTP\r\n'), 'push-failed'],
    ['hangs up', () => speaking(''), 'push-failed'],
    ['no TLS', async () => (await answering(200)).replace('http:', 'https:'), 'push-failed'],
  ];

  it.each(bad)('%s: the other one gets its own', async (_, start, outcome) => {
    const rig = await realTimeRig();
    const { url, got } = await receiver();
    await rig.endpoint(await start());
    await rig.endpoint(url);
    await rig.start();
    await rig.emit(verified());
    await until(() => total(rig.counts) === 2 && got.length === 1);
    expect(rig.counts).toEqual({ [outcome]: 1, 'push-delivered': 1 });
    const next = await rig.waiting();
    if (outcome === 'push-gone') expect(next).toBeUndefined();
    else expect(Math.abs(next! - 5 * SECOND)).toBeLessThanOrEqual(500);
  });

  it('slow: it is cut off after 15 s, its secondary URL is asked, and nobody waits for it', async () => {
    const rig = await realTimeRig();
    let connections = 0;
    const { port } = await tcpServer(() => connections++);
    const standby = await receiver();
    const other = await receiver();
    await rig.endpoint(`http://slow.example:${port}/`, { secondaryUrl: standby.url });
    await rig.endpoint(other.url);
    await rig.start();
    await rig.emit(verified());
    await until(() => connections === 1 && other.got.length === 1);
    rig.clock.advance(14 * SECOND);
    await rig.rest();
    expect(standby.got).toHaveLength(0);
    rig.clock.advance(SECOND);
    await until(() => total(rig.counts) === 2);
    expect(rig.counts).toEqual({ 'push-delivered': 2 });
    expect(standby.got).toHaveLength(1);
  });

  it('a huge answer: 200 is 200', async () => {
    const rig = await realTimeRig();
    const { port } = await tcpServer(socket =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n');
        const fill = (): void => {
          while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
        };
        socket.on('drain', fill);
        fill();
      }),
    );
    await rig.endpoint(`http://huge.example:${port}/`);
    await rig.start();
    await rig.emit(verified());
    await until(() => total(rig.counts) === 1);
    expect(rig.counts).toEqual({ 'push-delivered': 1 });
  });

  it('back after a failure: the same id and body, a new time and signature', async () => {
    const rig = await realTimeRig();
    const statuses = [500, 200];
    const { url, got } = await receiver(() => statuses.shift()!);
    const { secret } = await rig.endpoint(url);
    await rig.start();
    await rig.emit(verified());
    await until(() => got.length === 1);
    await until(() => rig.counts['push-failed'] === 1);
    rig.clock.advance(6 * SECOND);
    await until(() => got.length === 2);
    const [first, second] = got as [(typeof got)[0], (typeof got)[0]];
    expect(second.body).toBe(first.body);
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(second.headers['webhook-signature']).not.toBe(first.headers['webhook-signature']);
    for (const { body, headers } of got) expect(new Webhook(secret).verify(body, headers)).toBeDefined();
  });
});

describe('trying an endpoint', () => {
  it('says what each of its URLs answered', async () => {
    const rig = await realTimeRig();
    const { url, got } = await receiver();
    const bad = await receiver(() => 500);
    const { endpoint, secret } = await rig.endpoint(url, { secondaryUrl: bad.url });
    const { event, answers } = await rig.testPush(endpoint);
    expect(answers).toEqual([
      { which: 'url', accepted: true, status: 200, body: 'thanks', durationMs: 0 },
      { which: 'secondaryUrl', accepted: false, status: 500, body: 'thanks', durationMs: 0 },
    ]);
    expect(new Webhook(secret).verify(got[0]!.body, got[0]!.headers)).toEqual(event);
    expect(event).toMatchObject({ type: 'webhook.test', data: { webhookId: endpoint.id } });
    expect(await rig.waiting()).toBeUndefined();
  });

  it('says why there was no answer, also where the endpoint is switched off', async () => {
    const rig = await realTimeRig();
    const { endpoint } = await rig.endpoint(`http://dead.example:${await deadPort()}/`);
    const off = (await rig.endpoints.update(endpoint.id, { enabled: false }))!;
    const { answers } = await rig.testPush(off);
    expect(answers).toEqual([
      { which: 'url', accepted: false, error: 'connect: ECONNREFUSED', durationMs: 0 },
    ]);
  });
});

describe('replays', () => {
  it('bring an event again under its id, to all that want it or to one', async () => {
    const rig = await realTimeRig();
    const first = await receiver();
    const second = await receiver();
    await rig.endpoint(first.url);
    const { endpoint } = await rig.endpoint(second.url, { types: ['delivery.failed'] });
    await rig.start();
    await rig.emit(verified());
    await until(() => first.got.length === 1);
    const [event] = (await rig.store.listLoggedEvents({ limit: 1 })).events;
    expect(await rig.replays.one(event!)).toBe(1);
    await until(() => first.got.length === 2);
    expect(first.got[1]!.headers['webhook-id']).toBe(first.got[0]!.headers['webhook-id']);
    expect(first.got[1]!.body).toBe(first.got[0]!.body);
    expect(await rig.replays.one(event!, endpoint)).toBe(1);
    await until(() => second.got.length === 1);
    expect(first.got).toHaveLength(2);
  });

  it('bring what waits for its next try at once, and only once', async () => {
    const rig = await realTimeRig();
    let status = 500;
    const { url, got } = await receiver(() => status);
    await rig.endpoint(url);
    await rig.start();
    await rig.emit(verified());
    await until(() => rig.counts['push-failed'] === 1);
    status = 200;
    const [event] = (await rig.store.listLoggedEvents({ limit: 1 })).events;
    await rig.replays.one(event!);
    await until(() => rig.counts['push-delivered'] === 1);
    await rig.rest();
    expect(got).toHaveLength(2);
    expect(await rig.waiting()).toBeUndefined();
  });

  it('of a range bring what the endpoint wants of it, oldest first, however long that is', async () => {
    const rig = await realTimeRig();
    const { url, got } = await receiver();
    await rig.start();
    const start = rig.clock.now();
    await rig.emit(...times(251, index => verified({ at: start + index })));
    const { endpoint } = await rig.endpoint(url, { types: ['verification.verified'] });
    const range = { since: start + 20, until: start + 240 };
    expect(await rig.replays.range(endpoint, { ...range, types: ['verification.expired'] })).toEqual({
      count: 0,
    });
    expect(await rig.replays.range(endpoint, range)).toEqual({ count: 220 });
    await until(() => rig.counts['push-delivered'] === 220);
    await rig.pass(MINUTE, MINUTE);
    expect(got).toHaveLength(220);
    const { events } = await rig.store.listLoggedEvents({ limit: 300, ...range });
    const ids = new Set(got.map(({ headers }) => headers['webhook-id']));
    expect(ids).toEqual(new Set(events.map(({ id }) => `${id}-${endpoint.id}`)));
  });
});
