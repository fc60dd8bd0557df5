import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { VERIFY_ANSWERS } from '../../src/api/infobip/decisions.ts';
import { ServiceError } from '../../src/errors.ts';
import { ApiServer, type Answer, type Ids } from '../support/api-server.ts';

const TO = '41793026727';
const UNKNOWN = '9C817C6F8AF3D48F9FE553282AFA2B67';

let server: ApiServer;
let ids: Ids;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(async () => await server.close());
beforeEach(async () => {
  ids = await server.prepare();
});

function wrong(pinId: string, attemptsRemaining: number, pinError: string): object {
  return { pinId, msisdn: TO, verified: false, attemptsRemaining, pinError };
}

describe('POST /2fa/2/pin/{pinId}/verify (infobip-api.md 2.7)', () => {
  it('answers the documented success key for key, without a pinError', async () => {
    const pinId = await server.send(ids);
    const answer = await server.verify(pinId, await server.pinOf(pinId));
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual({ pinId, msisdn: TO, verified: true, attemptsRemaining: 0 });
  });

  it('answers the documented refusal key for key', async () => {
    const pinId = await server.send(ids);
    const answer = await server.verify(pinId, await server.wrongPinOf(pinId));
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual(wrong(pinId, 9, 'WRONG_PIN'));
  });

  it('says WRONG_PIN on the last attempt, and NO_MORE_PIN_ATTEMPTS from then on, even to the right PIN', async () => {
    ids = await server.prepare({ pinAttempts: 2 });
    const pinId = await server.send(ids);
    const pin = await server.pinOf(pinId);
    const other = await server.wrongPinOf(pinId);
    expect((await server.verify(pinId, other)).body).toStrictEqual(wrong(pinId, 1, 'WRONG_PIN'));
    expect((await server.verify(pinId, other)).body).toStrictEqual(wrong(pinId, 0, 'WRONG_PIN'));
    for (const candidate of [other, pin]) {
      expect((await server.verify(pinId, candidate)).body).toStrictEqual(
        wrong(pinId, 0, 'NO_MORE_PIN_ATTEMPTS'),
      );
    }
    expect(await server.attemptsUsed(pinId)).toBe(2);
  });

  it('lets a PIN live to the last millisecond of its TTL and no longer', async () => {
    ids = await server.prepare({ pinTimeToLive: '2m' });
    const pinId = await server.send(ids);
    const pin = await server.pinOf(pinId);
    const other = await server.send(ids);
    server.clock.advance(2 * 60_000 - 1);
    expect((await server.verify(pinId, pin)).body).toMatchObject({ verified: true });
    server.clock.advance(1);
    for (const id of [pinId, other]) {
      const { body } = await server.verify(id, pin);
      expect(body).toStrictEqual(wrong(id, body.attemptsRemaining as number, 'TTL_EXPIRED'));
      expect(Number.isInteger(body.attemptsRemaining)).toBe(true);
    }
  });

  it('verifies again and again where that is allowed', async () => {
    const pinId = await server.send(ids);
    const pin = await server.pinOf(pinId);
    for (let time = 0; time < 3; time++) {
      expect((await server.verify(pinId, pin)).body).toMatchObject({ verified: true, attemptsRemaining: 0 });
    }
  });

  it('verifies once where it is not, and answers NO_MORE_PIN_ATTEMPTS after', async () => {
    ids = await server.prepare({ allowMultiplePinVerifications: false });
    const pinId = await server.send(ids);
    const pin = await server.pinOf(pinId);
    expect((await server.verify(pinId, pin)).body).toMatchObject({ verified: true });
    expect((await server.verify(pinId, pin)).body).toStrictEqual(wrong(pinId, 0, 'NO_MORE_PIN_ATTEMPTS'));
  });

  it('never takes the PIN of another pinId', async () => {
    ids = await server.prepare({}, { pinType: 'ALPHANUMERIC', pinLength: 32 });
    const first = await server.send(ids);
    const second = await server.send(ids);
    const pin = await server.pinOf(first);
    expect((await server.verify(second, pin)).body).toMatchObject({ verified: false, pinError: 'WRONG_PIN' });
  });

  it.each([
    ['', 'empty'],
    ['1', 'short'],
    ['1'.repeat(100_000), 'endless'],
    ['１２３４５６', 'in wide digits'],
    ['\u0000\uD800', 'no text at all'],
  ])('takes a PIN that is %s for an ordinary wrong one', async candidate => {
    const pinId = await server.send(ids);
    const answer = await server.verify(pinId, candidate);
    expect([answer.status, answer.body]).toStrictEqual([200, wrong(pinId, 9, 'WRONG_PIN')]);
  });

  it.each([[{}], [{ pin: null }], [{ pin: 1598 }], [{ pin: ['1', '5'] }], [{ PIN: '1598' }]])(
    'refuses %j, naming pin, without counting it',
    async body => {
      const pinId = await server.send(ids);
      const answer = await server.call('POST', `/2fa/2/pin/${pinId}/verify`, body);
      expect(answer.status).toBe(400);
      expect(answer.text).toContain('"validationErrors":{"pin":[');
      expect(answer.text).not.toContain('1598');
      expect(await server.attemptsUsed(pinId)).toBe(0);
    },
  );

  it.each([UNKNOWN, 'x', '%20', UNKNOWN.toLowerCase()])(
    'answers 404 for the unknown pinId %s',
    async pinId => {
      const answer = await server.verify(pinId, '123456');
      expect(answer.status).toBe(404);
      expect(answer.body).toStrictEqual({
        requestError: { serviceException: { messageId: 'NOT_FOUND', text: 'Requested resource not found' } },
      });
    },
  );

  it('answers 429 with Retry-After at verifyPinLimit, compares nothing, and recovers', async () => {
    ids = await server.prepare({ verifyPinLimit: '1/3s' });
    const pinId = await server.send(ids);
    const pin = await server.pinOf(pinId);
    expect((await server.verify(pinId, await server.wrongPinOf(pinId))).status).toBe(200);
    const limited = await server.verify(pinId, pin);
    expect([limited.status, limited.headers['retry-after']]).toStrictEqual([429, '3']);
    expect(await server.attemptsUsed(pinId)).toBe(1);
    server.clock.advance(3_000);
    expect((await server.verify(pinId, pin)).body).toMatchObject({ verified: true });
  });

  it('fails closed: 503 when the store cannot commit, whatever the PIN', async () => {
    const broken = await ApiServer.start({
      store: () => ({
        attemptPin: async () => {
          throw new ServiceError('unavailable', { cause: new Error('disk full') });
        },
      }),
    });
    const pinId = await broken.send(await broken.prepare());
    const answer = await broken.verify(pinId, await broken.pinOf(pinId));
    expect([answer.status, answer.headers['retry-after']]).toStrictEqual([503, '1']);
    expect(answer.text).not.toContain('verified');
    await broken.close();
  });
});

describe('the strict profile', () => {
  let strict: ApiServer;
  beforeAll(async () => {
    strict = await ApiServer.start({
      profile: 'strict',
      security: { failureCap: { attempts: 3, windowMs: 86_400_000 } },
    });
  });
  afterAll(async () => await strict.close());

  it('answers TTL_EXPIRED for a PIN that a newer send replaced', async () => {
    const strictIds = await strict.prepare();
    const old = await strict.send(strictIds);
    const pin = await strict.pinOf(old);
    const fresh = await strict.send(strictIds);
    expect((await strict.verify(old, pin)).body).toMatchObject({ verified: false, pinError: 'TTL_EXPIRED' });
    expect((await strict.verify(fresh, await strict.pinOf(fresh))).body).toMatchObject({ verified: true });
  });

  it('stops comparing at the cap of failures over all PINs of the number', async () => {
    const strictIds = await strict.prepare();
    const first = await strict.send(strictIds);
    const other = await strict.wrongPinOf(first);
    for (let time = 0; time < 3; time++) await strict.verify(first, other);
    const second = await strict.send(strictIds);
    const { body } = await strict.verify(second, await strict.pinOf(second));
    expect(body).toStrictEqual(wrong(second, 0, 'NO_MORE_PIN_ATTEMPTS'));
    expect(await strict.attemptsUsed(second)).toBe(0);
  });
});

describe('many at once', () => {
  const together = async (count: number, pinId: string, candidate: string): Promise<Answer[]> =>
    await Promise.all(Array.from({ length: count }, () => server.verify(pinId, candidate)));

  it('compares exactly 5 of 200 parallel wrong PINs', async () => {
    ids = await server.prepare({ pinAttempts: 5 });
    const pinId = await server.send(ids);
    const answers = await together(200, pinId, await server.wrongPinOf(pinId));
    expect(answers.every(answer => answer.status === 200)).toBe(true);
    const errors = answers.map(({ body }) => body.pinError);
    expect(errors.filter(error => error === 'WRONG_PIN')).toHaveLength(5);
    expect(errors.filter(error => error === 'NO_MORE_PIN_ATTEMPTS')).toHaveLength(195);
    const left = answers
      .filter(({ body }) => body.pinError === 'WRONG_PIN')
      .map(({ body }) => body.attemptsRemaining);
    expect(new Set(left)).toStrictEqual(new Set([0, 1, 2, 3, 4]));
    expect(await server.attemptsUsed(pinId)).toBe(5);
  });

  it('takes exactly one of 200 parallel right PINs where only one may succeed', async () => {
    ids = await server.prepare({ pinAttempts: 5, allowMultiplePinVerifications: false });
    const pinId = await server.send(ids);
    const answers = await together(200, pinId, await server.pinOf(pinId));
    expect(answers.filter(({ body }) => body.verified === true)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.pinError === 'NO_MORE_PIN_ATTEMPTS')).toHaveLength(199);
    expect(await server.attemptsUsed(pinId)).toBe(1);
  });
});

describe('what the time tells', () => {
  it('asks the store for the same work, with digests of the same length', async () => {
    const asked: unknown[] = [];
    const spied = await ApiServer.start({
      store: store => ({
        getApplication: async id => {
          asked.push('getApplication');
          return await store.getApplication(id);
        },
        attemptPin: async request => {
          const { expected, candidate, opId, pinId: _, events, exhaustedEvents = [], ...rest } = request;
          asked.push({
            ...rest,
            expected: expected?.length,
            candidate: candidate.length,
            opId: opId.length,
            events: [...events, ...exhaustedEvents].map(({ type }) => type),
          });
          return await store.attemptPin(request);
        },
      }),
    });
    const pinId = await spied.send(await spied.prepare({ verifyPinLimit: '1/3s' }));
    const candidate = await spied.wrongPinOf(pinId);
    asked.length = 0;
    await spied.verify(pinId, candidate);
    const known = asked.splice(0);
    await spied.verify(UNKNOWN, candidate);
    expect(asked).toStrictEqual(known);
    expect(known[1]).toMatchObject({ expected: 32, candidate: 32 });
    await spied.close();
  });

  // Once more on a machine that was busy with something else.
  it(
    'takes as long for an unknown pinId as for a wrong PIN: medians within 0.5 ms',
    { retry: 2 },
    async () => {
      ids = await server.prepare({ pinAttempts: 100_000, verifyPinLimit: '1/3s', pinTimeToLive: '1d' });
      const pinId = await server.send(ids);
      const candidate = await server.wrongPinOf(pinId);
      const times = new Map<string, number[]>([
        [pinId, []],
        [UNKNOWN, []],
      ]);
      for (let round = 0; round < 200; round++) {
        server.clock.advance(3_000);
        const order = round % 2 === 0 ? [pinId, UNKNOWN] : [UNKNOWN, pinId];
        for (const id of order) {
          const start = performance.now();
          const { status } = await server.verify(id, candidate);
          times.get(id)?.push(performance.now() - start);
          expect(status).toBe(id === pinId ? 200 : 404);
        }
      }
      const [known = [], unknown = []] = times.values();
      expect(Math.abs(median(known) - median(unknown))).toBeLessThan(0.5);
    },
  );
});

it('has an answer for every outcome of the store', () => {
  expect(Object.keys(VERIFY_ANSWERS).toSorted()).toStrictEqual([
    'cancelled',
    'capped',
    'exhausted',
    'expired',
    'limited',
    'superseded',
    'unknown',
    'used',
    'verified',
    'wrong',
  ]);
});

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
