import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { TEMPLATE_LANGUAGES } from '../../src/domain/template.ts';
import { ApiServer } from '../support/api-server.ts';

const ID = /^[0-9A-F]{32}$/;

/** The example of infobip-api.md 2.3 without what the server adds. */
const EXAMPLE = {
  messageText: 'Your pin is {{pin}}',
  pinLength: 4,
  pinType: 'NUMERIC',
  language: 'en',
  voiceName: 'Joanna',
  senderId: 'Infobip 2FA',
  repeatDTMF: '1#',
  speechRate: 1.0,
};

let server: ApiServer;
let applicationId: string;
let url: string;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(async () => await server.close());
beforeEach(async () => {
  ({ applicationId } = await server.prepare());
  url = `/2fa/2/applications/${applicationId}/messages`;
});

async function create(body: unknown): Promise<Record<string, unknown> & { messageId: string }> {
  const answer = await server.call<{ messageId: string }>('POST', url, body);
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}

describe('SMS and voice templates (infobip-api.md 2.3)', () => {
  it('answers the documented example key for key', async () => {
    expect(await create(EXAMPLE)).toStrictEqual({
      messageId: expect.stringMatching(ID),
      applicationId,
      pinPlaceholder: '{{pin}}',
      ...EXAMPLE,
    });
  });

  it('leaves out what was never set, and has four symbols where no length is given', async () => {
    const body = await create({ messageText: '{{pin}}', pinType: 'HEX', language: null, speechRate: null });
    expect(body).toStrictEqual({
      messageId: expect.stringMatching(ID),
      applicationId,
      pinPlaceholder: '{{pin}}',
      messageText: '{{pin}}',
      pinType: 'HEX',
      pinLength: 4,
    });
  });

  it('gets one and lists all as an array', async () => {
    const created = await create(EXAMPLE);
    expect((await server.call('GET', `${url}/${created.messageId}`)).body).toStrictEqual(created);
    const list = await server.call<unknown[]>('GET', url);
    expect(list.body).toHaveLength(2);
    expect(list.body).toContainEqual(created);
  });

  it('leaves what an update does not name as it is', async () => {
    const created = await create(EXAMPLE);
    const answer = await server.call('PUT', `${url}/${created.messageId}`, {
      pinLength: 6,
      messageText: null,
      speechRate: 0.7,
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual({ ...created, pinLength: 6, speechRate: 0.7 });
    expect((await server.call('GET', `${url}/${created.messageId}`)).body).toStrictEqual(answer.body);
  });

  it('takes an update of nothing', async () => {
    const created = await create(EXAMPLE);
    expect((await server.call('PUT', `${url}/${created.messageId}`, {})).body).toStrictEqual(created);
  });

  it.each(TEMPLATE_LANGUAGES)('takes the language %s', async language => {
    expect(await create({ ...EXAMPLE, language })).toMatchObject({ language });
  });

  it.each(['NUMERIC', 'ALPHA', 'HEX', 'ALPHANUMERIC'])('takes the type %s', async pinType => {
    expect(await create({ ...EXAMPLE, pinType })).toMatchObject({ pinType });
  });

  it('takes the Indian registration, with a capital M in teleMarketerId, and drops its nulls', async () => {
    const indiaDlt = { principalEntityId: '110', contentTemplateId: null, teleMarketerId: '1202' };
    expect(await create({ ...EXAMPLE, regional: { indiaDlt } })).toMatchObject({
      regional: { indiaDlt: { principalEntityId: '110', teleMarketerId: '1202' } },
    });
    const without = await create({ ...EXAMPLE, regional: { indiaDlt: null } });
    expect(without).not.toHaveProperty('regional');
  });

  it.each([
    ['without {{pin}}', { messageText: 'Your pin is {pin}' }, 'messageText'],
    ['without a text', { messageText: undefined }, 'messageText'],
    ['with an empty text', { messageText: '' }, 'messageText'],
    ['with a text of 1401 characters', { messageText: `{{pin}}${'x'.repeat(1394)}` }, 'messageText'],
    ['without a type', { pinType: undefined }, 'pinType'],
    ['of a type in lower case', { pinType: 'numeric' }, 'pinType'],
    ['of no symbols', { pinLength: 0 }, 'pinLength'],
    ['of 33 symbols', { pinLength: 33 }, 'pinLength'],
    ['of a length in text', { pinLength: '4' }, 'pinLength'],
    ['of a length with a fraction', { pinLength: 4.5 }, 'pinLength'],
    ['in a TTS language', { language: 'pt-br' }, 'language'],
    ['in capitals', { language: 'EN' }, 'language'],
    ['with a letter that is no key', { repeatDTMF: '1E' }, 'repeatDTMF'],
    ['with no key', { repeatDTMF: '' }, 'repeatDTMF'],
    ['with a rate in words', { speechRate: 'fast' }, 'speechRate'],
    [
      'of a registration without its entity',
      { regional: { indiaDlt: {} } },
      'regional.indiaDlt.principalEntityId',
    ],
    [
      'of an entity of 31 characters',
      { regional: { indiaDlt: { principalEntityId: 'x'.repeat(31) } } },
      'regional.indiaDlt.principalEntityId',
    ],
  ])('refuses a template %s, naming the field', async (_what, change, field) => {
    const answer = await server.call('POST', url, { ...EXAMPLE, ...change });
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

  it('refuses an update that would lose {{pin}}, and changes nothing', async () => {
    const created = await create(EXAMPLE);
    const answer = await server.call('PUT', `${url}/${created.messageId}`, {
      messageText: 'hello',
      pinLength: 9,
    });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('"messageText":["must contain {{pin}}"]');
    expect((await server.call('GET', `${url}/${created.messageId}`)).body).toStrictEqual(created);
  });

  it('takes a speech rate beyond its range, since it is clamped when spoken (3.4)', async () => {
    expect(await create({ ...EXAMPLE, speechRate: 7 })).toMatchObject({ speechRate: 7 });
  });

  it('knows a template only under its own application', async () => {
    const created = await create(EXAMPLE);
    const other = await server.prepare();
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', {}],
    ] as const) {
      const path = `/2fa/2/applications/${other.applicationId}/messages/${created.messageId}`;
      expect((await server.call(method, path, body)).status).toBe(404);
    }
  });

  it('answers 404 for an unknown application on every route', async () => {
    const base = '/2fa/2/applications/0933F3BC087D2A617AC6DCB2EF5B8A61/messages';
    expect((await server.call('GET', base)).status).toBe(404);
    expect((await server.call('POST', base, EXAMPLE)).status).toBe(404);
    expect((await server.call('GET', `${base}/X`)).status).toBe(404);
    expect((await server.call('PUT', `${base}/X`, {})).status).toBe(404);
  });
});
