import { afterAll, beforeAll, expect, test } from 'vitest';

import { decodeWav } from '../../../src/speech/wav.ts';
import { ConsoleServer } from './rig.ts';

let server: ConsoleServer;
let session: { cookie: string };
beforeAll(async () => {
  server = await ConsoleServer.start();
  session = await server.signIn();
});
afterAll(async () => {
  await server.close();
});

const preview = async (body: object, path = '') =>
  await server.ask('POST', `/console/api/preview${path}`, body, session);

test('speaks a template as a WAV file of 8 kHz', async () => {
  const answer = await preview({ text: 'Your code is,, {{pin}}', pinLength: 4 });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('audio/wav');
  const sound = decodeWav(answer.raw);
  expect(sound?.sampleRate).toBe(8_000);
  // Words and four digits of half a second each, a second of commas, and a pause after each digit.
  expect(sound?.samples.length).toBe(8 * (500 + 1_000 + 4 * (500 + 400)));
});

test('shows what is said, and how a carrier would be told', async () => {
  const body = {
    text: 'Hi {{name}},, {{pin}}',
    pinLength: 3,
    speechRate: 0.5,
    language: 'de',
    voice: 'Nobody',
  };
  const { utterances, ssml, voice, fallback } = (await preview(body, '/script')).json<{
    utterances: unknown[];
    ssml: string;
    voice: string;
    fallback: string;
  }>();
  expect(utterances).toEqual([
    { kind: 'words', text: 'Hi ' },
    { kind: 'words', text: 'name' },
    { kind: 'pause', ms: 1_000 },
    { kind: 'characters', symbols: ['5', '8', '4'], pauseMs: 400, pin: true },
  ]);
  expect(ssml).toMatch(/^<speak>.*<break time='1000ms'\/>.*rate='50%'.*<\/speak>$/);
  expect(voice).toBe('Test');
  expect(fallback).toContain('Nobody');
});

test('words that are being written leave nothing on disk: their clips are transient', async () => {
  server.speech.mode = 'warm';
  const rendered: { cache: string; pin: boolean }[] = [];
  const { speech } = server;
  const render = speech.render.bind(speech);
  server.speech.render = async segments => {
    for (const segment of segments) if (segment.kind === 'speech') rendered.push(segment);
    return await render(segments);
  };
  await preview({ text: 'Hello {{name}} {{pin}} bye' });
  server.speech.render = render;
  const words = rendered.filter(({ pin }) => !pin);
  expect(words.length).toBeGreaterThan(1);
  expect(new Set(words.map(({ cache }) => cache))).toEqual(new Set(['transient']));
});

test.each([
  ['no PIN', { text: 'hello' }, 'text'],
  ['braces that are no placeholder', { text: '{{pin}} {{' }, 'text'],
  ['broken SSML', { text: '<speak>{{pin}}' }, 'text'],
  ['a language without a voice', { text: '{{pin}}', language: 'ja' }, 'language'],
  ['no language', { text: '{{pin}}', language: 'tlh' }, 'language'],
  ['too fast', { text: '{{pin}}', speechRate: 3 }, 'speechRate'],
  ['too long a PIN', { text: '{{pin}}', pinLength: 33 }, 'pinLength'],
  ['too long a text', { text: `{{pin}}${'x'.repeat(1_400)}` }, 'text'],
  ['something unknown', { text: '{{pin}}', pin: '1234' }, 'body'],
] as const)('names the field that is wrong: %s', async (_, body, field) => {
  for (const path of ['', '/script']) {
    const answer = await preview(body, path);
    expect(answer.status).toBe(400);
    expect(answer.json<{ errors: { field: string }[] }>().errors[0]?.field).toBe(field);
  }
});

test('a few are spoken at a time, and an engine that fails is a 503', async () => {
  server.speech.mode = 'broken';
  expect((await preview({ text: '{{pin}}' })).status).toBe(503);
  const waiting: (() => void)[] = [];
  const { speech } = server;
  const render = speech.render.bind(speech);
  server.speech.mode = 'warm';
  server.speech.render = async segments => {
    await new Promise<void>(resolve => waiting.push(resolve));
    return await render(segments);
  };
  const running = [preview({ text: '{{pin}}' }), preview({ text: '{{pin}}' })];
  while (waiting.length < 2) await new Promise(resolve => setImmediate(resolve));
  expect((await preview({ text: '{{pin}}' })).status).toBe(429);
  for (const go of waiting) go();
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
  server.speech.render = render;
  expect((await preview({ text: '{{pin}}' })).status).toBe(200);
});
