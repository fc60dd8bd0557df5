import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { WELCOME_APPLICATION_ID } from '../../../src/api/welcome/context.ts';
import { welcomePage, type WelcomeDeps } from '../../../src/api/welcome/index.ts';
import type { CreateVerification, Verifications } from '../../../src/delivery/verifications.ts';
import { systemRandom } from '../../../src/domain/ids.ts';
import { parseLimit } from '../../../src/domain/limits.ts';
import { createLogger } from '../../../src/log.ts';
import { ApiServer } from '../../support/api-server.ts';

const OWN = { host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080' };
const PIN_ID = 'A'.repeat(32);

let server: ApiServer;
let created: CreateVerification[];
let checked: unknown[];

async function start(deps: Partial<WelcomeDeps> = {}): Promise<void> {
  created = [];
  checked = [];
  server = await ApiServer.start({
    wire: ({ store, clock }) => ({
      plugins: [
        async root =>
          await root.register(
            welcomePage({
              simulatorUrl: 'http://127.0.0.1:8081',
              verifications: {
                create: async request => {
                  created.push(request);
                  return { pin: { pinId: PIN_ID } } as Awaited<ReturnType<Verifications['create']>>;
                },
                check: async request => {
                  checked.push(request);
                  return { outcome: 'unknown' };
                },
              },
              store,
              clock,
              random: systemRandom,
              log: createLogger('silent'),
              publicUrl: 'https://pins.example.com',
              apiKeySource: 'data/<api>-key',
              ...deps,
            }),
          ),
      ],
    }),
  });
}

beforeEach(async () => await start());
afterEach(async () => await server.close());

const get = async (url: string, headers: Record<string, string> = {}) =>
  await server.app.inject({ method: 'GET', url, headers: { host: OWN.host, ...headers } });
const post = async (path: string, payload: object, headers: Record<string, string> = OWN) =>
  await server.app.inject({ method: 'POST', url: `/welcome/${path}`, payload, headers });

it('where real phones would ring, / leads to the console and nothing else is there', async () => {
  await server.close();
  await start({ simulatorUrl: undefined });
  const answer = await get('/');
  expect([answer.statusCode, answer.headers.location]).toEqual([302, '/console']);
  expect((await post('call', {})).statusCode).toBe(404);
  expect((await get('/welcome/web/welcome.ts')).statusCode).toBe(404);
});

describe('the page', () => {
  it('lets nothing in but the phone of this machine', async () => {
    const answer = await get('/');
    const policy = String(answer.headers['content-security-policy']);
    expect(answer.statusCode).toBe(200);
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).toContain('frame-src http://127.0.0.1:8081 http://localhost:8081;');
    expect(policy).not.toContain('unsafe');
  });

  it.each([
    ['127.0.0.1:8080', 'http://127.0.0.1:8081/phones/+41793026727'],
    ['localhost:8080', 'http://localhost:8081/phones/+41793026727'],
    ['elsewhere.example:8080', 'http://127.0.0.1:8081/phones/+41793026727'],
  ])('asked as %s, it shows the phone at %s', async (host, source) => {
    expect((await get('/', { host })).body).toContain(`src="${source}"`);
  });

  it('says where the key is, as text, and never the key', async () => {
    const { body } = await get('/');
    expect(body).toContain('data/&#60;api&#62;-key');
    expect(body).not.toContain('<api>');
    expect(body).not.toContain('[[');
  });

  it('serves its own files and no other', async () => {
    const script = await get('/welcome/web/welcome.ts');
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(script.body).not.toContain('interface ');
    const again = await get('/welcome/web/welcome.ts', { 'if-none-match': String(script.headers.etag) });
    expect(again.statusCode).toBe(304);
    for (const name of ['index.html', 'tsconfig.json', 'constructor', '..%2fcontext.ts'])
      expect((await get(`/welcome/web/${name}`)).statusCode).toBe(404);
  });
});

describe('a call', () => {
  it('rings the one phone, by voice and no other way', async () => {
    const answer = await post('call', {});
    expect([answer.statusCode, answer.json()]).toEqual([201, { id: PIN_ID }]);
    expect(created).toHaveLength(1);
    expect(created[0]).toMatchObject({
      to: '+41793026727',
      application: { applicationId: WELCOME_APPLICATION_ID, name: 'Welcome' },
      plan: { steps: [{ channel: 'voice' }] },
      template: {
        messageText: 'Hello, your code is {{pin}}. To hear it again, press 1.',
        repeatDTMF: '1',
        pinLength: 6,
      },
    });
    const limit = created[0]!.application.configuration.sendPinPerPhoneNumberLimit;
    expect(parseLimit(limit)!.attempts).toBeGreaterThan(1_000);
  });

  it('with a text first, calls when that fails', async () => {
    await post('call', { textFirst: true });
    expect(created[0]!.plan!.steps.map(({ channel, next }) => [channel, next.onFailure])).toEqual([
      ['sms', true],
      ['voice', true],
    ]);
    expect(created[0]!.template.messageText).toBe('Hello, your code is {{pin}}.');
  });

  it('can be made over a public address with its own name', async () => {
    const headers = { host: 'inner:8080', origin: 'https://pins.example.com' };
    expect((await post('call', {}, headers)).statusCode).toBe(201);
  });

  it.each([
    ['no origin', { host: OWN.host }],
    ['another site', { host: OWN.host, origin: 'https://evil.example' }],
    ['another port', { host: OWN.host, origin: 'http://127.0.0.1:9999' }],
    ['a name made to lead here', { host: 'evil.example:8080', origin: 'http://evil.example:8080' }],
    ['an opaque origin', { host: OWN.host, origin: 'null' }],
    ['another site of this host', { ...OWN, 'sec-fetch-site': 'same-site' }],
  ])('is refused from %s', async (_name, headers) => {
    const answer = await post('call', {}, headers);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([403, 'application/problem+json']);
    expect(created).toEqual([]);
  });

  it.each([{ to: '+41446681800' }, { textFirst: 'yes' }, []])('takes no other wish: %j', async body => {
    expect((await post('call', body)).statusCode).toBe(400);
    expect(created).toEqual([]);
  });

  it('is not made when an operator has switched the application off', async () => {
    await post('call', {});
    await server.disable(WELCOME_APPLICATION_ID);
    const answer = await post('call', {});
    expect(answer.json()).toMatchObject({ status: 403, reason: 'application-disabled' });
    expect(created).toHaveLength(1);
  });

  it('is made twenty times a minute', async () => {
    for (let n = 0; n < 20; n++) expect((await post('call', {})).statusCode).toBe(201);
    const answer = await post('call', {});
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '60']);
    server.clock.advance(60_000);
    expect((await post('call', {})).statusCode).toBe(201);
  });
});

describe('a check', () => {
  it('never reaches a PIN that this page did not make', async () => {
    const ids = await server.prepare();
    const id = await server.send(ids);
    const answer = await post('check', { id, pin: '0000' });
    expect(answer.json()).toMatchObject({ status: 404 });
    expect((await post('check', { id: PIN_ID, pin: '0000' })).json()).toMatchObject({ status: 404 });
    expect(checked).toEqual([]);
  });

  it.each([{}, { id: 'x', pin: '1' }, { id: PIN_ID }, { id: PIN_ID, pin: '' }])(
    'needs an id and a PIN: %j',
    async body => {
      expect((await post('check', body)).statusCode).toBe(400);
    },
  );

  it('is made twenty times a minute', async () => {
    const check = async (): Promise<number> => (await post('check', { id: PIN_ID, pin: '1' })).statusCode;
    for (let n = 0; n < 20; n++) expect(await check()).toBe(404);
    expect(await check()).toBe(429);
  });
});
