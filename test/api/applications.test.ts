import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ApiServer } from '../support/api-server.ts';

const DEFAULTS = {
  pinAttempts: 10,
  allowMultiplePinVerifications: true,
  pinTimeToLive: '15m',
  verifyPinLimit: '1/3s',
  sendPinPerApplicationLimit: '10000/1d',
  sendPinPerPhoneNumberLimit: '3/1d',
};
const ID = /^[0-9A-F]{32}$/;
const URL = '/2fa/2/applications';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(async () => await server.close());

async function create(body: unknown): Promise<string> {
  const answer = await server.call<{ applicationId: string }>('POST', URL, body);
  expect(answer.status).toBe(200);
  return answer.body.applicationId;
}

describe('applications (infobip-api.md 2.2)', () => {
  it('answers the documented example key for key', async () => {
    const configuration = { ...DEFAULTS, pinTimeToLive: '2h' };
    const answer = await server.call('POST', URL, {
      name: 'Test application BASIC 1',
      enabled: true,
      configuration,
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.body).toStrictEqual({
      applicationId: expect.stringMatching(ID),
      name: 'Test application BASIC 1',
      configuration,
      enabled: true,
    });
  });

  it('fills every default when only a name is given, and echoes enabled: true', async () => {
    const { body } = await server.call('POST', URL, { name: 'bare' });
    expect(body).toStrictEqual({
      applicationId: expect.stringMatching(ID),
      name: 'bare',
      configuration: DEFAULTS,
      enabled: true,
    });
  });

  it('fills the settings that a configuration does not name, and takes null for absent', async () => {
    const { body } = await server.call('POST', URL, {
      name: 'part',
      enabled: null,
      configuration: { pinAttempts: 3, pinTimeToLive: null, allowMultiplePinVerifications: false },
    });
    expect(body).toMatchObject({
      enabled: true,
      configuration: { ...DEFAULTS, pinAttempts: 3, allowMultiplePinVerifications: false },
    });
  });

  it('keeps the text of a limit as it was written', async () => {
    const configuration = {
      pinTimeToLive: 'm',
      verifyPinLimit: '5/h',
      sendPinPerPhoneNumberLimit: '2/500ms',
    };
    const { body } = await server.call('POST', URL, { name: 'short forms', configuration });
    expect(body.configuration).toStrictEqual({ ...DEFAULTS, ...configuration });
  });

  it('gets one, lists all oldest first, as an array', async () => {
    const first = await create({ name: 'first' });
    server.clock.advance(5);
    const second = await create({ name: 'second', enabled: false });
    const one = await server.call('GET', `${URL}/${second}`);
    expect(one.body).toStrictEqual({
      applicationId: second,
      name: 'second',
      configuration: DEFAULTS,
      enabled: false,
    });
    const all = await server.call<{ applicationId: string }[]>('GET', URL);
    const ids = all.body.map(application => application.applicationId);
    expect(ids.indexOf(first)).toBeGreaterThanOrEqual(0);
    expect(ids.indexOf(second)).toBe(ids.length - 1);
    expect(ids.indexOf(first)).toBeLessThan(ids.indexOf(second));
  });

  it('updates under the same id', async () => {
    const id = await create({ name: 'before' });
    const body = { name: 'after', enabled: false, configuration: { ...DEFAULTS, pinAttempts: 5 } };
    const answer = await server.call('PUT', `${URL}/${id}`, body);
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual({ applicationId: id, ...body });
    expect((await server.call('GET', `${URL}/${id}`)).body).toStrictEqual(answer.body);
  });

  it.each([
    ['GET', undefined],
    ['PUT', { name: 'x' }],
  ] as const)('%s of an unknown id is 404', async (method, body) => {
    const answer = await server.call(method, `${URL}/0933F3BC087D2A617AC6DCB2EF5B8A61`, body);
    expect(answer.status).toBe(404);
    expect(answer.body).toStrictEqual({
      requestError: { serviceException: { messageId: 'NOT_FOUND', text: 'Requested resource not found' } },
    });
  });

  it.each([
    ['no name', {}, 'name'],
    ['a null name', { name: null }, 'name'],
    ['a blank name', { name: '  ' }, 'name'],
    ['a name that is a number', { name: 7 }, 'name'],
    ['enabled as text', { name: 'x', enabled: 'true' }, 'enabled'],
    ['a configuration that is a list', { name: 'x', configuration: [] }, 'configuration'],
    ['no attempts', { name: 'x', configuration: { pinAttempts: 0 } }, 'configuration.pinAttempts'],
    ['half an attempt', { name: 'x', configuration: { pinAttempts: 1.5 } }, 'configuration.pinAttempts'],
    ['attempts as text', { name: 'x', configuration: { pinAttempts: '5' } }, 'configuration.pinAttempts'],
    [
      'attempts beyond int32',
      { name: 'x', configuration: { pinAttempts: 2 ** 31 } },
      'configuration.pinAttempts',
    ],
    [
      'a TTL over a year',
      { name: 'x', configuration: { pinTimeToLive: '366d' } },
      'configuration.pinTimeToLive',
    ],
    ['a TTL of weeks', { name: 'x', configuration: { pinTimeToLive: '1w' } }, 'configuration.pinTimeToLive'],
    [
      'a verify window over a day',
      { name: 'x', configuration: { verifyPinLimit: '1/2d' } },
      'configuration.verifyPinLimit',
    ],
    [
      'a limit without attempts',
      { name: 'x', configuration: { verifyPinLimit: '/3s' } },
      'configuration.verifyPinLimit',
    ],
    [
      'a limit without a unit',
      { name: 'x', configuration: { sendPinPerApplicationLimit: '3/1' } },
      'configuration.sendPinPerApplicationLimit',
    ],
    [
      'a window over a year',
      { name: 'x', configuration: { sendPinPerPhoneNumberLimit: '3/366d' } },
      'configuration.sendPinPerPhoneNumberLimit',
    ],
  ])('refuses %s, naming the field', async (_what, body, field) => {
    for (const [method, url] of [
      ['POST', URL],
      ['PUT', `${URL}/${await create({ name: 'target' })}`],
    ] as const) {
      const answer = await server.call(method, url, body);
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
    }
  });

  it('names every field that is wrong', async () => {
    const answer = await server.call('POST', URL, { enabled: 1, configuration: { pinAttempts: 'x' } });
    expect(answer.body).toMatchObject({
      requestError: {
        serviceException: {
          validationErrors: {
            name: ['must not be null'],
            enabled: ['must be a boolean'],
            'configuration.pinAttempts': ['must be a number'],
          },
        },
      },
    });
  });
});

describe('the status of a creation (0.1)', () => {
  it('is 201 where the setting says so', async () => {
    const other = await ApiServer.start({ server: { settings: { createApplicationStatus: 201 } } });
    const answer = await other.call('POST', URL, { name: 'x' });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ name: 'x' });
    await other.close();
  });
});
