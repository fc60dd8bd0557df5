import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseSingleForm } from '../../../src/api/infobip/tts/form.ts';
import { problems, TtsServer, type SendAnswer } from './rig.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

let server: TtsServer;
beforeAll(async () => {
  server = await TtsServer.start();
});
afterAll(async () => await server.close());

const post = async (body: string, headers: Record<string, string> = FORM) =>
  await server.call<SendAnswer>('POST', '/tts/3/single', body, headers);

describe('POST /tts/3/single as a form (infobip-api.md 3.2)', () => {
  it('takes the documented example', async () => {
    const body = new URLSearchParams({
      from: '442032864231',
      to: '41793026727',
      language: 'en',
      text: 'Test Voice message',
      'voice.gender': 'female',
      'voice.name': 'Joanna',
    }).toString();
    const answer = await post(body);
    expect([answer.status, answer.headers['content-type']]).toStrictEqual([200, 'application/json']);
    expect(answer.body.messages[0]).toMatchObject({ to: '41793026727', status: { id: 26 } });
    expect(server.messaging.lastMessage).toMatchObject({
      destinations: [{ to: '41793026727' }],
      from: '442032864231',
      content: { text: 'Test Voice message', language: 'en', voiceName: 'Joanna', gender: 'female' },
    });
  });

  it('takes the other one, a charset, and UTF-8', async () => {
    const audio =
      'from=442032864231&to=41793026727&audioFileUrl=https%3A%2F%2Fwww.example.com%2Faudio%2Fgreeting.mp3&text=';
    expect((await post(audio)).status).toBe(200);
    expect(server.messaging.lastMessage.content).toMatchObject({
      audioFileUrl: 'https://www.example.com/audio/greeting.mp3',
    });
    const charset = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };
    expect((await post('to=%2B41793026727&text=%C5%BDofie+%26+co', charset)).status).toBe(200);
    expect(server.messaging.lastMessage).toMatchObject({
      destinations: [{ to: '+41793026727' }],
      content: { text: 'Žofie & co' },
    });
  });

  it('ignores fields that it does not know, and every second', () => {
    expect(parseSingleForm('to=1&to=2&type=text&__proto__=x&voice.__proto__=y&voice=z')).toStrictEqual({
      to: '1',
    });
    expect(parseSingleForm('voice.name=Joanna')).toStrictEqual({ voice: { name: 'Joanna' } });
    expect(parseSingleForm('')).toStrictEqual({});
  });

  it.each([
    ['text=Hi', { to: ['must not be null'] }],
    ['', { to: ['must not be null'] }],
    ['{"to":"41793026727"}', { to: ['must not be null'] }],
    ['to=1&text=Hi&voice.gender=other', { 'voice.gender': ['must be one of male, female'] }],
    ['to=1&text=%ZZ%00&language=%', {}],
  ])('judges %j', async (body, fields) => {
    const answer = await post(body);
    if (Object.keys(fields).length === 0) expect(answer.status).toBe(200);
    else expect(problems(answer)).toStrictEqual(fields);
  });

  it.each(['/tts/3/multi', '/tts/3/advanced', '/tts/3/bulks?bulkId=x', '/tts/3/bulks/status?bulkId=x'])(
    'is for /single alone: %s refuses it',
    async url => {
      const method = url.includes('bulks') ? 'PUT' : 'POST';
      expect((await server.call(method, url, 'to=1', FORM)).status).toBe(415);
    },
  );

  it('has the limit of small bodies', async () => {
    expect((await post(`to=41793026727&text=${'x'.repeat(256 * 1024)}`)).status).toBe(413);
  });
});
