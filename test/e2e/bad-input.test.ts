import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { Ear } from '../../sip-sim/ear.ts';
import { recordCanary, Service } from '../support/service.ts';
import { createTemplate, endedCall, sendVoice } from '../support/story.ts';

/** Every wrong input that issue 2 names, against the running service: answered as documented, nothing lost or crashed. */
let service: Service;
let ids: { applicationId: string; messageId: string };
beforeAll(async () => {
  service = await Service.start({ SIM_SPEED: '10' });
  ids = await createTemplate(service);
});
afterAll(async () => {
  expect((await service.api('GET', `/2fa/2/applications/${ids.applicationId}`)).status, 'still there').toBe(
    200,
  );
  expect(await service.stop()).toBe(0);
});

const badRequest = (...fields: string[]): unknown => ({
  requestError: {
    serviceException: {
      messageId: 'BAD_REQUEST',
      text: expect.stringMatching(/^Bad request$/i),
      ...(fields.length > 0 && {
        validationErrors: Object.fromEntries(fields.map(field => [field, [expect.any(String)]])),
      }),
    },
  },
});

test('unknown application', async () => {
  const answer = await service.api('POST', '/2fa/2/pin/voice', {
    ...ids,
    applicationId: '0'.repeat(32),
    to: '41793026727',
  });
  expect(answer.status).toBe(400);
  expect(answer.body).toEqual(badRequest('applicationId'));
  expect((await service.api('GET', `/2fa/2/applications/${'0'.repeat(32)}`)).status).toBe(404);
});

test.each([
  ['wrong key', 'App wrong-key'],
  ['no scheme', 'e2e-test-key-0123456789abcdef'],
  ['another scheme', 'Bearer e2e-test-key-0123456789abcdef'],
  ['nothing', ''],
])('API key: %s', async (_, authorization) => {
  const answer = await service.api('GET', '/2fa/2/applications', undefined, { authorization });
  expect(answer.status).toBe(401);
  expect(answer.body).toEqual({
    requestError: { serviceException: { messageId: 'UNAUTHORIZED', text: 'Invalid login details' } },
  });
});

test('malformed JSON', async () => {
  const answer = await fetch(`${service.url}/2fa/2/pin/voice`, {
    method: 'POST',
    headers: { authorization: `App ${service.apiKey}`, 'content-type': 'application/json' },
    body: '{"applicationId": ',
  });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    requestError: { serviceException: { messageId: 'BAD_REQUEST' } },
  });
});

test.each(['', '12', 'not a number', '+999123456789', '41793026727x'])(
  '`to` that is no number: "%s"',
  async to => {
    const answer = await service.api('POST', '/2fa/2/pin/voice', { ...ids, to });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual(badRequest('to'));
  },
);

test('a template without {{pin}}', async () => {
  const answer = await service.api('POST', `/2fa/2/applications/${ids.applicationId}/messages`, {
    messageText: 'Your code is secret',
    pinType: 'NUMERIC',
  });
  expect(answer.status).toBe(400);
  expect(answer.body).toEqual(badRequest('messageText'));
});

test('placeholders that hold markup, placeholders and control characters are spoken as text', async () => {
  const ear = await Ear.create();
  const template = await createTemplate(service, { messageText: 'Hello {{name}},, {{pin}}' });
  const phone = '+41793026701';
  const name = 'A<break time="10s"/>&lt;{{pin}}</speak><!DOCTYPE x [<!ENTITY a "b">]>\u0000\u0007 B';
  await sendVoice(service, template, phone, { placeholders: { name } });
  const call = await endedCall(service, phone);
  const heard = ear.listen(await service.recording(call.id));
  expect(
    heard.readings.map(reading => reading.length),
    'one reading of the PIN',
  ).toEqual([6]);
  recordCanary(heard.readings[0]!);
});

test.each([
  ['a placeholder called pin', { pin: '123456' }],
  ['a placeholder that is no string', { name: 5 }],
])('%s is refused', async (_, placeholders) => {
  const answer = await service.api('POST', '/2fa/2/pin/voice', { ...ids, to: '41793026727', placeholders });
  expect(answer.status).toBe(400);
  expect(
    Object.keys((answer.body as never as Envelope).requestError.serviceException.validationErrors)[0],
  ).toMatch(/^placeholders/);
});

interface Envelope {
  requestError: { serviceException: { validationErrors: Record<string, string[]> } };
}

test('a forged webhook changes nothing', async () => {
  const phone = '+41793026702';
  await service.sim('PUT', `/phones/${phone}`, { outcome: 'manual' });
  const pinId = await sendVoice(service, ids, phone);
  const forged = await fetch(`${service.url}/carrier-webhooks/twilio/${'0'.repeat(32)}/status`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    },
    body: 'CallSid=CA00000000000000000000000000000000&CallStatus=completed',
  });
  expect(forged.status).toBe(403);
  const answer = await service.api('POST', `/2fa/2/pin/${pinId}/verify`, { pin: 'zzzzzz' });
  expect(answer.body).toMatchObject({ verified: false, pinError: 'WRONG_PIN' });
});

test('a media socket with a wrong token is refused before the upgrade', async () => {
  expect(
    await upgradeStatus(`${service.url.replace('http', 'ws')}/media/twilio/AAAAAAAAAAAAAAAAAAAAAA`),
  ).toBe(403);
});

test('ids that no route knows', async () => {
  expect((await service.api('POST', `/2fa/2/pin/${'F'.repeat(32)}/verify`, { pin: '123456' })).status).toBe(
    404,
  );
  expect((await service.api('POST', `/2fa/2/pin/${'F'.repeat(32)}/resend/voice`, {})).status).toBe(404);
  expect((await service.api('GET', '/2fa/2/nothing')).status).toBe(404);
});

async function upgradeStatus(url: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers: { 'x-twilio-signature': 'AAAA' } });
    socket.on('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('open', () => reject(new Error('the upgrade was accepted')));
    socket.on('error', () => undefined);
  });
}
