import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import { KEYS } from '../../support/api-server.ts';
import { httpServer } from '../../delivery/push/rig.ts';
import { verified } from '../../delivery/events/rig.ts';
import { eventsApiRig } from './rig.ts';

const URL = 'https://shop.example/hook';

interface WebhookBody {
  id: string;
  secret?: string;
  [more: string]: unknown;
}

describe('an endpoint', () => {
  it('is made with its secret, and shown without it ever after', async () => {
    const { call, logged } = await eventsApiRig();
    const { status, body } = await call<WebhookBody>('POST', '/v1/webhooks', { url: URL });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^wh_[0-9a-f]{32}$/) as string,
      url: URL,
      types: ['*'],
      enabled: true,
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      secret: expect.stringMatching(/^whsec_/) as string,
    });
    const { secret, ...shown } = body;
    expect((await call('GET', `/v1/webhooks/${body.id}`)).body).toEqual(shown);
    expect((await call('GET', '/v1/webhooks')).body).toEqual({ webhooks: [shown] });
    expect(logged()).not.toContain(secret!);
    expect(logged()).not.toContain('shop.example');
  });

  it('has what was asked for, and is changed field by field', async () => {
    const { call, server, clock } = await eventsApiRig();
    const { applicationId } = await server.prepare();
    const wanted = {
      url: URL,
      secondaryUrl: 'https://standby.example/',
      types: ['verification.verified', 'delivery.failed'],
      applicationId,
      description: 'orders',
    };
    const { body: made } = await call<WebhookBody>('POST', '/v1/webhooks', wanted);
    expect(made).toMatchObject(wanted);
    clock.advance(1_000);
    const path = `/v1/webhooks/${made.id}`;
    const { status, body } = await call<WebhookBody>('PATCH', path, {
      description: 'all',
      types: ['*', '*'],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...wanted, description: 'all', types: ['*'], enabled: true });
    expect(body['updatedAt']).toBe('2026-01-01T00:00:01.000Z');
    const nulls = { secondaryUrl: null, applicationId: null, description: null, enabled: false };
    const { body: bare } = await call<WebhookBody>('PATCH', path, nulls);
    expect(bare).toEqual({
      id: made.id,
      url: URL,
      types: ['*'],
      enabled: false,
      disabledReason: 'operator',
      createdAt: made['createdAt'],
      updatedAt: body['updatedAt'],
    });
    expect((await call('PATCH', path, { enabled: true })).body).not.toHaveProperty('disabledReason');
  });

  it('is removed', async () => {
    const { call } = await eventsApiRig();
    const { body } = await call<WebhookBody>('POST', '/v1/webhooks', { url: URL });
    const answer = await call('DELETE', `/v1/webhooks/${body.id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await call(method, `/v1/webhooks/${body.id}`)).status).toBe(404);
    }
  });

  it('may not lead inside; the answer names the field', async () => {
    const { call } = await eventsApiRig({ allowPrivate: false });
    const refused = await call('POST', '/v1/webhooks', { url: 'https://169.254.169.254/' });
    expect(refused.status).toBe(400);
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(refused.text)).toMatchObject({
      type: '/v1/problems/bad-request',
      errors: [{ field: 'url', message: 'is not allowed: address' }],
    });
    expect((await call('POST', '/v1/webhooks', { url: URL, secondaryUrl: 'http://a.example/' })).status).toBe(
      400,
    );
  });

  it.each<[string, unknown]>([
    ['url', {}],
    ['url', { url: 7 }],
    ['types[0]', { url: URL, types: ['verification.*'] }],
    ['types', { url: URL, types: [] }],
    ['body', { url: URL, secret: 'whsec_mine' }],
    ['applicationId', { url: URL, applicationId: 'nobody' }],
    ['body', '{"url":'],
    ['body', undefined],
  ])('with a wrong %s is refused: %o', async (field, body) => {
    const { call } = await eventsApiRig();
    const answer = await call('POST', '/v1/webhooks', body);
    expect(answer.status).toBe(400);
    const { errors } = JSON.parse(answer.text) as { errors: { field: string }[] };
    expect(errors.map(error => error.field)).toContain(field);
    expect(answer.text).not.toContain('mine');
  });
});

describe('its secret', () => {
  it('is changed, with a day’s overlap unless told otherwise', async () => {
    const { call, clock } = await eventsApiRig();
    const { body: made } = await call<WebhookBody>('POST', '/v1/webhooks', { url: URL });
    const path = `/v1/webhooks/${made.id}/rotate-secret`;
    const { status, body } = await call<WebhookBody>('POST', path);
    expect(status).toBe(200);
    expect(body.secret).toMatch(/^whsec_/);
    expect(body.secret).not.toBe(made.secret);
    expect(body['previousSecretUntil']).toBe('2026-01-02T00:00:00.000Z');
    clock.advance(86_400_000);
    expect((await call('GET', `/v1/webhooks/${made.id}`)).body).not.toHaveProperty('previousSecretUntil');
    const { body: hour } = await call<WebhookBody>('POST', path, { overlapSeconds: 3_600 });
    expect(hour['previousSecretUntil']).toBe('2026-01-02T01:00:00.000Z');
    const { body: none } = await call<WebhookBody>('POST', path, { overlapSeconds: 0 });
    expect(none).not.toHaveProperty('previousSecretUntil');
    expect((await call('POST', path, { overlapSeconds: 9e9 })).status).toBe(400);
  });
});

describe('trying it', () => {
  it('sends a signed event and answers what came back', async () => {
    const { call, clock } = await eventsApiRig();
    clock.setWall(Date.now());
    const got: { body: string; headers: Record<string, string> }[] = [];
    const { port } = await httpServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        got.push({ body, headers: request.headers as Record<string, string> });
        response.writeHead(418).end('short and stout');
      });
    });
    const { body: made } = await call<WebhookBody>('POST', '/v1/webhooks', {
      url: `http://shop.example:${port}/hook`,
    });
    const { status, body } = await call('POST', `/v1/webhooks/${made.id}/test`);
    expect(status).toBe(200);
    expect(body['answers']).toEqual([
      { which: 'url', accepted: false, status: 418, body: 'short and stout', durationMs: 0 },
    ]);
    expect(new Webhook(made.secret!).verify(got[0]!.body, got[0]!.headers)).toEqual(body['event']);
  });

  it('is bounded', async () => {
    const { call } = await eventsApiRig({ requestLimits: true });
    const statuses = [];
    for (let index = 0; index < 31; index++) {
      statuses.push((await call('POST', '/v1/webhooks/wh_none/test')).status);
    }
    expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 404));
    expect(statuses[30]).toBe(429);
  });
});

describe('a replay of a time', () => {
  it('answers how many events it put on their way', async () => {
    const { call, publish, pushes, wakes, clock } = await eventsApiRig();
    const start = clock.now();
    await publish(...[0, 1, 2, 3].map(hour => verified({ at: start + hour * 3_600_000 })));
    const { body: made } = await call<WebhookBody>('POST', '/v1/webhooks', { url: URL });
    const answer = await call('POST', `/v1/webhooks/${made.id}/replay`, {
      since: '2026-01-01T02:00:00+01:00',
      until: '2026-01-01T03:00:00Z',
    });
    expect([answer.status, answer.body, wakes()]).toEqual([202, { count: 2 }, 1]);
    const ids = await pushes();
    expect(ids).toHaveLength(2);
    for (const id of ids) expect(id.endsWith(made.id)).toBe(true);
    const none = { since: '2026-01-01T00:00:00Z', types: ['verification.expired'] };
    expect((await call('POST', `/v1/webhooks/${made.id}/replay`, none)).body).toEqual({ count: 0 });
  });

  it('to an endpoint that is switched off is a conflict', async () => {
    const { call } = await eventsApiRig();
    const { body: made } = await call<WebhookBody>('POST', '/v1/webhooks', { url: URL });
    await call('PATCH', `/v1/webhooks/${made.id}`, { enabled: false });
    const answer = await call('POST', `/v1/webhooks/${made.id}/replay`, { since: '2026-01-01T00:00:00Z' });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([409, { reason: 'webhook-disabled' }]);
  });

  it.each([{}, { since: 'yesterday' }, { since: '2026-01-01T00:00:00Z', types: ['*'] }])(
    '%o is refused',
    async body => {
      const { call } = await eventsApiRig();
      const { body: made } = await call<WebhookBody>('POST', '/v1/webhooks', { url: URL });
      expect((await call('POST', `/v1/webhooks/${made.id}/replay`, body)).status).toBe(400);
    },
  );
});

it.each([
  ['GET', '/v1/webhooks'],
  ['POST', '/v1/webhooks'],
  ['GET', '/v1/webhooks/a'],
  ['PATCH', '/v1/webhooks/a'],
  ['DELETE', '/v1/webhooks/a'],
  ['POST', '/v1/webhooks/a/rotate-secret'],
  ['POST', '/v1/webhooks/a/test'],
  ['POST', '/v1/webhooks/a/replay'],
  ['GET', '/v1/events'],
  ['GET', '/v1/events/a'],
  ['POST', '/v1/events/a/replay'],
] as const)('%s %s needs a key that may manage 2FA', async (method, url) => {
  const { call } = await eventsApiRig();
  const body = method === 'GET' || method === 'DELETE' ? undefined : {};
  const as = async (key: string) => await call(method, url, body, { authorization: key });
  expect((await as('')).status).toBe(401);
  expect((await as(`App ${KEYS.phones}`)).status).toBe(403);
  expect([200, 400, 404]).toContain((await as(`App ${KEYS.manage}`)).status);
});
