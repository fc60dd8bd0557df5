import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import * as examples from '../../../src/api/infobip/sms/examples.ts';
import { renderSmsReport } from '../../../src/api/infobip/sms/index.ts';
import type { Message } from '../../../src/domain/message.ts';
import { classicError, KEYS, SmsServer, v3Error, type Answer } from './rig.ts';

interface Page {
  results: Record<string, unknown>[];
  cursor?: { limit: number; nextCursor: string | null };
}

let server: SmsServer;
beforeAll(async () => {
  server = await SmsServer.start();
});
afterAll(async () => await server.close());
beforeEach(async () => {
  await take('/sms/3/reports?limit=1000');
});

async function take(url: string): Promise<Answer<Page>> {
  return await server.call<Page>('GET', url);
}

async function delivered(messageId: string, fields: Record<string, unknown> = {}): Promise<Message> {
  await server.send({
    sender: '41793026700',
    destinations: [{ to: '41793026727', messageId }],
    options: {
      platform: { entityId: 'my-entity', applicationId: 'my-application' },
      campaignReferenceId: 'summersale',
    },
    webhooks: { callbackData: 'callbackData' },
    ...fields,
  });
  return server.messaging.finish(messageId, { outcome: { kind: 'delivered' }, mccMnc: '22801' });
}

/** Key for key and type for type. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, shapeOf(inner)] as const)
      .toSorted(([a], [b]) => a.localeCompare(b)),
  );
}

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/;

describe('reports (infobip-api.md 5.3)', () => {
  it('of v3 have the keys and types of the documented example', async () => {
    const message = await delivered('shape-3');
    const { status, body } = await take('/sms/3/reports');
    expect(status).toBe(200);
    expect(shapeOf(body)).toStrictEqual(shapeOf(examples.reports));
    const [report = {}] = body.results;
    expect(report).toMatchObject({
      bulkId: message.bulkId,
      sender: '41793026700',
      to: '41793026727',
      messageCount: 1,
      mccMnc: '22801',
      price: { pricePerMessage: 0, currency: 'EUR' },
      status: examples.reports.results[0]?.status,
      error: examples.reports.results[0]?.error,
      sentAt: expect.stringMatching(DATE),
      doneAt: expect.stringMatching(DATE),
    });
  });

  it('of v1 have theirs, with from, smsCount and Ok', async () => {
    await delivered('shape-1');
    const { body } = await take('/sms/1/reports');
    expect(shapeOf(body)).toStrictEqual(shapeOf(examples.oldReports));
    expect(body.results[0]).toMatchObject({ error: { groupName: 'Ok' }, from: '41793026700', smsCount: 1 });
  });

  it('are each handed out once, over both', async () => {
    await delivered('once-1');
    await delivered('once-2');
    expect(
      (await take('/sms/1/reports?limit=1')).body.results.map(({ messageId }) => messageId),
    ).toStrictEqual(['once-1']);
    expect((await take('/sms/3/reports')).body.results.map(({ messageId }) => messageId)).toStrictEqual([
      'once-2',
    ]);
    expect((await take('/sms/1/reports')).body.results).toStrictEqual([]);
  });

  it('have null for what is not known', async () => {
    const { body: sent } = await server.send({ destinations: [{ to: 'nobody', messageId: 'bare' }] });
    expect(sent.messages[0]?.status.groupName).toBe('REJECTED');
    const { body } = await take('/sms/3/reports');
    expect(body.results[0]).toMatchObject({
      sender: '',
      mccMnc: null,
      callbackData: null,
      campaignReferenceId: null,
      platform: {},
      status: { id: 52, groupName: 'REJECTED' },
      error: { id: 351, groupName: 'USER_ERRORS' },
    });
  });

  it('take filters repeated, comma-separated, blank and undefined', async () => {
    await take(
      '/sms/3/reports?bulkId=a,b&bulkId=c&messageId=m&entityId=E&applicationId=A&campaignReferenceId=C,D&limit=7',
    );
    expect(server.messaging.reportFilters.at(-1)).toStrictEqual({
      channel: 'sms',
      limit: 7,
      bulkIds: ['a', 'b', 'c'],
      messageIds: ['m'],
      entityId: 'E',
      applicationId: 'A',
      campaignReferenceIds: ['C', 'D'],
    });
    await take('/sms/1/reports?bulkId=&messageId=undefined&limit=undefined&entityId=');
    expect(server.messaging.reportFilters.at(-1)).toStrictEqual({ channel: 'sms', limit: 50 });
  });

  it('refuse a wrong limit, name it, and take nothing away', async () => {
    await delivered('kept');
    for (const limit of ['0', '1001', '-1', 'x', '1.5']) {
      const v3 = await take(`/sms/3/reports?limit=${limit}`);
      expect([v3.status, v3Error(v3).violations.map(({ property }) => property)]).toStrictEqual([
        400,
        ['limit'],
      ]);
      const v1 = await take(`/sms/1/reports?limit=${limit}`);
      expect(Object.keys(classicError(v1).validationErrors ?? {})).toStrictEqual(['limit']);
    }
    for (const url of ['/sms/3/reports', '/sms/1/reports']) {
      expect((await server.call('HEAD', url)).status).toBe(405);
      const pins = await server.call('GET', url, undefined, { authorization: `App ${KEYS.pins}` });
      expect(pins.status).toBe(403);
    }
    expect((await take('/sms/3/reports')).body.results).toHaveLength(1);
  });

  it('keep to the closed enums of v3, whatever became of the message', async () => {
    const report = z.looseObject({
      status: z.looseObject({
        groupName: z.enum(['ACCEPTED', 'PENDING', 'UNDELIVERABLE', 'DELIVERED', 'EXPIRED', 'REJECTED']),
      }),
      error: z.looseObject({ groupName: z.enum(['OK', 'HANDSET_ERRORS', 'USER_ERRORS', 'OPERATOR_ERRORS']) }),
    });
    const outcomes: Message['outcome'][] = [
      { kind: 'delivered' },
      { kind: 'delivered-to-operator' },
      { kind: 'expired' },
      { kind: 'cancelled' },
      { kind: 'unreachable' },
      { kind: 'unknown-number' },
      { kind: 'failed' },
      { kind: 'failed', carrierCode: '30003' },
      { kind: 'failed', carrierCode: 'no such code' },
      { kind: 'rejected', statusId: 12, statusName: 'REJECTED_NOT_ENOUGH_CREDITS' },
    ];
    for (const [index, outcome] of outcomes.entries()) {
      await server.send({ destinations: [{ to: '41793026727', messageId: `enum-${index}` }] });
      server.messaging.finish(`enum-${index}`, { outcome });
    }
    const { body, status } = await take('/sms/3/reports');
    expect([status, body.results.length]).toStrictEqual([200, outcomes.length]);
    for (const each of body.results) report.parse(each);
  });
});

describe('a pushed report', () => {
  it('is what a pull answers, by the face that the message came by', async () => {
    const message = await delivered('pushed');
    const v3 = renderSmsReport([message], 'sms3');
    expect(v3.contentType).toBe('application/json');
    expect(shapeOf(JSON.parse(v3.body))).toStrictEqual(shapeOf(examples.reports));
    const v1 = renderSmsReport([message], 'sms2', { contentType: 'application/json' });
    expect(shapeOf(JSON.parse(v1.body))).toStrictEqual(shapeOf(examples.oldReports));
    expect(JSON.parse(v3.body)).toStrictEqual((await take('/sms/3/reports')).body);
  });

  it('tells how far it is while it is not final', async () => {
    await server.send({ destinations: [{ to: '41793026727', messageId: 'half' }] });
    const message = server.messaging.finish('half', {
      outcome: { kind: 'enroute' },
      state: 'sent',
      doneAt: undefined,
    });
    const { results } = JSON.parse(renderSmsReport([message], 'sms3').body) as Page;
    expect(results[0]).toMatchObject({ doneAt: null, status: { groupName: 'PENDING', id: 7 } });
  });

  it('is XML where that was asked for, with nothing of the customer’s read as markup', async () => {
    const message = await delivered('xml', { webhooks: { callbackData: '</callbackData>&<x' } });
    const { body, contentType } = renderSmsReport([message], 'sms3', { contentType: 'application/xml' });
    expect(contentType).toBe('application/xml');
    expect(body).toMatch(
      /^<\?xml version="1\.0" encoding="UTF-8"\?><reportResponse><results><results><bulkId>/,
    );
    expect(body).toContain('<callbackData>&lt;/callbackData&gt;&amp;&lt;x</callbackData>');
    expect(body).toContain('<error><groupId>0</groupId>');
  });
});

describe('logs (infobip-api.md 5.3)', () => {
  it('of v3 have the keys and types of the documented example, page by page', async () => {
    for (let n = 0; n < 3; n++) await delivered(`log-${n}`, { content: { text: `Hello ${'x'.repeat(n)}` } });
    const first = await take('/sms/3/logs?useCursor=true&limit=2&messageId=log-0,log-1,log-2');
    expect(shapeOf(first.body)).toStrictEqual(
      shapeOf({ ...examples.logs, results: [examples.logs.results[0], examples.logs.results[0]] }),
    );
    expect(first.body.cursor).toStrictEqual({ limit: 2, nextCursor: expect.any(String) });
    const { nextCursor } = first.body.cursor ?? {};
    const second = await take(`/sms/3/logs?limit=2&messageId=log-0,log-1,log-2&cursor=${nextCursor}`);
    expect(second.body.cursor).toStrictEqual({ limit: 2, nextCursor: null });
    const ids = [...first.body.results, ...second.body.results].map(({ messageId }) => String(messageId));
    expect(ids.toSorted()).toStrictEqual(['log-0', 'log-1', 'log-2']);
  });

  it('of v3 have no cursor that nobody asked for, and show bytes', async () => {
    await server.send({
      destinations: [{ to: '41793026727', messageId: 'bytes' }],
      content: { hex: '00 ff' },
    });
    const { body } = await take('/sms/3/logs?messageId=bytes&useCursor=false');
    expect(Object.keys(body)).toStrictEqual(['results']);
    expect(body.results[0]).toMatchObject({ content: { hex: '00FF' }, doneAt: null, status: { id: 26 } });
    const older = await take('/sms/1/logs?messageId=bytes');
    expect(older.body.results[0]).toMatchObject({ text: null, error: { groupName: 'Ok' } });
  });

  it('of v1 have theirs', async () => {
    await delivered('log-old');
    const { body } = await take('/sms/1/logs?messageId=log-old');
    expect(shapeOf(body)).toStrictEqual(shapeOf(examples.oldLogs));
  });

  it('take every filter, in the words of each version', async () => {
    const common =
      'bulkId=a&bulkId=b&messageId=m&generalStatus=DELIVERED&sentSince=2025-12-31T00:00:00.000%2B0100' +
      '&sentUntil=2026-01-01T00:00:00.000+0000&limit=9&mcc=228&mnc=01&entityId=E&applicationId=A&campaignReferenceId=C';
    const filter = {
      channel: 'sms',
      limit: 9,
      bulkIds: ['a', 'b'],
      messageIds: ['m'],
      entityId: 'E',
      applicationId: 'A',
      campaignReferenceIds: ['C'],
      from: 'InfoSMS',
      to: '41793026727',
      generalStatus: 'DELIVERED',
      sentSince: Date.parse('2025-12-30T23:00:00Z'),
      sentUntil: Date.parse('2026-01-01T00:00:00Z'),
      mcc: '228',
      mnc: '01',
    };
    await take(`/sms/3/logs?${common}&sender=InfoSMS&destination=%2B41793026727&cursor=3`);
    expect(server.messaging.logFilters.at(-1)).toStrictEqual({ ...filter, cursor: '3' });
    await take(`/sms/1/logs?${common}&from=InfoSMS&to=41793026727`);
    expect(server.messaging.logFilters.at(-1)).toStrictEqual(filter);
    await take('/sms/1/logs?from=&to=undefined&sentSince=&limit=&generalStatus=&mcc=');
    expect(server.messaging.logFilters.at(-1)).toStrictEqual({ channel: 'sms', limit: 50 });
  });

  it.each([
    'generalStatus=LOST',
    'sentSince=yesterday',
    'sentUntil=1',
    'mcc=22',
    'mnc=x',
    'limit=0',
    'cursor=' + '9'.repeat(65),
  ])('refuse %s', async query => {
    const answer = await take(`/sms/3/logs?${query}`);
    expect(v3Error(answer).violations.map(({ property }) => property)).toStrictEqual([query.split('=')[0]]);
    if (query.startsWith('cursor')) return;
    const older = await take(`/sms/1/logs?${query}`);
    expect(Object.keys(classicError(older).validationErrors ?? {})).toStrictEqual([query.split('=')[0]]);
  });

  it('are for those who may read them', async () => {
    for (const url of ['/sms/3/logs', '/sms/1/logs']) {
      expect((await server.call('GET', url, undefined, { authorization: `App ${KEYS.logs}` })).status).toBe(
        200,
      );
      expect((await server.call('GET', url, undefined, { authorization: `App ${KEYS.send}` })).status).toBe(
        403,
      );
    }
  });

  it('are asked for 120 times a minute, over both versions', async () => {
    server.clock.advance(60_000);
    for (let n = 0; n < 60; n++) {
      expect((await take('/sms/3/logs')).status).toBe(200);
      expect((await take('/sms/1/logs')).status).toBe(200);
    }
    const answer = await take('/sms/3/logs');
    expect([answer.status, answer.headers['retry-after'], v3Error(answer).errorCode]).toStrictEqual([
      429,
      '60',
      'E429',
    ]);
    expect(classicError(await take('/sms/1/logs'))).toMatchObject({ messageId: 'TOO_MANY_REQUESTS' });
    server.clock.advance(60_000);
    expect((await take('/sms/1/logs')).status).toBe(200);
  });
});
