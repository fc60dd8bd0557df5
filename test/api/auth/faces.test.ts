import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { allFaces, AuthServer, TOO_MANY, UNAUTHORIZED } from './rig.ts';

/** infobip-api.md 1.3. */
const v3 = (errorCode: string) => ({
  errorCode,
  description: expect.any(String) as string,
  action: expect.any(String) as string,
  violations: [],
  resources: [],
});

let server: AuthServer;
beforeAll(async () => {
  server = await AuthServer.start({
    faces: allFaces,
    server: { settings: { createApplicationStatus: 200 } },
  });
});
afterAll(async () => await server.close());

describe('refusals in the envelope of their face', () => {
  it.each([
    ['/tts/3/logs', 120, 60_000, UNAUTHORIZED, TOO_MANY],
    ['/sms/1/logs', 120, 60_000, UNAUTHORIZED, TOO_MANY],
    ['/sms/3/logs', 120, 60_000, v3('E401'), v3('E429')],
    ['/number/1/logs', 60, 60_000, UNAUTHORIZED, TOO_MANY],
  ])('GET %s: %d in %d ms, 50 at a time', async (url, limit, windowMs, unauthorized, tooMany) => {
    const stranger = await server.call('GET', url, 'App stranger');
    expect([stranger.status, stranger.body]).toStrictEqual([401, unauthorized]);
    const { key } = await server.createKey(url);
    const answers = [];
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 50 }, () => server.call('GET', url, `App ${key}`));
      answers.push(...(await Promise.all(calls)));
    }
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(limit);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect([answer.status, answer.headers['retry-after'], answer.body]).toStrictEqual([
        429,
        String(windowMs / 1_000),
        tooMany,
      ]);
    }
  });

  it('POST /tts/3/*: 2000 in a second, over the three calls', async () => {
    const { key } = await server.createKey('voice', ['voice-message:message:send']);
    const urls = ['/tts/3/single', '/tts/3/multi', '/tts/3/advanced'];
    const counts: Record<number, number> = {};
    for (let round = 0; round < 41; round++) {
      const calls = Array.from({ length: 50 }, (_, index) =>
        server.call('POST', urls[index % 3]!, `App ${key}`, {}),
      );
      for (const { status } of await Promise.all(calls)) counts[status] = (counts[status] ?? 0) + 1;
    }
    // Counted before the body is read: a wrong one counts, too.
    expect(counts).toStrictEqual({ 400: 2_000, 429: 50 });
  });
});
