import { expect, test } from 'vitest';

import { ApiServer } from '../support/api-server.ts';

/** Whose address a login counts against, in front of and behind a proxy. */
test.each([
  ['nobody is believed unasked', undefined, '127.0.0.1'],
  ['a named proxy is believed', ['127.0.0.1'], '203.0.113.9'],
  ['another address is not', ['10.0.0.1'], '127.0.0.1'],
])('%s', async (_, trustProxy, expected) => {
  let seen = '';
  const server = await ApiServer.start({
    server: {
      ...(trustProxy && { trustProxy }),
      plugins: [
        async app => {
          app.route({
            method: 'GET',
            url: '/whoami',
            handler: async request => {
              seen = request.ip;
              return {};
            },
          });
        },
      ],
    },
  });
  await server.app.inject({ method: 'GET', url: '/whoami', headers: { 'x-forwarded-for': '203.0.113.9' } });
  expect(seen).toBe(expected);
  await server.close();
});
