import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/number/examples.ts';
import { createOfflineLookup } from '../../../src/carriers/lookup/index.ts';
import type { NumberContext } from '../../../src/carriers/message-carrier.ts';
import { CarrierError } from '../../../src/errors.ts';
import { settle } from '../../support/fake-clock.ts';
import { classicError } from '../sms/rig.ts';
import { KEYS, known, NumberServer } from './rig.ts';

interface Result {
  to: string;
  mccMnc: string | null;
  status: { id: number; groupName: string; name: string };
  error: { id: number; groupName: string };
  originalNetwork: Record<string, unknown> | null;
}
interface Lookups {
  results: Result[];
  bulkId: string;
}

const QUERY = '/number/1/query';
const NOTIFY = '/number/1/notify';
const NETWORK = { networkName: 'Orange', networkPrefix: '6', countryName: 'France', countryPrefix: '33' };

let server: NumberServer;
beforeEach(async () => {
  server = await NumberServer.start();
});
afterEach(async () => await server.close());

async function query(to: readonly string[]): Promise<Lookups> {
  const answer = await server.call<Lookups>('POST', QUERY, { to });
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}

describe('POST /number/1/query (infobip-api.md 5.4)', () => {
  it('answers the documented example key for key', async () => {
    expect(await query(examples.queryRequest.to)).toStrictEqual({
      ...examples.queryAnswer,
      bulkId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(server.register.asked).toStrictEqual(['+41793026727']);
  });

  it('names the networks that a number moved to or is in, and only then', async () => {
    const portedNetwork = { ...NETWORK, networkName: 'SFR' };
    server.register.answer = async to => ({
      ...known(to),
      portedNetwork,
      roamingNetwork: NETWORK,
      ported: to.endsWith('1'),
      roaming: to.endsWith('2'),
    });
    const { results } = await query(['41793026721', '41793026722', '41793026723']);
    expect(results[0]).toMatchObject({ ported: true, portedNetwork, roaming: false });
    expect(results[0]).not.toHaveProperty('roamingNetwork');
    expect(results[1]).toMatchObject({ ported: false, roaming: true, roamingNetwork: NETWORK });
    expect(results[1]).not.toHaveProperty('portedNetwork');
    expect(Object.keys(results[2] ?? {}).toSorted((a, b) => a.localeCompare(b))).toStrictEqual(
      Object.keys(examples.queryAnswer.results[0] ?? {}).toSorted((a, b) => a.localeCompare(b)),
    );
  });

  it.each([
    ['reachable', 'DELIVERED', 5, 'Ok', 0],
    ['not-reachable', 'UNDELIVERABLE', 9, 'HANDSET_ERRORS', 27],
    ['unknown', 'UNDELIVERABLE', 9, 'HANDSET_ERRORS', 1],
    ['not-configured', 'REJECTED', 19, 'OPERATOR_ERRORS', 4097],
  ] as const)('tells a number that is %s', async (reachable, statusGroup, status, errorGroup, error) => {
    server.register.answer = async to => ({ to, reachable, ported: false, roaming: false });
    const { results } = await query(['41793026727']);
    expect(results).toStrictEqual([
      {
        to: '41793026727',
        mccMnc: null,
        imsi: null,
        originalNetwork: null,
        ported: false,
        roaming: false,
        servingMSC: null,
        status: expect.objectContaining({ groupName: statusGroup, id: status }),
        error: expect.objectContaining({ groupName: errorGroup, id: error }),
      },
    ]);
  });

  it('keeps the order, asks once about a number that comes twice, and leaves out what is none', async () => {
    const { results } = await query(['41793026727', 'nobody', '+41 79 302 67 28', '41793026727', ' ']);
    expect(results.map(({ to, status }) => [to, status.id])).toStrictEqual([
      ['41793026727', 5],
      ['nobody', 52],
      ['41793026728', 5],
      ['41793026727', 5],
      ['', 52],
    ]);
    expect(server.register.asked).toStrictEqual(['+41793026727', '+41793026728']);
  });

  it('answers what failed as failed, and the rest as ever', async () => {
    server.register.answer = async to => {
      if (to.endsWith('7')) throw new CarrierError('unreachable', { retryable: true });
      return known(to);
    };
    const { results } = await query(['41793026727', '41793026728']);
    expect(results.map(({ status }) => status.name)).toStrictEqual([
      'UNDELIVERABLE_NOT_SENT',
      'DELIVERED_TO_HANDSET',
    ]);
  });

  it('asks 32 at a time, and 1,000 at most', async () => {
    const to = Array.from({ length: 1_000 }, (_, n) => String(41_793_026_000 + n));
    server.register.answer = async number => {
      await new Promise(resolve => setImmediate(resolve));
      return known(number);
    };
    expect((await query(to)).results).toHaveLength(1_000);
    expect(server.register.most).toBe(32);
    const more = await server.call('POST', QUERY, { to: [...to, '41793026727'] });
    expect(classicError(more).validationErrors).toStrictEqual({ to: ['must have at most 1000 entries'] });
  });

  it('waits no longer than its deadline for a register that hangs', async () => {
    server.register.answer = async to =>
      to.endsWith('7') ? await new Promise<NumberContext>(() => {}) : known(to);
    const work = query(['41793026728', '41793026727']);
    while (server.register.live === 0) await settle();
    server.clock.advance(10_000);
    expect((await work).results.map(({ status, error }) => [status.id, error.id])).toStrictEqual([
      [5, 0],
      [31, 2048],
    ]);
    expect(server.clock.pending).toBe(0);
  });

  it('says what numbering plans know where there is no register', async () => {
    const offline = createOfflineLookup();
    server.register.answer = async to => await offline.lookup(to);
    const { results } = await query(['41793026727']);
    expect(results[0]).toMatchObject({
      status: { name: 'REJECTED_ROUTE_NOT_AVAILABLE' },
      originalNetwork: { countryName: 'Switzerland', countryPrefix: '41' },
    });
  });

  it.each([
    ['to', {}],
    ['to', { to: [] }],
    ['to', { to: '41793026727' }],
    ['to[0]', { to: [41793026727] }],
    ['to[1]', { to: ['41793026727', '4'.repeat(65)] }],
    ['body', []],
  ])('refuses a wrong %s', async (field, body) => {
    const answer = await server.call('POST', QUERY, body);
    expect(answer.status).toBe(400);
    expect(Object.keys(classicError(answer).validationErrors ?? {})).toStrictEqual([field]);
    expect(server.register.asked).toStrictEqual([]);
  });
});

describe('POST /number/1/notify', () => {
  it('answers the documented example at once, and asks nobody yet', async () => {
    const answer = await server.call<Lookups>('POST', NOTIFY, examples.notifyRequest);
    expect(answer.body).toStrictEqual({
      results: ['41793026727', '41793026834'].map(to => ({
        to,
        status: examples.notifyAnswer.results[0]?.status,
        messageId: expect.stringMatching(/^[0-9a-f]{32}$/),
      })),
      bulkId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(server.register.asked).toStrictEqual([]);
    expect(server.waits).toBe(1);
    const [event] = await server.store.claimEvents({ limit: 9, leaseMs: 1_000, types: ['customer.push'] });
    expect(event?.data).toStrictEqual({
      url: examples.notifyRequest.notifyUrl,
      contentType: 'application/json',
      kind: 'number',
      bulkId: answer.body.bulkId,
    });
  });

  it.each([
    ['notifyUrl', { to: ['41793026727'] }],
    ['notifyUrl', { to: ['41793026727'], notifyUrl: 'nowhere' }],
    ['notifyUrl', { to: ['41793026727'], notifyUrl: 'ftp://a.example/' }],
    [
      'notifyContentType',
      { to: ['41793026727'], notifyUrl: 'https://a.example/', notifyContentType: 'text/csv' },
    ],
    ['to', { notifyUrl: 'https://a.example/' }],
  ])('refuses a wrong %s', async (field, body) => {
    const answer = await server.call('POST', NOTIFY, body);
    expect(answer.status).toBe(400);
    expect(Object.keys(classicError(answer).validationErrors ?? {})).toStrictEqual([field]);
    expect(await server.store.claimEvents({ limit: 9, leaseMs: 1_000 })).toStrictEqual([]);
  });
});

describe('GET /number/1/logs', () => {
  it('has the keys of the documented example, of what was asked and what still is', async () => {
    const { bulkId } = await query(['41793026727']);
    const { body } = await server.call<{ results: object[] }>('GET', '/number/1/logs');
    expect(body.results).toStrictEqual([
      {
        ...examples.logs.results[0],
        bulkId,
        messageId: expect.stringMatching(/^[0-9a-f]{32}$/),
        sentAt: expect.stringMatching(/^\d{4}-.+\+0000$/),
        doneAt: expect.stringMatching(/^\d{4}-.+\+0000$/),
        price: { pricePerLookup: 0, currency: 'EUR' },
      },
    ]);
    server.clock.advance(1_000);
    await server.call('POST', NOTIFY, { ...examples.notifyRequest, to: ['41793026834'] });
    const later = await server.call<{ results: object[] }>('GET', '/number/1/logs?limit=1');
    expect(later.body.results).toMatchObject([
      { to: '41793026834', doneAt: null, mccMnc: null, status: { id: 3 }, error: { id: 0, groupName: 'Ok' } },
    ]);
  });

  it('takes every filter', async () => {
    const { bulkId } = await query(['41793026727', 'nobody']);
    const count = async (filter: string): Promise<number> =>
      (await server.call<{ results: object[] }>('GET', `/number/1/logs?${filter}`)).body.results.length;
    expect(await count('')).toBe(2);
    expect(await count(`bulkId=${bulkId}&bulkId=x`)).toBe(2);
    expect(await count('bulkId=x,y')).toBe(0);
    expect(await count('messageId=x')).toBe(0);
    expect(await count('to=%2B41793026727')).toBe(1);
    expect(await count('generalStatus=REJECTED')).toBe(1);
    expect(await count('mcc=228&mnc=01')).toBe(1);
    expect(await count('sentSince=2000-01-01T00:00:00Z&sentUntil=undefined&limit=')).toBe(2);
    expect(await count('sentUntil=2000-01-01T00:00:00Z')).toBe(0);
    server.clock.advance(48 * 3_600_000 + 1);
    expect(await count('')).toBe(0);
  });

  it.each(['limit=0', 'limit=1001', 'generalStatus=x', 'sentSince=x', 'mcc=1', 'mnc=1'])(
    'refuses %s',
    async filter => {
      const answer = await server.call('GET', `/number/1/logs?${filter}`);
      expect(answer.status).toBe(400);
      expect(Object.keys(classicError(answer).validationErrors ?? {})).toStrictEqual([filter.split('=')[0]]);
    },
  );

  it('is asked for 60 times a minute', async () => {
    for (let n = 0; n < 60; n++) expect((await server.call('GET', '/number/1/logs')).status).toBe(200);
    const answer = await server.call('GET', '/number/1/logs');
    expect([answer.status, answer.headers['retry-after']]).toStrictEqual([429, '60']);
  });
});

describe('all of it', () => {
  it('is for those who may', async () => {
    for (const [key, asked, logs] of [
      [KEYS.send, 200, 403],
      [KEYS.logs, 403, 200],
      [KEYS.pins, 403, 403],
      ['0'.repeat(64), 401, 401],
    ] as const) {
      expect((await server.call('POST', QUERY, examples.queryRequest, key)).status).toBe(asked);
      expect((await server.call('POST', NOTIFY, examples.notifyRequest, key)).status).toBe(asked);
      expect((await server.call('GET', '/number/1/logs', undefined, key)).status).toBe(logs);
    }
  });

  it('logs no number', async () => {
    server.register.answer = async () => await Promise.reject(new Error('broken'));
    expect((await server.call('POST', QUERY, examples.queryRequest)).status).toBe(500);
    await server.call('GET', '/number/1/logs?to=41793026727');
    expect(server.logged()).not.toContain('41793026727');
  });

  it('is in the OpenAPI document', async () => {
    const { body } = await server.call<{
      paths: Record<string, Record<string, { operationId: string; responses: object }>>;
    }>('GET', '/docs/json');
    for (const [method, path] of [
      ['post', QUERY],
      ['post', NOTIFY],
      ['get', '/number/1/logs'],
    ] as const) {
      const operation = body.paths[path]?.[method];
      expect(operation?.operationId).toMatch(/umberLookup/);
      expect(Object.keys(operation?.responses ?? {})).toStrictEqual([
        '200',
        '400',
        '401',
        '403',
        '429',
        '500',
        '503',
      ]);
    }
  });

  it('answers whatever comes in an orderly way', async () => {
    const anything = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.array(fc.string()));
    const body = fc.oneof(
      anything,
      fc.dictionary(fc.constantFrom('to', 'notifyUrl', 'notifyContentType'), anything),
      fc.record({ to: fc.array(fc.string({ unit: 'binary' })), notifyUrl: fc.webUrl() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(QUERY, NOTIFY), body, async (url, value) => {
        const answer = await server.call('POST', url, JSON.stringify(value) ?? '');
        expect(answer.status, answer.text).toBeLessThan(500);
        if (answer.status !== 400) return;
        expect(Object.keys(classicError(answer).validationErrors ?? {}).length).toBeGreaterThan(0);
      }),
      { numRuns: 150, seed: 20_261_121 },
    );
  });
});
