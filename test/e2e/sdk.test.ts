import { AuthType, Infobip } from '@infobip-api/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import { eventually, recordCanary, Service } from '../support/service.ts';
import { endedCall } from '../support/story.ts';

/**
 * Infobip's own client for Node, with nothing changed but its base URL, against the running service: every method that it
 * has for 2FA and SMS, and the PIN learned from the simulated phone. Shapes key for key are in test/api/sdk-*.test.ts.
 */
interface Reply {
  status: number;
  data: Record<string, unknown>;
  response?: { status: number; data: unknown };
}
type Method = (...values: unknown[]) => Promise<Reply>;
interface Client {
  twoFA: Record<string, Method>;
  sms: { send: Method; preview: Method; get: Method } & Record<
    'reports' | 'logs' | 'scheduled' | 'status',
    Record<string, Method>
  >;
}

let service: Service;
let client: Client;
let ear: Ear;
const used = new Set<string>();

beforeAll(async () => {
  ear = await Ear.create();
  service = await Service.start({ SIM_SPEED: '6' });
  const sdk = new Infobip({
    baseUrl: service.url,
    authType: AuthType.ApiKey,
    apiKey: service.apiKey,
  }) as never as {
    service: { twoFA: Record<string, Method> };
    channels: { sms: Client['sms'] };
  };
  client = { twoFA: sdk.service.twoFA, sms: sdk.channels.sms };
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
});

async function twoFA(method: string, ...values: unknown[]): Promise<Record<string, unknown>> {
  used.add(method);
  return ok(await client.twoFA[method]!.apply(client.twoFA, values));
}

/** The client returns errors instead of throwing them. */
function ok({ status, data, response }: Reply): Record<string, unknown> {
  expect(status, JSON.stringify(response?.data)).toBe(200);
  return data;
}

test('2FA, all methods: by SMS, again by voice, verified', async () => {
  const to = '41793026751';
  const application = await twoFA('createApplication', {
    name: 'sdk',
    configuration: { verifyPinLimit: '10/1s' },
  });
  const { applicationId } = application;
  expect(await twoFA('getApplication', applicationId)).toEqual(application);
  expect(await twoFA('updateApplication', applicationId, { name: 'renamed' })).toMatchObject({
    name: 'renamed',
  });
  expect(await twoFA('getApplications')).toContainEqual({ ...application, name: 'renamed' });

  const template = await twoFA('createMessageTemplate', applicationId, {
    messageText: 'Hi {{name}}, your pin is {{pin}}',
    pinType: 'NUMERIC',
    pinLength: 8,
  });
  const { messageId } = template;
  expect(await twoFA('getMessageTemplate', applicationId, messageId)).toEqual(template);
  expect(await twoFA('getMessageTemplates', applicationId)).toEqual([template]);
  await twoFA('updateMessageTemplate', applicationId, messageId, { language: 'en', repeatDTMF: '1#' });

  const body = { applicationId, messageId, to, placeholders: { name: 'John' } };
  const { pinId, smsStatus } = await twoFA('sendPINCodeSMS', body, true);
  expect(smsStatus).toBe('MESSAGE_SENT');
  await twoFA('resendPINCodeSMS', pinId, {});
  const texts = await eventually('both texts', async () => {
    const { messages } = await service.sim<{ messages: { body: string }[] }>(
      'GET',
      `/phones/+${to}/messages`,
    );
    return messages.length === 2 && messages;
  });
  const pin = /^Hi John, your pin is (\d{8})$/.exec(texts[0]!.body)![1]!;
  recordCanary(pin);
  expect(texts[1]!.body).toBe(texts[0]!.body);

  await service.sim('PUT', `/phones/+${to}`, { keys: [{ at: { silenceMs: 1_300 }, keys: '#' }] });
  expect(await twoFA('resendPINCodeVoice', pinId, {})).toMatchObject({
    pinId,
    callStatus: 'PENDING_ACCEPTED',
  });
  const call = await endedCall(service, `+${to}`);
  expect(ear.listen(await service.recording(call.id)).readings).toEqual([pin]);

  expect(await twoFA('verifyPhoneNumber', pinId, { pin: '1' })).toMatchObject({ pinError: 'WRONG_PIN' });
  expect(await twoFA('verifyPhoneNumber', pinId, { pin })).toMatchObject({ verified: true });
  expect(await twoFA('getVerificationStatus', applicationId, { msisdn: to })).toMatchObject({
    verifications: [{ msisdn: to, verified: true }],
  });

  const other = '41793026752';
  await service.sim('PUT', `/phones/+${other}`, { outcome: 'busy' });
  await twoFA('sendPINCodeVoice', { ...body, to: other });
  expect(await endedCall(service, `+${other}`)).toMatchObject({ outcome: 'busy' });

  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(client.twoFA) as object).filter(
    name => name !== 'constructor' && !name.startsWith('_'),
  );
  expect(
    methods.filter(name => !used.has(name)),
    'methods of the client that were not called',
  ).toEqual([]);
});

test('SMS, all methods: sent, previewed, reported, logged, scheduled, paused, cancelled', async () => {
  const { sms } = client;
  const sent = ok(
    await sms.send({
      type: 'text',
      messages: [
        { from: 'InfoSMS', destinations: [{ to: '41793026753', messageId: 'sdk-1' }], text: 'Hello' },
      ],
    }),
  );
  expect(sent).toMatchObject({ messages: [{ messageId: 'sdk-1', status: { groupName: 'PENDING' } }] });
  const report = await eventually('the report', async () => {
    const { results } = ok(await sms.reports.get!({ messageId: 'sdk-1' })) as { results: unknown[] };
    return results[0];
  });
  expect(report).toMatchObject({ messageId: 'sdk-1', status: { groupName: 'DELIVERED' } });
  expect(ok(await sms.reports.get!({ messageId: 'sdk-1' }))).toMatchObject({ results: [] });
  expect(ok(await sms.logs.get!({ messageId: 'sdk-1' }))).toMatchObject({
    results: [{ messageId: 'sdk-1', text: 'Hello' }],
  });
  expect(ok(await sms.preview({ text: 'Hello €' }))).toMatchObject({
    previews: [{ messageCount: 1, charactersRemaining: 152 }],
  });
  expect(ok(await sms.get())).toMatchObject({ results: [] });

  const sendAt = new Date(Date.now() + 3_600_000).toISOString();
  ok(
    await sms.send({
      type: 'text',
      bulkId: 'sdk-later',
      messages: [{ destinations: [{ to: '41793026754' }], text: 'Later', sendAt }],
    }),
  );
  expect(ok(await sms.scheduled.get!('sdk-later'))).toMatchObject({ bulkId: 'sdk-later' });
  expect(ok(await sms.status.update!('sdk-later', 'PAUSED'))).toMatchObject({ status: 'PAUSED' });
  const later = new Date(Date.now() + 7_200_000).toISOString();
  ok(await sms.scheduled.reschedule!('sdk-later', later));
  expect(ok(await sms.status.get!('sdk-later'))).toMatchObject({ bulkId: 'sdk-later' });
  expect(ok(await sms.status.update!('sdk-later', 'CANCELED'))).toMatchObject({ status: 'CANCELED' });
});
