import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/sms/examples.ts';
import { classicError, SmsServer } from './rig.ts';

let server: SmsServer;
beforeAll(async () => {
  server = await SmsServer.start();
});
afterAll(async () => await server.close());

async function bulk(bulkId: string): Promise<string> {
  const schedule = { bulkId, sendAt: '2026-01-02T00:00:00.000+0000' };
  expect((await server.send({}, { schedule })).status).toBe(200);
  return encodeURIComponent(bulkId);
}

describe('bulks (infobip-api.md 5.3)', () => {
  it('say when and how far they are, and can be paused, rescheduled, resumed and cancelled', async () => {
    const id = await bulk('B 1');
    expect((await server.call('GET', `/sms/1/bulks?bulkId=${id}`)).body).toStrictEqual({
      bulkId: 'B 1',
      sendAt: '2026-01-02T00:00:00.000+0000',
    });
    expect((await server.call('GET', `/sms/1/bulks/status?bulkId=${id}`)).body).toStrictEqual({
      bulkId: 'B 1',
      status: 'PENDING',
    });
    const at = { sendAt: '2026-01-03T00:00:00.000+0100' };
    const early = await server.call('PUT', `/sms/1/bulks?bulkId=${id}`, at);
    expect(classicError(early).validationErrors).toStrictEqual({
      sendAt: ['can be changed only while the bulk is PAUSED'],
    });
    for (const [status, then] of [
      ['PAUSED', 'PAUSED'],
      ['PROCESSING', 'PROCESSING'],
      ['PAUSED', 'PAUSED'],
    ]) {
      expect((await server.call('PUT', `/sms/1/bulks/status?bulkId=${id}`, { status })).body).toStrictEqual({
        bulkId: 'B 1',
        status: then,
      });
    }
    expect((await server.call('PUT', `/sms/1/bulks?bulkId=${id}`, at)).body).toStrictEqual({
      bulkId: 'B 1',
      sendAt: '2026-01-02T23:00:00.000+0000',
    });
    await server.call('PUT', `/sms/1/bulks/status?bulkId=${id}`, { status: 'CANCELED' });
    const late = await server.call('PUT', `/sms/1/bulks/status?bulkId=${id}`, { status: 'PENDING' });
    expect(late.status).toBe(400);
    expect(Object.keys(classicError(late).validationErrors ?? {})).toStrictEqual(['status']);
  });

  it.each([
    ['GET', '/sms/1/bulks', undefined],
    ['PUT', '/sms/1/bulks', examples.rescheduleRequest],
    ['GET', '/sms/1/bulks/status', undefined],
    ['PUT', '/sms/1/bulks/status', examples.bulkStatusRequest],
  ] as const)(
    '%s %s of an unknown one is 404 in their words; without an id, 400',
    async (method, url, body) => {
      const unknown = await server.call(method, `${url}?bulkId=nobody`, body);
      expect(unknown.status).toBe(404);
      expect(classicError(unknown)).toStrictEqual({ messageId: 'NOT_FOUND', text: 'Bulk not found' });
      for (const query of ['', '?bulkId=', '?bulkId=a&bulkId=b']) {
        const without = await server.call(method, `${url}${query}`, body);
        expect(without.status).toBe(400);
        expect(Object.keys(classicError(without).validationErrors ?? {})).toStrictEqual(['bulkId']);
      }
    },
  );

  it.each([
    ['/sms/1/bulks', 'sendAt', { sendAt: 'soon' }],
    ['/sms/1/bulks', 'sendAt', { sendAt: '2029-01-01T00:00:00Z' }],
    ['/sms/1/bulks', 'sendAt', {}],
    ['/sms/1/bulks/status', 'status', { status: 'CANCELLED' }],
    ['/sms/1/bulks/status', 'status', { status: 'FINISHED' }],
    ['/sms/1/bulks/status', 'status', {}],
  ])('PUT %s refuses a wrong %s', async (url, field, body) => {
    const id = await bulk(`B ${url} ${JSON.stringify(body)}`);
    const answer = await server.call('PUT', `${url}?bulkId=${id}`, body);
    expect(answer.status).toBe(400);
    expect(Object.keys(classicError(answer).validationErrors ?? {})).toStrictEqual([field]);
  });

  it('of voice are none of theirs', async () => {
    await server.messaging.submit({ face: 'tts3', channel: 'voice', bulkId: 'V', messages: [] });
    expect((await server.call('GET', '/sms/1/bulks?bulkId=V')).status).toBe(404);
  });
});
