import type { AddressInfo } from 'node:net';

import { AuthType, Infobip } from '@infobip-api/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { KEYS, LOGIN, SmsServer } from './sms/rig.ts';

/** What axios gives for an answer; the client returns its errors instead of throwing them. */
interface Reply {
  status: number;
  data: Record<string, unknown>;
  response?: { status: number; data: unknown };
}

interface SmsClient {
  send(message: object): Promise<Reply>;
  preview(message: object): Promise<Reply>;
  get(limit?: number): Promise<Reply>;
  reports: { get(filter?: object): Promise<Reply> };
  logs: { get(filter?: object): Promise<Reply> };
  scheduled: {
    get(bulkId: string): Promise<Reply>;
    reschedule(bulkId: string, sendAt: string): Promise<Reply>;
  };
  status: { get(bulkId: string): Promise<Reply>; update(bulkId: string, status: string): Promise<Reply> };
}

let server: SmsServer;
let sms: SmsClient;
let basic: SmsClient;
beforeAll(async () => {
  server = await SmsServer.start();
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.app.server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  const client = (options: object): SmsClient =>
    (
      new Infobip({ baseUrl, ...options }) as {
        channels: { sms: SmsClient };
      }
    ).channels.sms;
  sms = client({ authType: AuthType.ApiKey, apiKey: KEYS.all });
  basic = client({ authType: AuthType.Basic, ...LOGIN });
});
afterAll(async () => await server.close());

const PENDING = { groupId: 1, groupName: 'PENDING', id: 26, name: 'PENDING_ACCEPTED' };

describe('the npm client @infobip-api/sdk, over a socket: every method that it has for SMS', () => {
  it('send: texts', async () => {
    const reply = await sms.send({
      type: 'text',
      bulkId: 'sdk-text',
      messages: [
        {
          from: 'InfoSMS',
          destinations: [{ to: '41793026727', messageId: 'sdk-1' }, { to: '41793026834' }],
          text: 'This is a sample message',
          deliveryTimeWindow: {
            days: ['MONDAY'],
            from: { hour: 6, minute: 0 },
            to: { hour: 15, minute: 30 },
          },
          regional: { indiaDlt: { principalEntityId: '1001' } },
        },
      ],
      sendingSpeedLimit: { amount: 10, timeUnit: 'HOUR' },
    });
    expect(reply.status).toBe(200);
    expect(reply.data).toStrictEqual({
      bulkId: 'sdk-text',
      messages: [
        { messageId: 'sdk-1', status: expect.objectContaining(PENDING), to: '41793026727' },
        { messageId: expect.any(String), status: expect.objectContaining(PENDING), to: '41793026834' },
      ],
    });
    expect(server.messaging.last).toMatchObject({ face: 'sms2', speed: { amount: 10, perMs: 3_600_000 } });
  });

  it('send: without a type, which means text', async () => {
    const reply = await sms.send({ messages: [{ destinations: [{ to: '41793026727' }], text: 'Hi' }] });
    expect([reply.status, server.messaging.lastMessage.content]).toStrictEqual([
      200,
      { text: 'Hi', flash: false, messageCount: 1 },
    ]);
  });

  it('send: bytes', async () => {
    const reply = await sms.send({
      type: 'binary',
      messages: [
        {
          destinations: [{ to: '41793026727' }],
          binary: { hex: '54 65 73 74', dataCoding: 0, esmClass: 0 },
        },
      ],
    });
    expect(reply.status).toBe(200);
    expect(server.messaging.lastMessage.content).toMatchObject({ binary: { hex: '54657374' } });
  });

  it('send: a query, whose name and password come along', async () => {
    const reply = await basic.send({ type: 'query', to: ['41793026727', '41793026834'], text: 'Hi & bye' });
    expect(reply.status).toBe(200);
    expect(reply.data).toMatchObject({ messages: [{ to: '41793026727' }, { to: '41793026834' }] });
    expect(server.messaging.lastMessage).toMatchObject({
      destinations: [{ to: '41793026727' }, { to: '41793026834' }],
      content: { text: 'Hi & bye' },
    });
  });

  it('preview', async () => {
    const reply = await sms.preview({ text: 'Hello', languageCode: 'TR', transliteration: 'TURKISH' });
    expect(reply.data).toMatchObject({
      originalText: 'Hello',
      previews: [
        { textPreview: 'Hello', messageCount: 1, charactersRemaining: 155, configuration: {} },
        { configuration: { language: { languageCode: 'TR' } } },
        { configuration: { transliteration: 'TURKISH' } },
      ],
    });
  });

  it('get: received messages', async () => {
    for (const limit of [undefined, 10]) {
      const reply = await sms.get(limit);
      expect([reply.status, reply.data]).toStrictEqual([
        200,
        { results: [], messageCount: 0, pendingMessageCount: 0 },
      ]);
    }
  });

  it('reports.get and logs.get', async () => {
    server.messaging.finish('sdk-1', { outcome: { kind: 'delivered' } });
    const logs = await sms.logs.get({ messageId: 'sdk-1', limit: 5, from: 'InfoSMS' });
    expect(logs.data).toMatchObject({ results: [{ messageId: 'sdk-1', text: 'This is a sample message' }] });
    const reports = await sms.reports.get({ bulkId: 'sdk-text', limit: 2 });
    expect(reports.data).toMatchObject({
      results: [{ messageId: 'sdk-1', status: { groupName: 'DELIVERED' }, error: { groupName: 'Ok' } }],
    });
    expect((await sms.reports.get({ bulkId: 'sdk-text' })).data).toStrictEqual({ results: [] });
    expect((await sms.reports.get()).status).toBe(200);
    expect((await sms.logs.get()).status).toBe(200);
  });

  it('scheduled and status', async () => {
    const sendAt = '2026-01-02T00:00:00.000+0000';
    await sms.send({
      bulkId: 'sdk bulk',
      messages: [{ destinations: [{ to: '41793026727' }], text: 'Later', sendAt }],
    });
    expect((await sms.scheduled.get('sdk bulk')).data).toStrictEqual({ bulkId: 'sdk bulk', sendAt });
    expect((await sms.status.get('sdk bulk')).data).toStrictEqual({ bulkId: 'sdk bulk', status: 'PENDING' });
    expect((await sms.status.update('sdk bulk', 'PAUSED')).data).toStrictEqual({
      bulkId: 'sdk bulk',
      status: 'PAUSED',
    });
    const later = '2026-01-03T00:00:00.000+0000';
    expect((await sms.scheduled.reschedule('sdk bulk', later)).data).toStrictEqual({
      bulkId: 'sdk bulk',
      sendAt: later,
    });
    expect((await sms.status.update('sdk bulk', 'CANCELED')).data).toMatchObject({ status: 'CANCELED' });
  });

  it('gets errors in the classic envelope', async () => {
    const unknown = await sms.scheduled.get('nobody');
    expect(unknown.response).toMatchObject({
      status: 404,
      data: { requestError: { serviceException: { messageId: 'NOT_FOUND', text: 'Bulk not found' } } },
    });
    const wrong = await sms.send({ messages: [{ destinations: [{ to: '41793026727' }], text: 5 }] });
    expect(wrong.response).toMatchObject({
      status: 400,
      data: {
        requestError: {
          serviceException: { validationErrors: { 'messages[0].text': ['must be a string'] } },
        },
      },
    });
  });
});
