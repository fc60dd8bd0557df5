import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';

import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';

import { carrierWebhooks } from '../../src/api/carrier-webhooks/plugin.ts';
import type { VoiceDelivery } from '../../src/delivery/delivery.ts';
import { ServiceError } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';

const REF = '0123456789abcdef0123456789abcdef';
const TOKEN = 'dG9rZW4tb2YtdGhlLW1lZGlh';
const PATH = `/carrier-webhooks/twilio/${REF}/status`;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

let app: FastifyInstance;
let lines: string[];
let delivery: {
  handleWebhook: ReturnType<typeof vi.fn<VoiceDelivery['handleWebhook']>>;
  admitMedia: ReturnType<typeof vi.fn<VoiceDelivery['admitMedia']>>;
};

beforeEach(async () => {
  lines = [];
  delivery = {
    handleWebhook: vi.fn<VoiceDelivery['handleWebhook']>(async () => ({
      status: 200,
      contentType: 'text/xml; charset=utf-8',
      body: '<Response/>',
    })),
    admitMedia: vi.fn<VoiceDelivery['admitMedia']>(async () => undefined),
  };
  const stream = { write: (line: string) => void lines.push(line) };
  const log = createLogger('trace', stream);
  app = Fastify({ logger: { level: 'trace', stream } });
  // A neighbour as in the service: JSON bodies, an API key.
  await app.register(async api => {
    api.addHook('onRequest', async (request, reply) => {
      if (request.headers.authorization !== 'App key') await reply.code(401).send({ error: 'key' });
    });
    api.post('/2fa/2/pin/voice', (request, reply) => void reply.send({ read: request.body }));
  });
  await app.register(carrierWebhooks, {
    delivery,
    publicUrl: 'https://pin.example.com:8443/base/',
    carriers: ['twilio', 'second'],
    log,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => await app.close());

const origin = () => `127.0.0.1:${(app.server.address() as AddressInfo).port}`;
const lastRaw = () => delivery.handleWebhook.mock.calls.at(-1)![0].raw;

describe('a webhook', () => {
  test('is handed on with its raw body and the public URL, whatever its headers say', async () => {
    const reply = await app.inject({
      method: 'POST',
      url: `${PATH}?step=2&x=%2F%2f+`,
      headers: {
        ...FORM,
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
        'x-twilio-signature': 'sig',
      },
      payload: 'b=%2B&a=1&a=2',
    });
    expect(reply.statusCode).toBe(200);
    expect(reply.headers['content-type']).toBe('text/xml; charset=utf-8');
    expect(reply.body).toBe('<Response/>');
    expect(delivery.handleWebhook).toHaveBeenCalledExactlyOnceWith({
      carrier: 'twilio',
      ref: REF,
      kind: 'status',
      query: { step: '2', x: '// ' },
      raw: expect.objectContaining({
        method: 'POST',
        url: `https://pin.example.com:8443/base${PATH}?step=2&x=%2F%2f+`,
        rawBody: Buffer.from('b=%2B&a=1&a=2'),
      }),
    });
    expect(lastRaw().headers['x-twilio-signature']).toBe('sig');
  });

  test.each(['answer', 'status', 'digits', 'machine'])('of kind %s', async kind => {
    const url = `/carrier-webhooks/second/${REF}/${kind}`;
    expect((await app.inject({ method: 'POST', url, headers: FORM, payload: 'a=1' })).statusCode).toBe(200);
    expect(delivery.handleWebhook.mock.calls[0]![0]).toMatchObject({ carrier: 'second', kind });
  });

  test('by GET has no body', async () => {
    expect((await app.inject({ method: 'GET', url: `${PATH}?CallSid=CA1` })).statusCode).toBe(200);
    expect(lastRaw()).toMatchObject({ method: 'GET', rawBody: Buffer.alloc(0) });
  });

  test.each([
    ['JSON, untouched', 'application/json', '{ "a" : 1 }'],
    ['JSON that is none', 'application/json', '{'],
    ['bytes that are no UTF-8', 'application/octet-stream', Buffer.from([0xff, 0xfe, 0])],
    ['multipart', 'multipart/form-data; boundary=x', '--x--'],
    ['nothing', 'application/x-www-form-urlencoded', ''],
  ])('a body of %s', async (_, type, payload) => {
    const reply = await app.inject({ method: 'POST', url: PATH, headers: { 'content-type': type }, payload });
    expect(reply.statusCode).toBe(200);
    expect(lastRaw().rawBody).toEqual(Buffer.from(payload));
  });

  test('the first of two query values counts', async () => {
    await app.inject({ method: 'GET', url: `${PATH}?step=1&step=2&__proto__=x` });
    const { query } = delivery.handleWebhook.mock.calls[0]![0];
    expect(query['step']).toBe('1');
    expect(Object.getPrototypeOf(query)).toBe(Object.prototype);
  });

  test('what delivery answers is what the carrier gets', async () => {
    delivery.handleWebhook.mockResolvedValueOnce({ status: 403 });
    const reply = await app.inject({ method: 'POST', url: PATH, headers: FORM, payload: 'a=1' });
    expect([reply.statusCode, reply.body]).toEqual([403, '']);
  });
});

describe('refused without a word to delivery', () => {
  test.each([
    ['an unknown carrier', 'POST', `/carrier-webhooks/plivo/${REF}/status`, 404],
    ['a prototype’s name', 'POST', `/carrier-webhooks/__proto__/${REF}/status`, 404],
    ['an unknown kind', 'POST', `/carrier-webhooks/twilio/${REF}/record`, 404],
    ['a reference that is none', 'POST', '/carrier-webhooks/twilio/..%2f..%2fx/status', 404],
    ['a reference in capitals', 'POST', `/carrier-webhooks/twilio/${REF.toUpperCase()}/status`, 404],
    ['another method', 'PUT', PATH, 404],
    ['HEAD', 'HEAD', PATH, 404],
    ['a longer path', 'POST', `${PATH}/x`, 404],
  ] as const)('%s', async (_, method, url, status) => {
    const reply = await app.inject({ method, url, headers: FORM, payload: 'a=1' });
    expect(reply.statusCode).toBe(status);
    expect(reply.body.length).toBeLessThan(200);
    expect(delivery.handleWebhook).not.toHaveBeenCalled();
  });

  test('a body over 64 KB', async () => {
    const just = await app.inject({
      method: 'POST',
      url: PATH,
      headers: FORM,
      payload: 'x'.repeat(64 * 1024),
    });
    expect(just.statusCode).toBe(200);
    delivery.handleWebhook.mockClear();
    const over = await app.inject({
      method: 'POST',
      url: PATH,
      headers: FORM,
      payload: 'x'.repeat(64 * 1024 + 1),
    });
    expect([over.statusCode, over.body]).toEqual([413, 'Too large']);
    expect(delivery.handleWebhook).not.toHaveBeenCalled();
  });

  test('an absolute URL in the request line', async () => {
    const answer = await raw(
      `POST http://evil.example${PATH} HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 0\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(delivery.handleWebhook).not.toHaveBeenCalled();
  });
});

describe('failures', () => {
  test.each([
    ['the store is away', new ServiceError('unavailable'), 503, 'Unavailable'],
    ['a bug', new Error('with a secret 482913'), 500, 'Error'],
  ])('%s', async (_, error, status, body) => {
    delivery.handleWebhook.mockRejectedValueOnce(error);
    const reply = await app.inject({ method: 'POST', url: PATH, headers: FORM, payload: 'a=1' });
    expect([reply.statusCode, reply.body]).toEqual([status, body]);
  });
});

test('the neighbours keep their JSON and their API key', async () => {
  const request = { method: 'POST', url: '/2fa/2/pin/voice', payload: { to: '1' } } as const;
  expect((await app.inject(request)).statusCode).toBe(401);
  const reply = await app.inject({ ...request, headers: { authorization: 'App key' } });
  expect(reply.json()).toEqual({ read: { to: '1' } });
});

describe('a media socket', () => {
  const open = (path = `/media/twilio/${TOKEN}`) =>
    new WebSocket(`ws://${origin()}${path}`, { headers: { 'x-twilio-signature': 's' } });
  const refusal = async (socket: WebSocket): Promise<number> => {
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    socket.terminate();
    return response.statusCode;
  };

  test('is handed over after delivery admitted it', async () => {
    const takeOver = vi.fn((socket: WebSocket) => {
      socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`));
    });
    delivery.admitMedia.mockResolvedValueOnce(takeOver);
    const socket = open();
    await once(socket, 'open');
    expect(delivery.admitMedia).toHaveBeenCalledExactlyOnceWith({
      carrier: 'twilio',
      token: TOKEN,
      raw: expect.objectContaining({
        method: 'GET',
        url: `wss://pin.example.com:8443/base/media/twilio/${TOKEN}`,
        rawBody: Buffer.alloc(0),
      }),
    });
    expect(delivery.admitMedia.mock.calls[0]![0].raw.headers['x-twilio-signature']).toBe('s');
    socket.send('x');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(answer.toString()).toBe('echo x');
    expect(takeOver).toHaveBeenCalledOnce();
    socket.terminate();
  });

  test('loses nothing that the carrier sends right behind its handshake', async () => {
    const first = new Promise<string>(resolve => {
      delivery.admitMedia.mockImplementationOnce(async () => {
        await new Promise(wait => setTimeout(wait, 20));
        return socket => void socket.once('message', (data: Buffer) => resolve(data.toString()));
      });
    });
    // One packet: the request, and a masked text frame "hi" (RFC 6455 5.7).
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(
      Buffer.concat([
        Buffer.from(handshake(`/media/twilio/${TOKEN}`)),
        Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]),
      ]),
    );
    expect(await first).toBe('hi');
    socket.destroy();
  });

  test('is refused before the upgrade when delivery does not know it', async () => {
    expect(await refusal(open())).toBe(403);
  });

  test('of an unknown carrier never reaches delivery', async () => {
    expect(await refusal(open(`/media/plivo/${TOKEN}`))).toBe(404);
    expect(await refusal(open('/media/twilio'))).toBe(404);
    expect(delivery.admitMedia).not.toHaveBeenCalled();
  });

  test.each([
    ['a plain GET', `GET /media/twilio/${TOKEN} HTTP/1.1\r\nhost: x\r\n`],
    [
      'no key',
      handshake(`/media/twilio/${TOKEN}`)
        .replace(/sec-websocket-key[^\r]*\r\n/, '')
        .trimEnd() + '\r\n',
    ],
    [
      'another version',
      handshake(`/media/twilio/${TOKEN}`).replace('version: 13', 'version: 99').trimEnd() + '\r\n',
    ],
  ])('%s does not use the token up', async (_, request) => {
    expect(await raw(request)).toMatch(/^HTTP\/1.1 400 /);
    expect(delivery.admitMedia).not.toHaveBeenCalled();
  });

  test('a failing admission is no socket', async () => {
    delivery.admitMedia.mockRejectedValueOnce(new ServiceError('unavailable'));
    expect(await refusal(open())).toBe(503);
  });

  test('a frame over 256 KB ends it', async () => {
    delivery.admitMedia.mockResolvedValueOnce(socket => void socket.on('error', () => undefined));
    const socket = open();
    await once(socket, 'open');
    socket.send('x'.repeat(256 * 1024 + 1));
    const [code] = (await once(socket, 'close')) as [number];
    expect([1009, 1006]).toContain(code);
  });

  test('a peer that drops in the middle of admission harms nobody', async () => {
    const takeOver = vi.fn((socket: WebSocket) => socket.terminate());
    delivery.admitMedia.mockImplementationOnce(async () => {
      await new Promise(wait => setTimeout(wait, 30));
      return takeOver;
    });
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(handshake(`/media/twilio/${TOKEN}`));
    await vi.waitFor(() => expect(delivery.admitMedia).toHaveBeenCalledOnce());
    socket.resetAndDestroy();
    await new Promise(wait => setTimeout(wait, 60));
    expect((await app.inject({ method: 'GET', url: PATH })).statusCode).toBe(200);
  });

  test('an upgrade of another path gets no socket', async () => {
    expect(await raw(handshake('/nothing').trimEnd() + '\r\n')).toMatch(/^HTTP\/1.1 404 /);
    expect(await raw(handshake(PATH).trimEnd() + '\r\n')).toMatch(/^HTTP\/1.1 404 /);
  });
});

test('no log line holds a token or a reference', async () => {
  delivery.admitMedia.mockResolvedValueOnce(undefined);
  await raw(handshake(`/media/twilio/${TOKEN}`).trimEnd() + '\r\n');
  await app.inject({ method: 'POST', url: PATH, headers: FORM, payload: 'Digits=482913' });
  delivery.handleWebhook.mockRejectedValueOnce(new Error('boom'));
  await app.inject({ method: 'POST', url: PATH, headers: FORM, payload: 'Digits=482913' });
  expect(lines.join('')).toContain('boom');
  for (const secret of [TOKEN, REF, '482913']) expect(lines.join('')).not.toContain(secret);
});

function handshake(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
}

/** Sends a request as it stands (without its last empty line) and gives the start of the answer. */
async function raw(head: string): Promise<string> {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`${head}\r\n`);
  const [data] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return data.toString();
}
