import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { CarrierError, ServiceError } from '../../src/errors.ts';
import type { CallRef } from '../../src/domain/types.ts';
import { ApiServer, type Ids } from '../support/api-server.ts';

const VOICE = '/2fa/2/pin/voice';
const PIN_ID = /^[0-9A-F]{32}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TO = '41793026727';

let server: ApiServer;
let ids: Ids;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(async () => await server.close());
beforeEach(async () => {
  ids = await server.prepare();
  server.delivery.sends.length = 0;
  server.delivery.resends.length = 0;
});

function problems(body: Record<string, unknown>): unknown {
  return (body as { requestError: { serviceException: { validationErrors?: unknown } } }).requestError
    .serviceException.validationErrors;
}

describe('POST /2fa/2/pin/voice (infobip-api.md 2.6)', () => {
  it('answers the documented example key for key', async () => {
    const answer = await server.call('POST', VOICE, {
      ...ids,
      to: TO,
      from: '41793026700',
      placeholders: { firstName: 'John' },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual({
      pinId: expect.stringMatching(PIN_ID),
      to: TO,
      callStatus: 'PENDING_ACCEPTED',
    });
    expect(server.delivery.sends).toMatchObject([
      {
        application: { applicationId: ids.applicationId },
        template: { messageId: ids.messageId },
        to: `+${TO}`,
        from: '41793026700',
        placeholders: { firstName: 'John' },
      },
    ]);
  });

  it.each(['+41793026727', '0041793026727', ' 41 79 302 67 27 '])('takes %j and answers digits', async to => {
    expect((await server.call('POST', VOICE, { ...ids, to })).body).toMatchObject({ to: TO });
  });

  it.each([undefined, null, '', '  '])('falls back to the template when from is %j', async from => {
    expect((await server.call('POST', VOICE, { ...ids, to: TO, from })).status).toBe(200);
    expect(server.delivery.sends[0]).toMatchObject({ from: undefined, placeholders: {} });
  });

  it('gives an externalMessageId only where trackDelivery asks for one', async () => {
    const tracked = await server.call<{ externalMessageId: string }>('POST', VOICE, {
      ...ids,
      to: TO,
      trackDelivery: true,
    });
    expect(tracked.body.externalMessageId).toMatch(UUID);
    const ref = tracked.body.externalMessageId.replaceAll('-', '') as CallRef;
    expect(await server.store.getDelivery(ref)).toMatchObject({ to: `+${TO}` });
    for (const trackDelivery of [false, null, undefined]) {
      const { body } = await server.call('POST', VOICE, { ...ids, to: TO, trackDelivery });
      expect(Object.keys(body)).toStrictEqual(['pinId', 'to', 'callStatus']);
    }
  });

  it.each(['true', 'false', 'undefined', '', 'null', '%00'])('ignores ncNeeded=%s', async value => {
    expect((await server.call('POST', `${VOICE}?ncNeeded=${value}`, { ...ids, to: TO })).status).toBe(200);
  });

  it.each([
    ['words', 'call me'],
    ['nothing', ''],
    ['an address', 'john.smith@example.com'],
    ['a short number', '123'],
    ['a number without a country', '0793026727'],
    ['a number of 20 digits', '41793026727417930267'],
    ['an extension', '+41793026727;ext=5'],
  ])('refuses %s as a destination', async (_what, to) => {
    const answer = await server.call('POST', VOICE, { ...ids, to });
    expect(answer.status).toBe(400);
    expect(Object.keys(problems(answer.body) as object)).toStrictEqual(['to']);
    expect(server.delivery.sends).toStrictEqual([]);
  });

  it('wants an assigned number in the strict profile', async () => {
    const strict = await ApiServer.start({ profile: 'strict' });
    const strictIds = await strict.prepare();
    expect((await strict.call('POST', VOICE, { ...strictIds, to: '12121115555' })).status).toBe(400);
    expect((await strict.call('POST', VOICE, { ...strictIds, to: TO })).status).toBe(200);
    await strict.close();
    expect((await server.call('POST', VOICE, { ...ids, to: '12121115555' })).status).toBe(200);
  });

  it.each([
    ['applicationId', { applicationId: '0933F3BC087D2A617AC6DCB2EF5B8A61' }],
    ['messageId', { messageId: '0933F3BC087D2A617AC6DCB2EF5B8A61' }],
    ['applicationId', { applicationId: undefined }],
    ['messageId', { messageId: 7 }],
    ['to', { to: null }],
    ['to', { to: 41793026727 }],
    ['from', { from: 41793026700 }],
    ['trackDelivery', { trackDelivery: 'true' }],
  ])('refuses a wrong %s with 400 that names it', async (field, change) => {
    const answer = await server.call('POST', VOICE, { ...ids, to: TO, ...change });
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
  });

  it("refuses another application's template with 400", async () => {
    const other = await server.prepare();
    const answer = await server.call('POST', VOICE, { ...ids, messageId: other.messageId, to: TO });
    expect(answer.status).toBe(400);
    expect(problems(answer.body)).toStrictEqual({ messageId: ['no such message of this application'] });
  });

  it('refuses a disabled application with 403 that names it', async () => {
    const pinId = await server.send(ids);
    await server.disable(ids.applicationId);
    for (const [url, body] of [
      [VOICE, { ...ids, to: TO }],
      [`/2fa/2/pin/${pinId}/resend/voice`, {}],
    ] as const) {
      const answer = await server.call('POST', url, body);
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({ requestError: { serviceException: { messageId: 'FORBIDDEN' } } });
      expect(problems(answer.body)).toStrictEqual({ applicationId: ['application is disabled'] });
    }
    expect((await server.verify(pinId, await server.pinOf(pinId))).body).toMatchObject({ verified: true });
  });

  it.each([
    ['no object', 'John', 'placeholders'],
    ['a list', ['John'], 'placeholders'],
    ['a value that is no text', { firstName: 1 }, 'placeholders.firstName'],
    ['a null value', { firstName: null }, 'placeholders.firstName'],
    ['the key pin', { pin: '1234' }, 'placeholders'],
    ['the key PIN', { ' PIN': '1234' }, 'placeholders'],
    ['a key with braces', { '{{name}}': 'x' }, 'placeholders'],
    ['a blank key', { ' ': 'x' }, 'placeholders'],
    ['51 keys', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'x'])), 'placeholders'],
    ['a key of 65 characters', { ['k'.repeat(65)]: 'x' }, 'placeholders'],
    ['a value of 1401 characters', { firstName: 'x'.repeat(1_401) }, 'placeholders.firstName'],
  ])('refuses placeholders with %s', async (_what, placeholders, field) => {
    const answer = await server.call('POST', VOICE, { ...ids, to: TO, placeholders });
    expect(answer.status).toBe(400);
    expect(problems(answer.body)).toStrictEqual({ [field]: [expect.any(String)] });
  });

  it('hands placeholder values on as they are, markup and all, and takes keys that only contain pin', async () => {
    const placeholders = { firstName: '<break time="9s"/>{{pin}}"&\u0000🙂', shoppingCart: '3' };
    const answer = await server.call('POST', VOICE, { ...ids, to: TO, placeholders });
    expect(answer.status, answer.text).toBe(200);
    expect(server.delivery.sends[0]?.placeholders).toStrictEqual(placeholders);
  });

  it('answers 429 with Retry-After at the limit per number, and sends to another number', async () => {
    const limited = await server.prepare({ sendPinPerPhoneNumberLimit: '1/1m' });
    await server.send(limited);
    server.clock.advance(15_500);
    const answer = await server.call('POST', VOICE, { ...limited, to: TO });
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe('45');
    expect(answer.body).toStrictEqual({
      requestError: { serviceException: { messageId: 'TOO_MANY_REQUESTS', text: 'Too many requests' } },
    });
    await server.send(limited, '41793026728');
    server.clock.advance(45_000);
    await server.send(limited);
  });

  it('answers 429 at the limit per application', async () => {
    const limited = await server.prepare({ sendPinPerApplicationLimit: '1/1h' });
    await server.send(limited);
    const answer = await server.call('POST', VOICE, { ...limited, to: '41793026728' });
    expect([answer.status, answer.headers['retry-after']]).toStrictEqual([429, '3600']);
  });

  it('answers 503 with Retry-After when delivery cannot, and 500 for what nobody foresaw', async () => {
    server.delivery.failure = new ServiceError('unavailable', { cause: new Error('disk of secrets') });
    const unavailable = await server.call('POST', VOICE, { ...ids, to: TO });
    expect([unavailable.status, unavailable.headers['retry-after']]).toStrictEqual([503, '1']);
    expect(unavailable.body).toStrictEqual({
      requestError: {
        serviceException: { messageId: 'SERVICE_UNAVAILABLE', text: 'Service temporarily unavailable' },
      },
    });
    server.delivery.failure = new CarrierError('server', { message: 'account 4711 is broke' });
    const broken = await server.call('POST', VOICE, { ...ids, to: TO });
    expect(broken.body).toStrictEqual({
      requestError: {
        serviceException: {
          messageId: 'GENERAL_ERROR',
          text: 'Something went wrong. Please contact support.',
        },
      },
    });
    expect(broken.status).toBe(500);
    expect(`${unavailable.text}${broken.text}`).not.toMatch(/secrets|4711/);
    expect(server.logged()).toMatch(/disk of secrets[^]*account 4711/);
  });
});

describe('POST /2fa/2/pin/{pinId}/resend/voice', () => {
  it('sends the same PIN again under the same pinId', async () => {
    const pinId = await server.send(ids);
    const pin = await server.pinOf(pinId);
    const answer = await server.call('POST', `/2fa/2/pin/${pinId}/resend/voice`, {
      placeholders: { firstName: 'Ann' },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual({ pinId, to: TO, callStatus: 'PENDING_ACCEPTED' });
    expect(server.delivery.resends).toStrictEqual([{ pinId, placeholders: { firstName: 'Ann' } }]);
    expect(await server.pinOf(pinId)).toBe(pin);
  });

  it.each([
    ['an empty object', '{}', 'application/json'],
    ['null', 'null', 'application/json'],
    ['an empty body', '', 'application/json'],
    ['no body', undefined, undefined],
  ])('takes %s', async (_what, body, type) => {
    const pinId = await server.send(ids);
    const answer = await server.call(
      'POST',
      `/2fa/2/pin/${pinId}/resend/voice`,
      body,
      type ? { 'content-type': type } : {},
    );
    expect(answer.status, answer.text).toBe(200);
    expect(server.delivery.resends).toStrictEqual([{ pinId, placeholders: {} }]);
  });

  it('answers 404 for an unknown pinId and for a PIN that is over', async () => {
    const unknown = '/2fa/2/pin/9C817C6F8AF3D48F9FE553282AFA2B67/resend/voice';
    expect((await server.call('POST', unknown, {})).status).toBe(404);
    const pinId = await server.send(ids);
    server.clock.advance(15 * 60_000);
    expect((await server.call('POST', `/2fa/2/pin/${pinId}/resend/voice`, {})).status).toBe(404);
  });

  it('counts against the send limits', async () => {
    const limited = await server.prepare({ sendPinPerPhoneNumberLimit: '2/1h' });
    const pinId = await server.send(limited);
    const url = `/2fa/2/pin/${pinId}/resend/voice`;
    expect((await server.call('POST', url, {})).status).toBe(200);
    const answer = await server.call('POST', url, {});
    expect([answer.status, answer.headers['retry-after']]).toStrictEqual([429, '3600']);
  });

  it('checks placeholders as send does', async () => {
    const pinId = await server.send(ids);
    const answer = await server.call('POST', `/2fa/2/pin/${pinId}/resend/voice`, {
      placeholders: { pin: '1' },
    });
    expect([answer.status, problems(answer.body)]).toStrictEqual([
      400,
      { placeholders: ['must not contain the key pin'] },
    ]);
  });
});

describe('GET /2fa/2/applications/{appId}/verifications (2.8)', () => {
  async function handOver(pinId: string): Promise<void> {
    const { callRef } = await server.delivery.resendPin({ pinId: pinId as never, placeholders: {} });
    await server.store.transition({ ref: callRef, to: 'initiated', carrierCallId: `call-${pinId}` });
  }

  it('answers the documented keys with integers in milliseconds, newest first, absent where there is no time', async () => {
    const started = server.clock.now();
    const verified = await server.send(ids);
    server.clock.advance(1_000);
    await handOver(verified);
    server.clock.advance(2_000);
    await server.verify(verified, await server.pinOf(verified));
    server.clock.advance(1_000);
    await server.send(ids);
    const url = `/2fa/2/applications/${ids.applicationId}/verifications?msisdn=${TO}`;
    const answer = await server.call('GET', url);
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual({
      verifications: [
        { msisdn: TO, verified: false },
        { msisdn: TO, verified: true, verifiedAt: started + 3_000, sentAt: started + 1_000 },
      ],
    });
  });

  it.each([
    ['', 3],
    ['&verified=true', 1],
    ['&verified=false', 2],
    ['&sent=true', 2],
    ['&sent=false', 1],
    ['&verified=false&sent=true', 1],
    ['&verified=True&sent=TRUE', 1],
    ['&verified=undefined&sent=undefined', 3],
    ['&verified=&sent=maybe', 3],
  ])('filters by %j', async (query, count) => {
    const verified = await server.send(ids);
    await handOver(verified);
    await server.verify(verified, await server.pinOf(verified));
    await handOver(await server.send(ids));
    await server.send(ids);
    const url = `/2fa/2/applications/${ids.applicationId}/verifications?msisdn=${TO}${query}`;
    const { body } = await server.call<{ verifications: unknown[] }>('GET', url);
    expect(body.verifications).toHaveLength(count);
  });

  it.each([`+${TO}`, `%2B${TO}`, `00${TO}`])('takes the number as %s', async msisdn => {
    await server.send(ids);
    const url = `/2fa/2/applications/${ids.applicationId}/verifications?msisdn=${msisdn}`;
    const { body } = await server.call<{ verifications: unknown[] }>('GET', url);
    expect(body.verifications).toHaveLength(1);
  });

  it('has nothing of other numbers, other applications and addresses', async () => {
    await server.send(ids);
    const other = await server.prepare();
    for (const [applicationId, msisdn] of [
      [ids.applicationId, '41793026728'],
      [other.applicationId, TO],
      [ids.applicationId, 'john.smith@example.com'],
    ]) {
      const answer = await server.call(
        'GET',
        `/2fa/2/applications/${applicationId}/verifications?msisdn=${msisdn}`,
      );
      expect([answer.status, answer.body]).toStrictEqual([200, { verifications: [] }]);
    }
  });

  it.each(['', '?msisdn=', '?msisdn=words', '?msisdn=1&msisdn=2'])(
    'refuses the query %j, naming msisdn',
    async query => {
      const answer = await server.call(
        'GET',
        `/2fa/2/applications/${ids.applicationId}/verifications${query}`,
      );
      expect([answer.status, problems(answer.body)]).toStrictEqual([400, { msisdn: [expect.any(String)] }]);
    },
  );

  it('answers 404 for an unknown application', async () => {
    const url = `/2fa/2/applications/0933F3BC087D2A617AC6DCB2EF5B8A61/verifications?msisdn=${TO}`;
    expect((await server.call('GET', url)).status).toBe(404);
  });
});
