import { describe, expect, it } from 'vitest';

import { ApiServer } from '../support/api-server.ts';

describe('the request log', () => {
  it('tells the story of a PIN and none of its secrets', async () => {
    const server = await ApiServer.start();
    const ids = await server.prepare({}, { pinType: 'ALPHANUMERIC', pinLength: 32 });
    const pinId = await server.send(ids);
    const pin = await server.pinOf(pinId);
    await server.verify(pinId, `${pin}X`);
    await server.call('POST', `/2fa/2/pin/${pinId}/verify`, `{"pin":"${pin}"`);
    await server.call('POST', `/2fa/2/pin/${pinId}/verify`, { pin: [pin] });
    await server.call('POST', `/2fa/2/pin/${pin}/verify/${pin}`, { pin });
    await server.call('POST', `/2fa/2/pin/${pin.slice(0, 20)}/verify?pin=${pin}`, { pin });
    await server.call('GET', `/2fa/2/applications/${ids.applicationId}/verifications?msisdn=41793026727`);
    await server.verify(pinId, pin);
    const lines = server
      .logged()
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toMatchObject({
      msg: 'request',
      method: 'POST',
      route: '/2fa/2/pin/:pinId/verify',
      pinId,
      client: 'all',
      status: 200,
      reqId: expect.any(String),
      ms: expect.any(Number),
    });
    for (const secret of [pin, pin.slice(0, 20), '41793026727'])
      expect(server.logged()).not.toContain(secret);
    await server.close();
  });

  it('keeps health checks for debugging', async () => {
    const server = await ApiServer.start();
    await server.call('GET', '/health/live');
    const line = server.logged().trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(line)).toMatchObject({ level: 20, route: '/health/live', status: 200 });
    await server.close();
  });
});
