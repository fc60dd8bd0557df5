import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { REQUEST_LIMITS } from '../../../src/api/auth.ts';
import { SlidingWindows } from '../../../src/api/auth/sliding-windows.ts';
import { KEYS } from '../../support/api-server.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { AuthServer, basic, TOO_MANY } from './rig.ts';

const TEN_MINUTES = 600_000;

describe('infobip-api.md 1.4', () => {
  it('is the table', () => {
    const rows = Object.values(REQUEST_LIMITS).map(
      ({ name, requests, windowMs }) => `${name} ${requests}/${windowMs}`,
    );
    expect(rows).toStrictEqual([
      'list applications 50/600000',
      'create application 20/600000',
      'get application 100/600000',
      'update application 40/600000',
      'create email template 20/600000',
      'update email template 40/600000',
      'send voice messages 2000/1000',
      'voice logs 120/60000',
      'sms logs 120/60000',
      'number logs 60/60000',
    ]);
  });
});

describe('a route with a limit', () => {
  let server: AuthServer;
  let app: string;
  let mail: string;
  beforeEach(async () => {
    server = await AuthServer.start({ server: { settings: { createApplicationStatus: 200 } } });
    const made = await server.api.call('POST', '/2fa/2/applications', { name: 'shop' });
    app = `/2fa/2/applications/${String(made.body['applicationId'])}`;
    const template = await server.api.call('POST', `${app}/email/messages`, { emailTemplateId: 1 });
    mail = `${app}/email/messages/${String(template.body['messageId'])}`;
  });
  afterEach(async () => await server.close());

  it.each([
    ['GET', (): string => '/2fa/2/applications', undefined, 50],
    ['POST', (): string => '/2fa/2/applications', { name: 'x' }, 20],
    ['GET', (): string => app, undefined, 100],
    ['PUT', (): string => app, { name: 'x' }, 40],
    ['POST', (): string => `${app}/email/messages`, { emailTemplateId: 1 }, 20],
    ['PUT', (): string => mail, { pinLength: 5 }, 40],
  ] as const)('%s %s lets exactly so many through, 50 at a time', async (method, url, body, limit) => {
    const { key } = await server.createKey('another account');
    const call = () => server.call(method, url(), `App ${key}`, body);
    const answers = [];
    for (let round = 0; round < Math.ceil((limit + 1) / 50); round++)
      answers.push(...(await Promise.all(Array.from({ length: 50 }, call))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(limit);
    const refused = answers.filter(({ status }) => status !== 200);
    for (const answer of refused) {
      expect([answer.status, answer.headers['retry-after'], answer.body]).toStrictEqual([
        429,
        '600',
        TOO_MANY,
      ]);
    }
    server.api.clock.advance(TEN_MINUTES - 1);
    expect((await call()).headers['retry-after']).toBe('1');
    server.api.clock.advance(1);
    expect((await call()).status).toBe(200);
  });

  it('counts what came through, for each account and operation', async () => {
    const list = async (authorization: string) =>
      (await server.call('GET', '/2fa/2/applications', authorization)).status;
    const [one, two] = [await server.createKey('same name'), await server.createKey('same name')];
    for (let call = 0; call < 60; call++) expect(await list(`App ${one.key}`)).toBe(call < 50 ? 200 : 429);
    expect(await list(`App ${two.key}`)).toBe(200);
    expect(await list(`App ${KEYS.all}`)).toBe(200);
    expect((await server.call('GET', app, `App ${one.key}`)).status).toBe(200);
    // Strangers and keys without the scope count for nobody.
    const reports = await server.createKey('reports', ['voice-reports:read']);
    for (let call = 0; call < 60; call++) expect(await list(`App ${reports.key}`)).toBe(403);
    for (let call = 0; call < 60; call++) expect(await list('App stranger')).toBe(401);
  });

  it('counts a user as one, by whatever scheme', async () => {
    await server.addUser('ann');
    const { token } = (await server.session('ann')).body;
    const statuses = [];
    for (let call = 0; call < 30; call++) {
      statuses.push(await server.knock(basic('ann')), await server.knock(`IBSSO ${token}`));
    }
    expect(statuses.filter(status => status === 200)).toHaveLength(50);
  });

  it('does not count 2FA sends, verifications and SMS templates, which have none', async () => {
    for (let call = 0; call < 150; call++)
      expect((await server.api.call('GET', `${app}/messages`)).status).toBe(200);
  });
});

describe('a sliding window', () => {
  const limit = { requests: 3, windowMs: 1_000 };

  it('never holds more than its number, wherever it is laid', () => {
    const clock = new FakeClock();
    const windows = new SlidingWindows({ clock, maxKeys: 10 });
    const taken: number[] = [];
    for (let step = 0; step < 2_000; step++) {
      clock.advance((step * 7919) % 97);
      const wait = windows.take('key', limit);
      if (wait === 0) taken.push(clock.monotonic());
      else {
        expect(wait).toBe(taken.at(-3)! + 1_000 - clock.monotonic());
        expect(wait).toBeGreaterThan(0);
      }
    }
    expect(taken.length).toBeGreaterThan(200);
    for (let index = 3; index < taken.length; index++)
      expect(taken[index]! - taken[index - 3]!).toBeGreaterThanOrEqual(1_000);
  });

  it('keeps the keys that were used last', () => {
    const windows = new SlidingWindows({ clock: new FakeClock(), maxKeys: 2 });
    const one = { requests: 1, windowMs: 1_000 };
    expect([windows.take('a', one), windows.take('b', one)]).toStrictEqual([0, 0]);
    expect(windows.take('a', one)).toBe(1_000);
    expect(windows.take('c', one)).toBe(0);
    expect(windows.take('a', one)).toBe(1_000);
    expect(windows.take('b', one)).toBe(0);
  });

  it('gives back', () => {
    const windows = new SlidingWindows({ clock: new FakeClock(), maxKeys: 2 });
    for (let event = 0; event < 3; event++) windows.take('a', limit);
    windows.refund('a');
    windows.refund('unknown');
    expect([windows.take('a', limit), windows.take('a', limit)]).toStrictEqual([0, 1_000]);
  });
});
