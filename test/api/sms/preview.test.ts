import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/sms/examples.ts';
import { classicError, SmsServer } from './rig.ts';

let server: SmsServer;
beforeAll(async () => {
  server = await SmsServer.start();
});
afterAll(async () => await server.close());

interface Preview {
  originalText: string;
  previews: {
    textPreview: string;
    messageCount: number;
    charactersRemaining: number;
    configuration: object;
  }[];
}

async function preview(body: unknown): Promise<Preview> {
  const answer = await server.call<Preview>('POST', '/sms/1/preview', body);
  expect(answer.status).toBe(200);
  return answer.body;
}

describe('POST /sms/1/preview (infobip-api.md 5.3)', () => {
  it('counts the documented example as it is, in Turkish, and transliterated', async () => {
    expect(await preview(examples.previewRequest)).toStrictEqual(examples.preview);
  });

  it('of a plain text has one preview', async () => {
    const text = 'a'.repeat(161);
    for (const more of [{}, { languageCode: 'NONE', transliteration: 'NONE' }, { languageCode: null }]) {
      expect(await preview({ text, ...more })).toStrictEqual({
        originalText: text,
        previews: [{ textPreview: text, messageCount: 2, charactersRemaining: 145, configuration: {} }],
      });
    }
  });

  it.each([
    ['ES', 'áéí', 1, 150],
    ['PT', 'ação', 1, 149],
    ['AUTODETECT', 'ğ', 1, 153],
    ['AUTODETECT', 'ж', 1, 69],
  ])('knows the tables of %s', async (languageCode, text, messageCount, charactersRemaining) => {
    const { previews } = await preview({ text, languageCode });
    expect(previews).toStrictEqual([
      expect.objectContaining({ configuration: {} }),
      { textPreview: text, messageCount, charactersRemaining, configuration: { language: { languageCode } } },
    ]);
  });

  it.each([
    ['text', {}],
    ['text', { text: '' }],
    ['text', { text: 5 }],
    ['text', { text: 'x'.repeat(255 * 153 + 1) }],
    ['languageCode', { text: 'x', languageCode: 'tr' }],
    ['transliteration', { text: 'x', transliteration: '' }],
  ])('refuses a wrong %s', async (field, body) => {
    const answer = await server.call('POST', '/sms/1/preview', body);
    expect(answer.status).toBe(400);
    expect(Object.keys(classicError(answer).validationErrors ?? {})).toStrictEqual([field]);
  });
});

describe('GET /sms/1/inbox/reports', () => {
  it('has the documented keys and nothing in them', async () => {
    for (const query of ['', '?limit=10', '?limit=undefined&applicationId=x']) {
      const answer = await server.call('GET', `/sms/1/inbox/reports${query}`);
      expect([answer.status, answer.body]).toStrictEqual([
        200,
        { results: [], messageCount: 0, pendingMessageCount: 0 },
      ]);
    }
    const wrong = await server.call('GET', '/sms/1/inbox/reports?limit=0');
    expect(Object.keys(classicError(wrong).validationErrors ?? {})).toStrictEqual(['limit']);
  });
});
