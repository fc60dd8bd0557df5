import type { AddressInfo } from 'node:net';

import { AuthType, Infobip } from '@infobip-api/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { KEYS } from '../support/api-server.ts';
import { ChannelsServer } from '../support/channels-server.ts';

/**
 * Infobip's own client for Node, unchanged but for its base URL, against the running service. It returns failures
 * instead of throwing them: an axios response on success, an axios error with the response in it otherwise.
 */
type Method = (...values: unknown[]) => Promise<{
  status?: number;
  data?: unknown;
  response?: { status: number; data: unknown };
}>;

const METHODS = [
  'getApplications',
  'createApplication',
  'getApplication',
  'updateApplication',
  'getMessageTemplates',
  'createMessageTemplate',
  'getMessageTemplate',
  'updateMessageTemplate',
  'sendPINCodeSMS',
  'resendPINCodeSMS',
  'sendPINCodeVoice',
  'resendPINCodeVoice',
  'verifyPhoneNumber',
  'getVerificationStatus',
] as const;

const TO = '41793026727';
const CONFIGURATION = {
  pinAttempts: 5,
  allowMultiplePinVerifications: false,
  pinTimeToLive: '10m',
  verifyPinLimit: '100/1s',
  sendPinPerApplicationLimit: '5000/1d',
  sendPinPerPhoneNumberLimit: '50/1d',
};

let server: ChannelsServer;
let baseUrl: string;
let client: Record<(typeof METHODS)[number], Method>;
const used = new Set<string>();

function connect(apiKey: string): typeof client {
  const { twoFA } = new Infobip({ baseUrl, authType: AuthType.ApiKey, apiKey }).service as {
    twoFA: Record<string, Method>;
  };
  const wrapped = METHODS.map(name => {
    const call: Method = async (...values) => {
      used.add(name);
      return await twoFA[name]!.apply(twoFA, values);
    };
    return [name, call] as const;
  });
  return Object.fromEntries(wrapped) as typeof client;
}

/** The answer of a call that the client took for a success. */
async function ok<Data = Record<string, unknown>>(call: ReturnType<Method>): Promise<Data> {
  const { status, data, response } = await call;
  expect(status, JSON.stringify(response?.data)).toBe(200);
  return data as Data;
}

beforeAll(async () => {
  server = await ChannelsServer.start();
  await server.api.app.listen({ host: '127.0.0.1', port: 0 });
  baseUrl = `http://127.0.0.1:${(server.api.app.server.address() as AddressInfo).port}`;
  client = connect(KEYS.all);
});
afterAll(async () => await server.close());

async function prepare(template: Record<string, unknown> = {}) {
  const { applicationId } = await ok<{ applicationId: string }>(
    client.createApplication({ name: 'sdk', enabled: true, configuration: CONFIGURATION }),
  );
  const { messageId } = await ok<{ messageId: string }>(
    client.createMessageTemplate(applicationId, {
      messageText: 'Hi {{name}}, your pin is {{pin}}',
      pinType: 'NUMERIC',
      pinLength: 6,
      ...template,
    }),
  );
  return { applicationId, messageId };
}

describe('@infobip-api/sdk, 2FA', () => {
  it('creates, reads, changes and lists applications', async () => {
    const created = await ok<{ applicationId: string }>(
      client.createApplication({ name: 'shop', enabled: true, configuration: CONFIGURATION }),
    );
    const application = {
      applicationId: created.applicationId,
      name: 'shop',
      configuration: CONFIGURATION,
      enabled: true,
    };
    expect(created).toStrictEqual(application);
    expect(await ok(client.getApplication(created.applicationId))).toStrictEqual(application);
    const changed = { ...application, name: 'kiosk', enabled: false };
    expect(
      await ok(client.updateApplication(created.applicationId, { name: 'kiosk', enabled: false })),
    ).toStrictEqual(changed);
    expect(await ok(client.getApplications())).toContainEqual(changed);
    const bare = await ok(client.createApplication({ name: 'defaults' }));
    expect(bare['configuration']).toStrictEqual({
      pinAttempts: 10,
      allowMultiplePinVerifications: true,
      pinTimeToLive: '15m',
      verifyPinLimit: '1/3s',
      sendPinPerApplicationLimit: '10000/1d',
      sendPinPerPhoneNumberLimit: '3/1d',
    });
  });

  it('creates, reads, changes and lists message templates', async () => {
    const { applicationId } = await prepare();
    const request = {
      messageText: 'Your pin is {{pin}}',
      pinType: 'ALPHANUMERIC',
      pinLength: 8,
      language: 'de',
      senderId: 'Infobip 2FA',
      repeatDTMF: '1#',
      speechRate: 0.8,
      regional: { indiaDlt: { principalEntityId: '1234567', contentTemplateId: '89' } },
    };
    const created = await ok<{ messageId: string }>(client.createMessageTemplate(applicationId, request));
    const template = {
      ...request,
      messageId: created.messageId,
      applicationId,
      pinPlaceholder: '{{pin}}',
    };
    expect(created).toStrictEqual(template);
    const { messageId } = created;
    expect(await ok(client.getMessageTemplate(applicationId, messageId))).toStrictEqual(template);
    const changed = { ...template, messageText: 'PIN {{pin}}' };
    expect(
      await ok(
        client.updateMessageTemplate(applicationId, messageId, {
          messageText: 'PIN {{pin}}',
          regional: request.regional,
        }),
      ),
    ).toStrictEqual(changed);
    const list = await ok<unknown[]>(client.getMessageTemplates(applicationId));
    expect(list).toHaveLength(2);
    expect(list).toContainEqual(changed);
  });

  it('sends by SMS, resends, verifies and looks back', async () => {
    const ids = await prepare();
    const body = { ...ids, to: TO, from: 'Shop', placeholders: { name: 'John' } };
    const sent = await ok<{ pinId: string }>(client.sendPINCodeSMS(body, true));
    expect(sent).toStrictEqual({
      pinId: sent.pinId,
      to: TO,
      ncStatus: 'NC_DESTINATION_REACHABLE',
      smsStatus: 'MESSAGE_SENT',
    });
    const pin = await server.api.pinOf(sent.pinId);
    expect(server.texts.texts.at(-1)).toMatchObject({ text: `Hi John, your pin is ${pin}`, from: 'Shop' });
    expect(await ok(client.resendPINCodeSMS(sent.pinId))).toStrictEqual(sent);
    await ok(client.resendPINCodeSMS(sent.pinId, { placeholders: { name: 'Jo' } }));
    expect(server.texts.texts.at(-1)?.text).toBe(`Hi Jo, your pin is ${pin}`);

    const wrong = await server.api.wrongPinOf(sent.pinId);
    expect(await ok(client.verifyPhoneNumber(sent.pinId, { pin: wrong }))).toStrictEqual({
      pinId: sent.pinId,
      msisdn: TO,
      verified: false,
      attemptsRemaining: 4,
      pinError: 'WRONG_PIN',
    });
    expect(await ok(client.verifyPhoneNumber(sent.pinId, { pin }))).toStrictEqual({
      pinId: sent.pinId,
      msisdn: TO,
      verified: true,
      attemptsRemaining: 0,
    });
    expect(await ok(client.verifyPhoneNumber(sent.pinId, { pin }))).toMatchObject({
      verified: false,
      pinError: 'NO_MORE_PIN_ATTEMPTS',
    });
    const now = server.api.clock.now();
    const verifications = [{ msisdn: TO, verified: true, verifiedAt: now, sentAt: now }];
    for (const query of [{ msisdn: TO }, { msisdn: TO, verified: true, sent: true }])
      expect(await ok(client.getVerificationStatus(ids.applicationId, query))).toStrictEqual({
        verifications,
      });
    const none = { msisdn: TO, verified: false };
    expect(await ok(client.getVerificationStatus(ids.applicationId, none))).toStrictEqual({
      verifications: [],
    });
  });

  it('leaves the lookup to the default when it is not told, and can switch it off', async () => {
    const ids = await prepare();
    // Sends `ncNeeded=undefined`.
    expect(await ok(client.sendPINCodeSMS({ ...ids, to: TO }))).toMatchObject({
      ncStatus: 'NC_DESTINATION_REACHABLE',
    });
    const off = await ok(client.sendPINCodeSMS({ ...ids, to: TO }, false));
    expect(Object.keys(off)).toStrictEqual(['pinId', 'to', 'smsStatus']);
  });

  it('sends by voice and resends, also what was sent by SMS', async () => {
    const ids = await prepare();
    const sent = await ok<{ pinId: string }>(client.sendPINCodeVoice({ ...ids, to: TO }));
    expect(sent).toStrictEqual({ pinId: sent.pinId, to: TO, callStatus: 'PENDING_ACCEPTED' });
    expect(await ok(client.resendPINCodeVoice(sent.pinId))).toStrictEqual(sent);
    expect(await ok(client.resendPINCodeSMS(sent.pinId))).toMatchObject({
      pinId: sent.pinId,
      smsStatus: 'MESSAGE_SENT',
    });
    const text = await ok<{ pinId: string }>(client.sendPINCodeSMS({ ...ids, to: TO }, true));
    expect(await ok(client.resendPINCodeVoice(text.pinId, {}))).toStrictEqual({
      pinId: text.pinId,
      to: TO,
      callStatus: 'PENDING_ACCEPTED',
    });
    expect(server.calls.placed.every(call => call.to === `+${TO}`)).toBe(true);
  });

  it.each([
    ['BAD_REQUEST', 400, () => client.sendPINCodeSMS({ applicationId: 'no', messageId: 'no', to: TO }, true)],
    ['NOT_FOUND', 404, () => client.getApplication('no')],
    ['NOT_FOUND', 404, () => client.verifyPhoneNumber('0'.repeat(32), { pin: '1' })],
    ['UNAUTHORIZED', 401, () => connect('e'.repeat(64)).getApplications()],
    ['FORBIDDEN', 403, () => connect(KEYS.phones).getApplications()],
  ] as const)('sees %s as the answer of a %i', async (messageId, status, call) => {
    expect((await call()).response).toMatchObject({
      status,
      data: { requestError: { serviceException: { messageId } } },
    });
  });

  it('sees a limit as the answer of a 429', async () => {
    const { applicationId } = await ok<{ applicationId: string }>(
      client.createApplication({ name: 'tight', configuration: { sendPinPerPhoneNumberLimit: '1/1d' } }),
    );
    const { messageId } = await ok<{ messageId: string }>(
      client.createMessageTemplate(applicationId, { messageText: '{{pin}}', pinType: 'NUMERIC' }),
    );
    const send = async () => await client.sendPINCodeSMS({ applicationId, messageId, to: TO }, false);
    await ok(send());
    expect((await send()).response).toMatchObject({
      status: 429,
      data: { requestError: { serviceException: { messageId: 'TOO_MANY_REQUESTS' } } },
    });
  });

  it('has no other method for 2FA, and each was called', () => {
    const { twoFA } = new Infobip({ baseUrl, authType: AuthType.ApiKey, apiKey: KEYS.all }).service as {
      twoFA: object;
    };
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(twoFA)).filter(
      name => name !== 'constructor',
    );
    expect(methods.toSorted()).toStrictEqual([...METHODS].toSorted());
    expect([...used].toSorted()).toStrictEqual([...METHODS].toSorted());
  });
});
