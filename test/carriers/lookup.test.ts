import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { createSimulator, type Simulator } from '../../sip-sim/index.ts';
import {
  cachedLookup,
  createLookup,
  createOfflineLookup,
  createSimulatorLookup,
  lookupConfig,
} from '../../src/carriers/lookup/index.ts';
import type { NumberContext, NumberLookup } from '../../src/carriers/message-carrier.ts';
import { systemClock } from '../../src/clock.ts';
import { CarrierError } from '../../src/errors.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

const TO = '+41793026727';
const WAIT = { timeout: 3000, interval: 5 };

async function refusal(work: Promise<unknown>): Promise<CarrierError> {
  const error = await work.then(
    () => expect.fail('was answered'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(CarrierError);
  return error as CarrierError;
}

describe('offline', () => {
  test.each([
    [TO, 'mobile', 'Switzerland', '41', '79'],
    ['41793026727', 'mobile', 'Switzerland', '41', '79'],
    ['+442079460000', 'fixed-line', 'United Kingdom', '44', '20'],
    ['+12025550123', 'fixed-line-or-mobile', 'United States', '1', '202'],
    ['+12121115555', 'unknown', 'United States', '1', '212'],
    ['+18005550199', 'toll-free', 'United States', '1', '800'],
    ['+77012345678', 'mobile', 'Kazakhstan', '7', '701'],
  ])('%s is %s in %s', async (to, numberType, countryName, countryPrefix, networkPrefix) => {
    expect(await createOfflineLookup().lookup(to)).toEqual({
      to,
      reachable: 'not-configured',
      numberType,
      originalNetwork: { networkName: '', networkPrefix, countryName, countryPrefix },
      ported: false,
      roaming: false,
    });
  });

  test.each(['+9991234567', '+', '', 'nobody', '+1'])('%j is nowhere', async to => {
    expect(await createOfflineLookup().lookup(to)).toEqual({
      to,
      reachable: 'not-configured',
      numberType: 'unknown',
      ported: false,
      roaming: false,
    });
  });
});

describe('the simulator’s register', () => {
  let simulator: Simulator;
  beforeEach(async () => (simulator = await createSimulator()));
  afterEach(async () => await simulator.close());
  const phone = async (behaviour: object) =>
    await fetch(`${simulator.url}/phones/${TO}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(behaviour),
    });
  const swiss = { countryName: 'Switzerland', countryPrefix: '41', networkPrefix: '79' };

  test.each([
    [true, 'reachable'],
    [false, 'not-reachable'],
    [null, 'unknown'],
  ])('reachable %s is %s', async (reachable, expected) => {
    await phone({ reachable });
    const lookup = createSimulatorLookup({ baseUrl: `${simulator.url}/`, fetch, clock: systemClock });
    expect((await lookup.lookup(TO)).reachable).toBe(expected);
  });

  test('every field of a phone that is ported and abroad', async () => {
    await phone({
      network: { networkName: 'Swisscom', networkId: 123 },
      portedNetwork: { networkName: 'Salt', mccMnc: '22803', networkId: 124 },
      roamingNetwork: {
        networkName: 'TIM',
        countryName: 'Italy',
        countryPrefix: '39',
        mccMnc: '22201',
        networkId: 5,
      },
    });
    const config = lookupConfig.parse({ type: 'simulator', baseUrl: simulator.url });
    const lookup = createLookup(config, { fetch, clock: systemClock });
    expect(await lookup.lookup('41793026727')).toEqual({
      to: '41793026727',
      reachable: 'reachable',
      numberType: 'mobile',
      mccMnc: '22803',
      imsi: '228031793026727',
      servingMsc: '39001',
      originalNetwork: { ...swiss, networkName: 'Swisscom', networkId: 123 },
      portedNetwork: { ...swiss, networkName: 'Salt', networkId: 124 },
      roamingNetwork: {
        countryName: 'Italy',
        countryPrefix: '39',
        networkPrefix: '',
        networkName: 'TIM',
        networkId: 5,
      },
      ported: true,
      roaming: true,
    });
  });

  test('of a number of no country: little, and unknown', async () => {
    const lookup = createSimulatorLookup({ baseUrl: simulator.url, fetch, clock: systemClock });
    expect(await lookup.lookup('+9991234567')).toEqual({
      to: '+9991234567',
      reachable: 'unknown',
      numberType: 'unknown',
      ported: false,
      roaming: false,
    });
    const error = await refusal(lookup.lookup('../settings'));
    expect(error).toMatchObject({ reason: 'rejected', retryable: false });
  });
});

describe('a register that fails', () => {
  let server: Server;
  let answer: (response: ServerResponse) => void;
  let requests: number;
  const clock = new FakeClock();
  const lookup = () => {
    const { port } = server.address() as AddressInfo;
    return createSimulatorLookup({ baseUrl: `http://127.0.0.1:${port}`, fetch, clock });
  };
  beforeEach(async () => {
    requests = 0;
    server = createServer((_request, response) => {
      requests++;
      answer(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
    expect(clock.pending).toBe(0);
  });

  test.each([
    ['500', 'server', true, (response: ServerResponse) => response.writeHead(500).end()],
    ['404', 'rejected', false, (response: ServerResponse) => response.writeHead(404).end('{}')],
    [
      'a redirect',
      'protocol',
      false,
      (response: ServerResponse) => response.writeHead(302, { location: '/' }).end(),
    ],
    ['HTML', 'protocol', false, (response: ServerResponse) => response.end('<html>')],
    ['half an answer', 'protocol', false, (response: ServerResponse) => response.end('{"reachable":true}')],
    ['an endless one', 'protocol', false, (response: ServerResponse) => response.end('x'.repeat(100_000))],
    ['a cut', 'unreachable', true, (response: ServerResponse) => response.destroy()],
  ])('%s is %s', async (_, reason, retryable, how) => {
    answer = how;
    const error = await refusal(lookup().lookup(TO));
    expect(error).toMatchObject({ reason, retryable });
    expect(`${error.message} ${String(error.cause)}`).not.toContain('4179');
  });

  test('silence ends after two seconds; a caller may give up before', async () => {
    answer = () => {};
    const outcome = refusal(lookup().lookup(TO));
    await vi.waitFor(() => expect(requests).toBe(1), WAIT);
    clock.advance(1_999);
    await settle();
    expect(clock.pending).toBe(1);
    clock.advance(1);
    expect(await outcome).toMatchObject({ reason: 'timeout', retryable: true });
    const abort = new AbortController();
    const other = refusal(lookup().lookup(TO, abort.signal));
    await vi.waitFor(() => expect(requests).toBe(2), WAIT);
    abort.abort();
    expect(await other).toMatchObject({ reason: 'timeout', retryable: true });
    expect(await refusal(lookup().lookup(TO, AbortSignal.abort()))).toMatchObject({ reason: 'timeout' });
    expect(requests).toBe(2);
  });

  test('nobody there', async () => {
    const gone = lookup();
    server.close();
    await once(server, 'close');
    expect(await refusal(gone.lookup(TO))).toMatchObject({ reason: 'unreachable', retryable: true });
  });
});

describe('the cache', () => {
  const clock = new FakeClock();
  let asked: string[];
  let answer: (to: string) => Promise<NumberContext>;
  const context = (to: string, reachable: NumberContext['reachable'] = 'reachable'): NumberContext => ({
    to,
    reachable,
    ported: false,
    roaming: false,
  });
  const source: NumberLookup = {
    name: 'source',
    lookup: async to => {
      asked.push(to);
      return await answer(to);
    },
  };
  beforeEach(() => {
    asked = [];
    answer = async to => await Promise.resolve(context(to));
  });

  test.each([
    ['reachable', 600_000],
    ['not-configured', 600_000],
    ['not-reachable', 30_000],
    ['unknown', 30_000],
  ] as const)('%s is remembered for %i ms', async (reachable, ms) => {
    // From the first instant of a clock on, which lru-cache would take for "no time".
    const clock = new FakeClock();
    answer = async to => await Promise.resolve(context(to, reachable));
    const cached = cachedLookup(source, { clock });
    await cached.lookup(TO);
    clock.advance(ms);
    expect(await cached.lookup(TO)).toEqual(context(TO, reachable));
    expect(asked).toHaveLength(1);
    clock.advance(1);
    await cached.lookup(TO);
    expect(asked).toHaveLength(2);
  });

  test('is bounded: the longest unused goes', async () => {
    const cached = cachedLookup(source, { clock, max: 2 });
    for (const to of ['a', 'b', 'a', 'c', 'a', 'b']) await cached.lookup(to);
    expect(asked).toEqual(['a', 'b', 'c', 'b']);
  });

  test('fifty at once are one; failures are told to all and forgotten', async () => {
    const cached = cachedLookup(source, { clock });
    const fifty = async () => await Promise.allSettled(Array.from({ length: 50 }, () => cached.lookup(TO)));
    answer = async () => await Promise.reject(new CarrierError('server'));
    expect((await fifty()).every(({ status }) => status === 'rejected')).toBe(true);
    expect(asked).toHaveLength(1);
    answer = async to => await Promise.resolve(context(to));
    expect((await fifty()).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(asked).toHaveLength(2);
  });

  test('a caller who gives up leaves the others theirs', async () => {
    const cached = cachedLookup(source, { clock });
    const { promise, resolve } = Promise.withResolvers<NumberContext>();
    answer = async () => await promise;
    const abort = new AbortController();
    const impatient = refusal(cached.lookup(TO, abort.signal));
    const patient = cached.lookup(TO);
    abort.abort();
    expect(await impatient).toMatchObject({ reason: 'timeout', retryable: true });
    resolve(context(TO));
    expect(await patient).toEqual(context(TO));
    expect(asked).toHaveLength(1);
    expect(await refusal(cached.lookup('other', AbortSignal.abort()))).toMatchObject({ reason: 'timeout' });
  });
});

test('configuration', () => {
  expect(lookupConfig.parse({ type: 'offline' })).toEqual({ type: 'offline' });
  const simulator = { type: 'simulator', baseUrl: 'http://127.0.0.1:8081' } as const;
  expect(lookupConfig.parse(simulator)).toEqual({ ...simulator, timeoutMs: 2_000, cacheSeconds: 600 });
  for (const wrong of [
    { type: 'crystal-ball' },
    { type: 'offline', baseUrl: 'http://x' },
    { ...simulator, baseUrl: 'ftp://x' },
    { ...simulator, timeoutMs: 1 },
  ]) {
    expect(lookupConfig.safeParse(wrong).success).toBe(false);
  }
});
