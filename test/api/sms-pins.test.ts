import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { CarrierError } from '../../src/errors.ts';
import type { CallRef } from '../../src/domain/types.ts';
import type { Ids } from '../support/api-server.ts';
import { ChannelsServer } from '../support/channels-server.ts';
import { settle } from '../support/fake-clock.ts';
import { textReport } from '../support/scripted-messages.ts';

const SMS = '/2fa/2/pin';
const TO = '41793026727';
const PIN_ID = /^[0-9A-F]{32}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

interface Sent extends Record<string, unknown> {
  pinId: string;
}

let server: ChannelsServer;
let ids: Ids;
beforeAll(async () => {
  server = await ChannelsServer.start();
});
afterAll(async () => await server.close());
beforeEach(async () => {
  ids = await server.api.prepare();
  server.texts.texts.length = 0;
  server.texts.answers = [];
  server.lookup.asked.length = 0;
  server.lookup.reachable = 'reachable';
  server.lookup.instead = undefined;
});

const send = async (body: Record<string, unknown> = {}, query = '') =>
  await server.api.call<Sent>('POST', SMS + query, { ...ids, to: TO, ...body });
const resend = async (pinId: string, body?: Record<string, unknown>) =>
  await server.api.call<Sent>('POST', `${SMS}/${pinId}/resend`, body);
const lastText = () => server.texts.texts.at(-1);

describe('POST /2fa/2/pin (infobip-api.md 2.6)', () => {
  it('answers the documented example key for key', async () => {
    const answer = await send({ from: 'Sender 1', placeholders: { firstName: 'John' }, trackDelivery: true });
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual({
      pinId: expect.stringMatching(PIN_ID),
      to: TO,
      ncStatus: 'NC_DESTINATION_REACHABLE',
      smsStatus: 'MESSAGE_SENT',
      externalMessageId: expect.stringMatching(UUID),
    });
    expect(Object.keys(answer.body)).toStrictEqual([
      'pinId',
      'to',
      'ncStatus',
      'smsStatus',
      'externalMessageId',
    ]);
    const pin = await server.api.pinOf(answer.body.pinId);
    expect(server.texts.texts).toMatchObject([
      { to: `+${TO}`, from: 'Sender 1', text: `Your pin is ${pin}`, validitySeconds: 900 },
    ]);
    expect((await server.api.verify(answer.body.pinId, pin)).body).toStrictEqual({
      pinId: answer.body.pinId,
      msisdn: TO,
      verified: true,
      attemptsRemaining: 0,
    });
  });

  it('has an externalMessageId only where trackDelivery asks for one, of which the text is found', async () => {
    for (const trackDelivery of [false, null, undefined]) {
      const { body } = await send({ trackDelivery });
      expect(Object.keys(body)).toStrictEqual(['pinId', 'to', 'ncStatus', 'smsStatus']);
    }
    const { body } = await send({ trackDelivery: true });
    const ref = String(body['externalMessageId']).replaceAll('-', '') as CallRef;
    expect(await server.api.store.getPinMessage(ref)).toMatchObject({ pinId: body.pinId, state: 'sent' });
  });

  it.each([
    ['reachable', 'NC_DESTINATION_REACHABLE'],
    ['unknown', 'NC_DESTINATION_UNKNOWN'],
    ['not-configured', 'NC_NOT_CONFIGURED'],
  ] as const)('sends to a number that is %s', async (reachable, ncStatus) => {
    server.lookup.reachable = reachable;
    expect((await send()).body).toMatchObject({ ncStatus, smsStatus: 'MESSAGE_SENT' });
    expect(server.texts.texts).toHaveLength(1);
  });

  it('asks no carrier about a number that is not reachable, and lists its PIN as not sent', async () => {
    server.lookup.reachable = 'not-reachable';
    const answer = await send({ to: '41793026001' });
    expect([answer.status, answer.body]).toStrictEqual([
      200,
      {
        pinId: expect.stringMatching(PIN_ID),
        to: '41793026001',
        ncStatus: 'NC_DESTINATION_NOT_REACHABLE',
        smsStatus: 'MESSAGE_NOT_SENT',
      },
    ]);
    await server.api.clock.advanceAsync(60_000);
    expect(server.texts.texts).toStrictEqual([]);
    const url = `/2fa/2/applications/${ids.applicationId}/verifications?msisdn=41793026001`;
    expect((await server.api.call('GET', `${url}&sent=true`)).body).toStrictEqual({ verifications: [] });
    expect((await server.api.call('GET', `${url}&sent=false`)).body).toStrictEqual({
      verifications: [{ msisdn: '41793026001', verified: false }],
    });
    const voice = await server.api.call('POST', `${SMS}/${answer.body.pinId}/resend/voice`, {});
    expect(voice.body).toMatchObject({ pinId: answer.body.pinId, callStatus: 'PENDING_ACCEPTED' });
  });

  it.each([
    ['?ncNeeded=false', false],
    ['?ncNeeded=False', false],
    ['/?ncNeeded=false', false],
    ['?ncNeeded=true', true],
    ['?ncNeeded=undefined', true],
    ['?ncNeeded=', true],
    ['?ncNeeded=0', true],
    ['?ncNeeded=%00&ncNeeded=maybe', true],
    ['/?', true],
    ['', true],
  ])('POST %s looks the number up: %s', async (query, looked) => {
    const answer = await send({}, query);
    expect(answer.status, answer.text).toBe(200);
    expect('ncStatus' in answer.body).toBe(looked);
    expect(server.lookup.asked).toStrictEqual(looked ? [`+${TO}`] : []);
    expect(answer.body['smsStatus']).toBe('MESSAGE_SENT');
  });

  it('sends when the lookup fails, or takes too long', async () => {
    server.lookup.instead = async () => {
      throw new CarrierError('server');
    };
    expect((await send()).body).toMatchObject({
      ncStatus: 'NC_DESTINATION_UNKNOWN',
      smsStatus: 'MESSAGE_SENT',
    });
    server.lookup.instead = async () => await new Promise<never>(() => {});
    const slow = send();
    await settle();
    await server.api.clock.advanceAsync(2_000);
    expect((await slow).body).toMatchObject({
      ncStatus: 'NC_DESTINATION_UNKNOWN',
      smsStatus: 'MESSAGE_SENT',
    });
    expect(server.texts.texts).toHaveLength(2);
  });

  it('says MESSAGE_NOT_SENT, with HTTP 200, when the carrier refused', async () => {
    server.texts.answers = [
      async () => {
        throw new CarrierError('rejected', { carrierCode: '21610' });
      },
    ];
    const answer = await send();
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { ncStatus: 'NC_DESTINATION_REACHABLE', smsStatus: 'MESSAGE_NOT_SENT' },
    ]);
    await server.api.clock.advanceAsync(60_000);
    expect(server.texts.texts).toHaveLength(1);
  });

  it('waits 5 s for a carrier, then says MESSAGE_SENT: it is committed and goes on', async () => {
    let accept = (_id: { carrierMessageId: string }): void => {};
    server.texts.answers = [async () => await new Promise(resolve => void (accept = resolve))];
    let answered = false;
    const sending = send().then(answer => {
      answered = true;
      return answer;
    });
    await settle();
    await server.api.clock.advanceAsync(4_999);
    expect(answered).toBe(false);
    await server.api.clock.advanceAsync(1);
    const { body } = await sending;
    expect(body['smsStatus']).toBe('MESSAGE_SENT');
    accept({ carrierMessageId: 'SM9' });
    await settle();
    const url = `/2fa/2/applications/${ids.applicationId}/verifications?msisdn=${TO}&sent=true`;
    expect((await server.api.call<{ verifications: unknown[] }>('GET', url)).body.verifications).toHaveLength(
      1,
    );
  });

  it.each([
    [
      'plain',
      'Hi {{firstName}}, {{pin}} is your code',
      { firstName: 'Ada,, & <b>' },
      'Hi Ada,, & <b>, # is your code',
    ],
    ['voice pauses', 'Your code is,, {{pin}},,, {{pin}}', {}, 'Your code is,, #,,, #'],
    ['a value like a placeholder', '{{a}} {{pin}}', { a: '{{pin}}{{a}}' }, '{{pin}}{{a}} #'],
    ['a missing value', '[{{gone}}] {{pin}}', {}, '[] #'],
    ['SSML', '<speak>Code<break time="1s"/>{{pin}}</speak>', {}, 'Code #'],
    ['what only looks like SSML', 'Use <p> {{pin}}', {}, 'Use <p> #'],
  ])('writes %s as a text', async (_what, messageText, placeholders, expected) => {
    ids = await server.api.prepare({}, { messageText });
    const { body } = await send({ placeholders });
    expect(lastText()?.text).toBe(expected.replaceAll('#', await server.api.pinOf(body.pinId)));
  });

  it.each([
    [{ from: '41793026700' }, { senderId: 'Infobip 2FA' }, '+41793026700'],
    [{ from: '  ' }, { senderId: 'Infobip 2FA' }, 'Infobip 2FA'],
    [{}, { senderId: 'Infobip 2FA' }, 'Infobip 2FA'],
    [{ from: '12345' }, {}, '12345'],
    [{}, {}, 'Saypin'],
  ])('comes from %j of a template with %j: %s', async (body, template, from) => {
    ids = await server.api.prepare({}, template);
    await send(body);
    expect(lastText()?.from).toBe(from);
  });

  it('keeps indiaDlt of the template', async () => {
    const regional = { indiaDlt: { principalEntityId: '1', contentTemplateId: '2', teleMarketerId: '3' } };
    const { applicationId, messageId } = await server.api.prepare({}, { regional });
    const url = `/2fa/2/applications/${applicationId}/messages/${messageId}`;
    expect((await server.api.call('GET', url)).body).toMatchObject({ regional });
  });

  it.each([
    ['to', { to: 'john.smith@example.com' }],
    ['to', { to: '123' }],
    ['applicationId', { applicationId: 'NONE' }],
    ['messageId', { messageId: 'NONE' }],
    ['placeholders', { placeholders: { pin: '1' } }],
    ['trackDelivery', { trackDelivery: 'true' }],
  ])('refuses a wrong %s with 400 that names it', async (field, change) => {
    const answer = await send(change);
    expect(answer.status).toBe(400);
    expect(answer.body).toStrictEqual({
      requestError: {
        serviceException: {
          messageId: 'BAD_REQUEST',
          text: 'Bad request',
          validationErrors: { [field]: [expect.any(String)] },
        },
      },
    });
    expect(server.texts.texts).toStrictEqual([]);
  });

  it("refuses an e-mail template, and an e-mail refuses a text's", async () => {
    const messageId = await server.emailTemplate(ids.applicationId);
    for (const url of [SMS, `${SMS}/voice`])
      expect((await server.api.call('POST', url, { ...ids, messageId, to: TO })).status).toBe(400);
    const mail = { ...ids, to: 'john.smith@example.com' };
    expect((await server.api.call('POST', `${SMS}/email`, mail)).status).toBe(400);
  });

  it('refuses a disabled application with 403, for a resend too', async () => {
    const { body } = await send();
    await server.api.disable(ids.applicationId);
    for (const answer of [await send(), await resend(body.pinId, {})]) {
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({
        requestError: {
          serviceException: { validationErrors: { applicationId: ['application is disabled'] } },
        },
      });
    }
  });

  it('counts calls, texts and resends against one limit, lookups that stopped them included', async () => {
    ids = await server.api.prepare({ sendPinPerPhoneNumberLimit: '4/1d' });
    server.lookup.reachable = 'not-reachable';
    const { body } = await send();
    await server.api.send(ids, TO);
    await resend(body.pinId, {});
    await server.api.call('POST', `${SMS}/${body.pinId}/resend/voice`, {});
    const asked = server.lookup.asked.length;
    for (const answer of [await send(), await resend(body.pinId, {})]) {
      expect(answer.status).toBe(429);
      expect(answer.headers['retry-after']).toBe('86400');
    }
    expect(server.lookup.asked).toHaveLength(asked);
  });

  it('answers 503 and counts nothing where nobody takes texts or mail', async () => {
    const bare = await ChannelsServer.start({ channels: false });
    const own = await bare.api.prepare({ sendPinPerApplicationLimit: '1/1d' });
    expect((await bare.api.call('POST', SMS, { ...own, to: TO })).status).toBe(503);
    const messageId = await bare.emailTemplate(own.applicationId);
    const mail = { ...own, messageId, to: 'john.smith@example.com' };
    expect((await bare.api.call('POST', `${SMS}/email`, mail)).status).toBe(503);
    await bare.api.send(own);
    await bare.close();
  });

  it('says NC_NOT_CONFIGURED where there is no lookup', async () => {
    const bare = await ChannelsServer.start({ lookup: false });
    const own = await bare.api.prepare();
    expect((await bare.api.call('POST', SMS, { ...own, to: TO })).body).toMatchObject({
      ncStatus: 'NC_NOT_CONFIGURED',
      smsStatus: 'MESSAGE_SENT',
    });
    await bare.close();
  });

  it('logs neither PIN nor number', async () => {
    ids = await server.api.prepare({}, { messageText: '{{firstName}} {{pin}}', pinLength: 16 });
    const { body } = await send({ to: '41793026999', placeholders: { firstName: 'Zanzibar' } });
    server.texts.answers = [async () => await Promise.reject(new CarrierError('rejected'))];
    await resend(body.pinId);
    const pin = await server.api.pinOf(body.pinId);
    const lines = server.logged();
    expect(lines).toContain('PIN message sent');
    for (const secret of [pin, '41793026999', 'Zanzibar']) expect(lines).not.toContain(secret);
  });
});

describe('POST /2fa/2/pin/{pinId}/resend', () => {
  it('sends the same PIN under the same pinId, with new values for old placeholders', async () => {
    ids = await server.api.prepare({}, { messageText: '{{a}} {{b}} {{pin}}', senderId: 'Shop' });
    const first = await send({ placeholders: { a: 'one', b: 'two' }, from: 'Other' });
    const pin = await server.api.pinOf(first.body.pinId);
    const again = await resend(first.body.pinId, { placeholders: { b: 'zwei' } });
    expect(again.body).toStrictEqual({
      pinId: first.body.pinId,
      to: TO,
      ncStatus: 'NC_DESTINATION_REACHABLE',
      smsStatus: 'MESSAGE_SENT',
    });
    expect(lastText()).toMatchObject({ text: `one zwei ${pin}`, from: 'Other', to: `+${TO}` });
    expect(lastText()?.ref).not.toBe(server.texts.texts[0]?.ref);
  });

  it.each([undefined, {}, { trackDelivery: true }])('takes %j as a body', async body => {
    const { pinId } = (await send()).body;
    const answer = await resend(pinId, body);
    expect(answer.status, answer.text).toBe(200);
    expect('externalMessageId' in answer.body).toBe(body?.trackDelivery === true);
  });

  it('looks up where its send did', async () => {
    const { pinId } = (await send({}, '?ncNeeded=false')).body;
    expect(Object.keys((await resend(pinId, {})).body)).toStrictEqual(['pinId', 'to', 'smsStatus']);
    expect(server.lookup.asked).toStrictEqual([]);
  });

  it('keeps the words of the send when the template has changed', async () => {
    const { pinId } = (await send()).body;
    const url = `/2fa/2/applications/${ids.applicationId}/messages/${ids.messageId}`;
    await server.api.call('PUT', url, { messageText: 'New words {{pin}}' });
    await resend(pinId, {});
    expect(lastText()?.text).toBe(`Your pin is ${await server.api.pinOf(pinId)}`);
  });

  it('brings a PIN that was spoken, and a call says a PIN that was texted', async () => {
    ids = await server.api.prepare({}, { messageText: 'Hi {{name}},, {{pin}}', senderId: 'Shop' });
    const voice = await server.api.call<Sent>('POST', `${SMS}/voice`, {
      ...ids,
      to: TO,
      placeholders: { name: 'Ada' },
    });
    const { pinId } = voice.body;
    const pin = await server.api.pinOf(pinId);
    expect((await resend(pinId)).body).toMatchObject({ pinId, smsStatus: 'MESSAGE_SENT' });
    expect(lastText()).toMatchObject({ text: `Hi Ada,, ${pin}`, from: 'Shop' });

    const text = await send({ placeholders: { name: 'Bob' } });
    const placed = server.calls.placed.length;
    const call = await server.api.call('POST', `${SMS}/${text.body.pinId}/resend/voice`, {
      trackDelivery: true,
    });
    expect(call.body).toMatchObject({ pinId: text.body.pinId, callStatus: 'PENDING_ACCEPTED' });
    await settle();
    expect(server.calls.placed).toHaveLength(placed + 1);
    const ref = String(call.body['externalMessageId']).replaceAll('-', '') as CallRef;
    expect((await server.api.store.getDelivery(ref))?.script).toMatchObject({
      messageText: 'Hi {{name}},, {{pin}}',
      placeholders: { name: 'Bob' },
    });
  });

  it('refuses a PIN that went to an address, by text and by voice, with 400', async () => {
    const messageId = await server.emailTemplate(ids.applicationId);
    const mail = await server.api.call<Sent>('POST', `${SMS}/email`, {
      ...ids,
      messageId,
      to: 'john.smith@example.com',
    });
    for (const path of ['resend', 'resend/voice']) {
      const answer = await server.api.call('POST', `${SMS}/${mail.body.pinId}/${path}`, {});
      expect(answer.status, path).toBe(400);
      expect(answer.text).toContain('was sent to an e-mail address');
    }
  });

  it('answers 404 for a PIN that is unknown, expired or exhausted', async () => {
    expect((await resend('0'.repeat(32), {})).status).toBe(404);
    ids = await server.api.prepare({ pinTimeToLive: '1m', pinAttempts: 1 });
    const exhausted = (await send()).body.pinId;
    await server.api.verify(exhausted, await server.api.wrongPinOf(exhausted));
    expect((await resend(exhausted, {})).status).toBe(404);
    const expired = (await send()).body.pinId;
    await server.api.clock.advanceAsync(60_000);
    expect((await resend(expired, {})).status).toBe(404);
    expect(server.texts.texts).toHaveLength(2);
  });
});

describe('the carrier says what became of a text', () => {
  it('by the webhook of its kind, signed', async () => {
    const { body } = await send({ trackDelivery: true });
    const text = lastText()!;
    expect(text.statusUrl).toBe(
      `https://pins.example.com/carrier-webhooks/scripted/${String(body['externalMessageId']).replaceAll('-', '')}/text`,
    );
    const report = textReport(text.statusUrl, 'SM1', { type: 'delivered' });
    const path = new URL(text.statusUrl).pathname;
    const post = async (headers: Record<string, string>) =>
      (await server.api.app.inject({ method: 'POST', url: path, headers, payload: report.rawBody }))
        .statusCode;
    expect(await post({ 'x-signature': 'forged' })).toBe(403);
    expect(await server.api.store.getPinMessage(text.ref as CallRef)).toMatchObject({ state: 'sent' });
    expect(await post({ 'x-signature': `signed ${text.statusUrl}` })).toBe(204);
    expect(await server.api.store.getPinMessage(text.ref as CallRef)).toMatchObject({
      state: 'ended',
      report: { cause: 'delivered' },
    });
    const unknown = `https://pins.example.com/carrier-webhooks/scripted/${'0'.repeat(32)}/text`;
    const answer = await server.api.app.inject({
      method: 'POST',
      url: new URL(unknown).pathname,
      headers: { 'x-signature': `signed ${unknown}` },
      payload: report.rawBody,
    });
    expect(answer.statusCode).toBe(404);
  });
});
