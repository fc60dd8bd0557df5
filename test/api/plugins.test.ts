import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { carrierWebhooks } from '../../src/api/carrier-webhooks/plugin.ts';
import { createLogger } from '../../src/log.ts';
import { ApiServer } from '../support/api-server.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';

let server: ApiServer;
let base: string;
beforeAll(async () => {
  server = await ApiServer.start({
    server: {
      plugins: [
        async app =>
          await carrierWebhooks(app, {
            delivery: {
              handleWebhook: async ({ raw }) => ({
                status: 200,
                contentType: 'text/xml',
                body: `<${raw.rawBody.toString()}/>`,
              }),
              admitMedia: async ({ token }) => (token === TOKEN ? socket => socket.send('hello') : undefined),
            },
            publicUrl: 'https://pins.example.com',
            carriers: ['twilio'],
            log: createLogger('silent'),
          }),
        async app => {
          app.route({
            method: 'GET',
            url: '/own',
            handler: async () => {
              throw new Error('own trouble');
            },
          });
          app.route({ method: 'POST', url: '/own', handler: async () => ({}) });
        },
      ],
    },
  });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  base = `127.0.0.1:${(server.app.server.address() as AddressInfo).port}`;
});
afterAll(async () => await server.close());

describe('faces that others bring', () => {
  it('have their own parsers, and need no API key', async () => {
    const url = `/carrier-webhooks/twilio/${TOKEN}/answer`;
    const headers = { authorization: '', 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await server.call('POST', url, 'raw', headers);
    expect([answer.status, answer.headers['content-type'], answer.text]).toStrictEqual([
      200,
      'text/xml',
      '<raw/>',
    ]);
  });

  it('share the error handler, and parse nothing unless they say so', async () => {
    expect(await server.call('GET', '/own')).toMatchObject({
      status: 500,
      body: { requestError: { serviceException: { messageId: 'GENERAL_ERROR' } } },
    });
    expect((await server.call('POST', '/own', {})).status).toBe(415);
    expect((await server.call('DELETE', '/own')).status).toBe(405);
  });

  it('take sockets over', async () => {
    const socket = new WebSocket(`ws://${base}/media/twilio/${TOKEN}`);
    const [message] = (await once(socket, 'message')) as [Buffer];
    expect(message.toString()).toBe('hello');
    socket.close();
    await once(socket, 'close');
  });

  it.each([
    [`/media/twilio/${'0'.repeat(32)}`, 403],
    [`/media/nobody/${TOKEN}`, 404],
    ['/nowhere', 404],
    ['/2fa/2/applications', 401],
  ])('refuse the upgrade of %s with %d', async (path, status) => {
    const socket = new WebSocket(`ws://${base}${path}`);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(status);
    socket.on('error', () => undefined);
    socket.terminate();
  });

  it('leave no token in the log', () => {
    expect(server.logged()).toContain('/media/:carrier/:token');
    expect(server.logged()).not.toContain(TOKEN);
  });
});
