import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ApiServer, KEYS, type Ids } from '../support/api-server.ts';

let server: ApiServer;
let ids: Ids;
let port: number;
beforeAll(async () => {
  server = await ApiServer.start();
  ids = await server.prepare();
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = server.app.server.address() as AddressInfo);
});
afterAll(async () => await server.close());

/** Writes raw bytes and reads until the other side ends. */
async function raw(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', chunk => (answer += chunk.toString()));
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

describe('what real clients send (infobip-api.md 0)', () => {
  it('ignores trailing slashes on every route', async () => {
    const pinId = await server.send(ids);
    const app = `/2fa/2/applications/${ids.applicationId}`;
    for (const [method, url, body] of [
      ['GET', '/2fa/2/applications/', undefined],
      ['POST', '/2fa/2/applications/', { name: 'x' }],
      ['GET', `${app}/`, undefined],
      [
        'PUT',
        `${app}/`,
        { name: 'x', configuration: { sendPinPerPhoneNumberLimit: '1000/1d', verifyPinLimit: '1000/1s' } },
      ],
      ['GET', `${app}/messages/`, undefined],
      ['POST', `${app}/messages/`, { messageText: '{{pin}}', pinType: 'HEX' }],
      ['GET', `${app}/messages/${ids.messageId}/`, undefined],
      ['PUT', `${app}/messages/${ids.messageId}/`, {}],
      ['POST', '/2fa/2/pin/voice/?ncNeeded=undefined', { ...ids, to: '41793026727' }],
      ['POST', `/2fa/2/pin/${pinId}/resend/voice/`, {}],
      ['POST', `/2fa/2/pin/${pinId}/verify/`, { pin: '0' }],
      ['GET', `${app}/verifications/?msisdn=41793026727&verified=undefined`, undefined],
      ['GET', '/health/live/', undefined],
    ] as const) {
      expect([url, (await server.call(method, url, body)).status]).toStrictEqual([url, 200]);
    }
  });

  it('ignores fields that it does not know, at every level', async () => {
    const application = await server.call('POST', '/2fa/2/applications', {
      type: 'text',
      name: 'x',
      configuration: { pinAttempts: 3, colour: 'red' },
      nested: { a: [{ b: null }] },
    });
    expect(Object.keys(application.body).toSorted()).toStrictEqual([
      'applicationId',
      'configuration',
      'enabled',
      'name',
    ]);
    expect(Object.keys(application.body.configuration as object)).toHaveLength(6);
    const pinId = await server.send(ids);
    expect((await server.call('POST', `/2fa/2/pin/${pinId}/verify`, { pin: '', x: 1 })).status).toBe(200);
  });
});

describe('over a socket', () => {
  it('serves a client as it serves a test', async () => {
    const headers = { authorization: `App ${KEYS.all}`, 'content-type': 'application/json; charset=utf-8' };
    const base = `http://127.0.0.1:${port}`;
    const body = JSON.stringify({ ...ids, to: '41793026727' });
    const sent = await fetch(`${base}/2fa/2/pin/voice/?ncNeeded=undefined`, {
      method: 'POST',
      headers,
      body,
    });
    expect([sent.status, sent.headers.get('content-type')]).toStrictEqual([200, 'application/json']);
    const { pinId } = (await sent.json()) as { pinId: string };
    const pin = await server.pinOf(pinId);
    const verified = await fetch(`${base}/2fa/2/pin/${pinId}/verify`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ pin }),
    });
    expect(await verified.json()).toStrictEqual({
      pinId,
      msisdn: '41793026727',
      verified: true,
      attemptsRemaining: 0,
    });
  });

  it('refuses a body that grows past the limit without having said so', async () => {
    const chunk = 'x'.repeat(64 * 1024);
    const chunks = `${chunk.length.toString(16)}\r\n${chunk}\r\n`.repeat(5);
    const answer = await raw(
      `POST /2fa/2/applications HTTP/1.1\r\nHost: x\r\nAuthorization: App ${KEYS.all}\r\n` +
        `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*"text":"Request body is too large"/);
  });

  it.each([
    ['what is no HTTP', 'HELO there\r\n\r\n', /^HTTP\/1\.1 400 Bad Request[^]*"messageId":"BAD_REQUEST"/],
    [
      'headers beyond 16 KB',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 [^]*"messageId":"BAD_REQUEST"/,
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      /^HTTP\/1\.1 400 /,
    ],
  ])('answers %s in the envelope and hangs up', async (_what, bytes, expected) => {
    expect(await raw(bytes)).toMatch(expected);
  });

  it('is limited in time as security.md says', () => {
    const { headersTimeout, requestTimeout } = server.app.server;
    expect([headersTimeout, requestTimeout]).toStrictEqual([10_000, 15_000]);
  });
});

describe('while it closes', () => {
  it('answers a request on a connection that is still open with 503 in the envelope', async () => {
    let entered: () => void = () => undefined;
    const inside = new Promise<void>(resolve => (entered = resolve));
    let release: () => void = () => undefined;
    const held = new Promise<void>(resolve => (release = resolve));
    const slow = await ApiServer.start({
      store: store => ({
        listApplications: async () => {
          entered();
          await held;
          return await store.listApplications();
        },
      }),
    });
    await slow.app.listen({ host: '127.0.0.1', port: 0 });
    const { port: slowPort } = slow.app.server.address() as AddressInfo;
    const socket = connect(slowPort, '127.0.0.1');
    let answer = '';
    socket.on('data', chunk => (answer += chunk.toString()));
    const request = `GET /2fa/2/applications HTTP/1.1\r\nHost: x\r\nAuthorization: App ${KEYS.all}\r\n\r\n`;
    socket.write(request);
    await inside;
    const closed = slow.close();
    socket.write(request);
    await pause(50);
    release();
    await once(socket, 'close');
    await closed;
    expect(answer).toMatch(
      /HTTP\/1\.1 200 OK[^]*HTTP\/1\.1 503 [^]*retry-after: 1[^]*"messageId":"SERVICE_UNAVAILABLE"/i,
    );
  });
});
