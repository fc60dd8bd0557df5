import { describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/events/examples.ts';
import * as schemas from '../../../src/api/events/schemas.ts';
import type { ApplicationId } from '../../../src/domain/types.ts';
import { verificationEvent } from '../../../src/delivery/events/index.ts';
import { APPLICATION, PIN_ID, TO, verified } from '../../delivery/events/rig.ts';
import { eventsApiRig } from './rig.ts';

interface EventBody {
  id: string;
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}
interface List {
  events: EventBody[];
  nextCursor?: string;
}

const OTHER = 'B'.repeat(32) as ApplicationId;

describe('GET /v1/events', () => {
  it('lists what was told, oldest first, a page at a time', async () => {
    const { call, publish, clock } = await eventsApiRig();
    const start = clock.now();
    await publish(...[4, 2, 0, 1, 3].map(second => verified({ at: start + second * 1_000 })));
    const seen: EventBody[] = [];
    let cursor: string | undefined;
    do {
      const query = `limit=2${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const { status, body } = await call<List>('GET', `/v1/events?${query}`);
      expect(status).toBe(200);
      seen.push(...body.events);
      cursor = body.nextCursor;
    } while (cursor !== undefined);
    expect(seen.map(({ timestamp }) => timestamp)).toEqual(
      [0, 1, 2, 3, 4].map(second => `2026-01-01T00:00:0${second}.000Z`),
    );
    expect(new Set(seen.map(({ id }) => id)).size).toBe(5);
  });

  it('takes filters', async () => {
    const { call, publish, clock } = await eventsApiRig();
    const at = clock.now();
    await publish(
      verificationEvent('expired', { pinId: PIN_ID, applicationId: APPLICATION, to: TO, at }),
      verified({ at: at + 1_000 }),
      verified({ at: at + 2_000, applicationId: OTHER }),
    );
    const count = async (query: string) =>
      (await call<List>('GET', `/v1/events?${query}`)).body.events.length;
    expect(await count('')).toBe(3);
    expect(await count('type=verification.expired')).toBe(1);
    expect(await count(`applicationId=${OTHER}`)).toBe(1);
    expect(await count(`verificationId=${PIN_ID}`)).toBe(1);
    expect(await count('since=2026-01-01T00:00:01Z')).toBe(2);
    expect(await count('since=2026-01-01T00:00:01Z&until=2026-01-01T00:00:02Z')).toBe(1);
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'type=a', 'since=now', 'page=2'])(
    '%s is refused',
    async query => {
      const { call } = await eventsApiRig();
      expect((await call('GET', `/v1/events?${query}`)).status).toBe(400);
    },
  );
});

describe('an event', () => {
  it('is shown as it was pushed', async () => {
    const { call, publish, clock } = await eventsApiRig();
    await publish(verified({ pinId: PIN_ID, at: clock.now() }));
    const [event] = (await call<List>('GET', '/v1/events')).body.events;
    expect(event).toEqual({
      id: expect.stringMatching(/^evt_/) as string,
      type: 'verification.verified',
      timestamp: '2026-01-01T00:00:00.000Z',
      data: { verificationId: PIN_ID, applicationId: APPLICATION, to: TO },
    });
    expect((await call('GET', `/v1/events/${event!.id}`)).body).toEqual(event);
    expect((await call('GET', '/v1/events/evt_none')).status).toBe(404);
  });

  it('is sent again to all that want it, or to one', async () => {
    const { call, publish, pushes, clock } = await eventsApiRig();
    await publish(verified());
    const { id } = (await call<List>('GET', '/v1/events')).body.events[0]!;
    const make = async (body: object) => (await call<{ id: string }>('POST', '/v1/webhooks', body)).body.id;
    const all = await make({ url: 'https://all.example/' });
    const failures = await make({ url: 'https://failures.example/', types: ['delivery.failed'] });
    const path = `/v1/events/${id}/replay`;
    const answer = await call('POST', path);
    expect([answer.status, answer.body]).toEqual([202, { count: 1 }]);
    expect(await pushes()).toEqual([`${id}-${all}`]);
    clock.advance(1_000);
    expect((await call('POST', path, { webhookId: failures })).body).toEqual({ count: 1 });
    expect((await pushes()).toSorted((a, b) => a.localeCompare(b))).toEqual(
      [`${id}-${all}`, `${id}-${failures}`].toSorted((a, b) => a.localeCompare(b)),
    );
    expect((await call('POST', path, { webhookId: 'wh_none' })).status).toBe(400);
    await call('PATCH', `/v1/webhooks/${failures}`, { enabled: false });
    expect((await call('POST', path, { webhookId: failures })).status).toBe(409);
    expect((await call('POST', '/v1/events/evt_none/replay')).status).toBe(404);
  });
});

describe('the OpenAPI document', () => {
  interface Operation {
    tags?: string[];
    operationId?: string;
    summary?: string;
    responses: Record<string, { description: string }>;
  }
  it('has every operation, described', async () => {
    const { call } = await eventsApiRig();
    const document = await call<{ paths: Record<string, Record<string, Operation>> }>('GET', '/docs/json');
    const operations = Object.entries(document.body.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.tags?.includes('Events'))
        .map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
    );
    expect(operations.map(([name]) => name).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'delete /v1/webhooks/{id}',
      'get /v1/events',
      'get /v1/events/{id}',
      'get /v1/webhooks',
      'get /v1/webhooks/{id}',
      'patch /v1/webhooks/{id}',
      'post /v1/events/{id}/replay',
      'post /v1/webhooks',
      'post /v1/webhooks/{id}/replay',
      'post /v1/webhooks/{id}/rotate-secret',
      'post /v1/webhooks/{id}/test',
    ]);
    for (const [, { operationId, summary, responses }] of operations) {
      expect(operationId).toBeTruthy();
      expect(summary).toBeTruthy();
      for (const { description } of Object.values(responses)) expect(description).not.toBe('');
    }
    expect(document.text).toContain('"WebhookWithSecret"');
  });

  it.each([
    [schemas.webhookRequest, examples.webhookRequest],
    [schemas.webhookChange, examples.webhookChange],
    [schemas.webhook, examples.webhook],
    [schemas.webhook, examples.goneWebhook],
    [schemas.newWebhook, examples.newWebhook],
    [schemas.newWebhook, examples.rotated],
    [schemas.rotateRequest, examples.rotateRequest],
    [schemas.event, examples.event],
    [schemas.event, examples.verified],
    [schemas.eventList, examples.eventList],
    [schemas.testAnswer, examples.testAnswer],
    [schemas.replayRequest, examples.replayRequest],
    [schemas.rangeRequest, examples.rangeRequest],
    [schemas.replayAnswer, examples.replayAnswer],
  ])('its examples are what they say (%#)', (schema, example) => {
    expect(schema.parse(example)).toEqual(example);
  });
});
