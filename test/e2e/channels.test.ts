import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import { eventually, recordCanary, Service } from '../support/service.ts';
import { createTemplate, endedCall, type SentPin } from '../support/story.ts';

/** Texts, mail, voice messages and their reports, whole, through the running service and the simulator. */
const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
let ear: Ear;
let service: Service;
let receiver: Server;
let folder: string;
const pushes: { headers: Record<string, string>; body: string }[] = [];

beforeAll(async () => {
  ear = await Ear.create();
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', chunk => (body += String(chunk)));
    request.on('end', () => {
      pushes.push({ headers: request.headers as Record<string, string>, body });
      response.end();
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  folder = mkdtempSync(join(tmpdir(), 'saypin-e2e-'));
  const SAYPIN_CONFIG = join(folder, 'config.json');
  writeFileSync(SAYPIN_CONFIG, JSON.stringify({ webhooks: { allowPrivate: true, secrets: [secret] } }));
  service = await Service.start({ SIM_SPEED: '6', SAYPIN_CONFIG });
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
  receiver.closeAllConnections();
  receiver.close();
  rmSync(folder, { recursive: true });
});

const receiverUrl = (): string => `http://127.0.0.1:${(receiver.address() as { port: number }).port}/reports`;

async function textedPin(phone: string, length: number): Promise<string> {
  const text = await eventually('the text', async () => {
    const { messages } = await service.sim<{ messages: { body: string }[] }>(
      'GET',
      `/phones/${phone}/messages`,
    );
    return messages.at(-1)?.body;
  });
  return new RegExp(`\\d{${length}}`).exec(text)![0];
}

test('a PIN by SMS is texted, spoken again on request as the same PIN, and verified', async () => {
  const phone = '+41793026741';
  const ids = await createTemplate(service, { messageText: 'Your code is {{pin}}', pinLength: 8 });
  const sent = await service.api<SentPin>('POST', '/2fa/2/pin?ncNeeded=true', { ...ids, to: phone.slice(1) });
  expect(sent.body).toMatchObject({ ncStatus: 'NC_DESTINATION_REACHABLE', smsStatus: 'MESSAGE_SENT' });
  const { pinId } = sent.body;
  const pin = await textedPin(phone, 8);
  recordCanary(pin);

  const again = await service.api<SentPin>('POST', `/2fa/2/pin/${pinId}/resend/voice`, {});
  expect(again.body).toMatchObject({ pinId, callStatus: 'PENDING_ACCEPTED' });
  const call = await endedCall(service, phone);
  expect(ear.listen(await service.recording(call.id)).readings).toEqual([pin]);

  const verified = await service.api('POST', `/2fa/2/pin/${pinId}/verify`, { pin });
  expect(verified.body).toMatchObject({ verified: true });
});

test('a phone that cannot be reached gets no SMS', async () => {
  const phone = '+41793026742';
  await service.sim('PUT', `/phones/${phone}`, { reachable: false });
  const ids = await createTemplate(service);
  const sent = await service.api('POST', '/2fa/2/pin', { ...ids, to: phone });
  expect(sent).toMatchObject({
    status: 200,
    body: { ncStatus: 'NC_DESTINATION_NOT_REACHABLE', smsStatus: 'MESSAGE_NOT_SENT' },
  });
  expect(await service.sim('GET', `/phones/${phone}/messages`)).toMatchObject({ messages: [] });
});

test('a PIN by e-mail arrives in the mailbox and is verified', async () => {
  const { applicationId } = await createTemplate(service);
  const template = await service.api<{ messageId: string }>(
    'POST',
    `/2fa/2/applications/${applicationId}/email/messages`,
    { emailTemplateId: 1234, from: 'Company <company@example.com>', pinLength: 9 },
  );
  const to = 'john.smith@example.com';
  const { messageId } = template.body;
  const sent = await service.api<SentPin>('POST', '/2fa/2/pin/email', { applicationId, messageId, to });
  expect(sent.body).toMatchObject({ to, emailStatus: { name: 'PENDING_ACCEPTED' } });
  const mail = await eventually('the mail', async () => {
    const { messages } = await service.sim<{ messages: { from: unknown; text: string }[] }>(
      'GET',
      `/mailboxes/${to}/messages`,
    );
    return messages.at(-1);
  });
  expect(JSON.stringify(mail.from)).toContain('company@example.com');
  const pin = /\d{9}/.exec(mail.text)![0];
  recordCanary(pin);
  const verified = await service.api('POST', `/2fa/2/pin/${sent.body.pinId}/verify`, { pin });
  expect(verified.body).toMatchObject({ verified: true, msisdn: to });
});

test('a voice message is heard, and its report is pushed signed and pulled once', async () => {
  const phone = '+41793026743';
  await service.sim('PUT', `/phones/${phone}`, { keys: [{ at: { silenceMs: 1_000 }, keys: '7' }] });
  const sent = await service.api<{
    bulkId: string;
    messages: { messageId: string; status: { name: string } }[];
  }>('POST', '/tts/3/advanced', {
    messages: [
      {
        from: '41793026700',
        destinations: [{ to: phone.slice(1) }],
        text: 'Your table number is,, 5 8 4',
        language: 'en',
        maxDtmf: 1,
        notifyUrl: receiverUrl(),
        notifyContentType: 'application/json',
        callbackData: 'table',
      },
    ],
  });
  expect(sent.body.messages[0]!.status.name).toBe('PENDING_ACCEPTED');
  const { messageId } = sent.body.messages[0]!;
  const call = await endedCall(service, phone);
  expect(ear.listen(await service.recording(call.id)).readings).toEqual(['584']);

  const push = await eventually('the push', async () => pushes.find(({ body }) => body.includes(messageId)));
  expect(new Webhook(secret).verify(push.body, push.headers)).toMatchObject({
    results: [
      { messageId, callbackData: 'table', voiceCall: { dtmfCodes: '7' }, status: { groupName: 'DELIVERED' } },
    ],
  });
  const pull = async (): Promise<unknown[]> =>
    (await service.api<{ results: unknown[] }>('GET', `/voice/1/reports?messageId=${messageId}`)).body
      .results;
  expect(await pull()).toHaveLength(1);
  expect(await pull()).toHaveLength(0);
});

test('an SMS is received and its delivery report comes back', async () => {
  const phone = '+41793026744';
  const sent = await service.api<{ messages: { messageId: string }[] }>('POST', '/sms/3/messages', {
    messages: [
      { sender: 'InfoSMS', destinations: [{ to: phone.slice(1) }], content: { text: 'Hello there' } },
    ],
  });
  const { messageId } = sent.body.messages[0]!;
  const report = await eventually('the report', async () => {
    const { body } = await service.api<{ results: { messageId: string; status: { groupName: string } }[] }>(
      'GET',
      `/sms/3/reports?messageId=${messageId}`,
    );
    return body.results[0];
  });
  expect(report).toMatchObject({ messageId, to: phone.slice(1), status: { groupName: 'DELIVERED' } });
  const { messages } = await service.sim<{ messages: { body: string }[] }>(
    'GET',
    `/phones/${phone}/messages`,
  );
  expect(messages.map(({ body }) => body)).toEqual(['Hello there']);
});
