import { afterEach, describe, expect, it } from 'vitest';

import { ServiceError } from '../../../src/errors.ts';
import type { Store } from '../../../src/store/store.ts';
import { KEYS, MOBILE, refusalOf, TEXT_THEN_CALL, VerifyServer, type RigOptions } from './rig.ts';

/** `Idempotency-Key`: Stripe's rules, and faults.md F28. */

const DAY = 86_400_000;
const LEASE = 10_000;

let server: VerifyServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(options: RigOptions = {}): Promise<VerifyServer> {
  server = await VerifyServer.start(options);
  return server;
}

const keyed = (key: string, more: Record<string, string> = {}): Record<string, string> => ({
  'idempotency-key': key,
  ...more,
});
const create = async (rig: VerifyServer, body: object, key: string, headers = {}) =>
  await rig.raw('POST', '/v1/verifications', body, keyed(key, headers));

/** How many PINs there are for the number, and how many texts went out. */
async function made(rig: VerifyServer): Promise<[number, number]> {
  await rig.pass();
  const { body } = await rig.raw('GET', `/v1/verifications?to=${encodeURIComponent(MOBILE)}`);
  return [(body['verifications'] as unknown[]).length, rig.texts.texts.length];
}

describe('the same request again', () => {
  it('gets the first answer, byte for byte, and makes nothing', async () => {
    const rig = await start();
    const { applicationId } = await rig.prepare();
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    const first = await create(rig, body, 'order 7');
    await rig.leap(60_000);
    const again = await create(rig, body, 'order 7');
    expect([first.status, again.status]).toStrictEqual([201, 201]);
    expect(again.text).toBe(first.text);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(await made(rig)).toStrictEqual([1, 1]);
  });

  it('in another order of fields, and with other spaces, is the same', async () => {
    const rig = await start();
    const { applicationId } = await rig.prepare();
    const headers = keyed('k', { 'content-type': 'application/json' });
    const send = async (text: string) => await rig.raw('POST', '/v1/verifications', text, headers);
    const plan = '{"steps":[{"channel":"sms"}]}';
    const first = await send(`{"to":"${MOBILE}","applicationId":"${applicationId}","plan":${plan}}`);
    const again = await send(`{ "plan": ${plan}, "applicationId": "${applicationId}", "to": "${MOBILE}" }`);
    expect(again.text).toBe(first.text);
    expect(await made(rig)).toStrictEqual([1, 1]);
  });

  it('a hundred times at once, makes one', async () => {
    const rig = await start();
    const { applicationId } = await rig.prepare();
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    const answers = await Promise.all(
      Array.from({ length: 100 }, async () => await create(rig, body, 'one')),
    );
    const firsts = answers.filter(({ status }) => status === 201);
    const busy = answers.filter(({ status }) => status === 409);
    expect(firsts.length + busy.length).toBe(100);
    expect(new Set(firsts.map(({ text }) => text)).size).toBe(1);
    expect(firsts.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    for (const { body: problem, headers } of busy) {
      expect(problem).toMatchObject({ type: '/v1/problems/idempotency-in-progress', retryAfter: 1 });
      expect(headers.get('retry-after')).toBe('1');
    }
    expect(await made(rig)).toStrictEqual([1, 1]);
  });

  it('is another one after 24 hours', async () => {
    const rig = await start();
    const { applicationId } = await rig.prepare();
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    const first = await create(rig, body, 'k');
    await rig.leap(DAY - 1);
    expect((await create(rig, body, 'k')).text).toBe(first.text);
    await rig.leap(1);
    expect((await create(rig, body, 'k')).body['id']).not.toBe(first.body['id']);
  });

  it('of another key or user, is another one', async () => {
    const rig = await start();
    const { applicationId } = await rig.prepare();
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    const ids = new Set<unknown>();
    for (const key of [KEYS.all, KEYS.manage, KEYS.phones])
      ids.add((await create(rig, body, 'k', { authorization: `App ${key}` })).body['id']);
    expect(ids.size).toBe(3);
  });
});

describe('another request under the key', () => {
  it('is refused, whatever is other about it', async () => {
    const rig = await start();
    const { applicationId } = await rig.prepare();
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    const { body: first } = await create(rig, body, 'k');
    const id = String(first['id']);
    for (const [path, other] of [
      ['/v1/verifications', { ...body, channel: 'voice' }],
      ['/v1/verifications', { to: MOBILE, applicationId }],
      [`/v1/verifications/${id}/next`, { channel: 'sms' }],
      [`/v1/verifications/${id}/cancel`, undefined],
    ] as const) {
      const answer = await rig.raw('POST', path, other, keyed('k'));
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({
        type: '/v1/problems/idempotency-key-reused',
        errors: [{ field: 'Idempotency-Key' }],
      });
    }
    expect(await made(rig)).toStrictEqual([1, 1]);
  });
});

describe('a key', () => {
  it('has 1 to 255 characters', async () => {
    const rig = await start();
    const { applicationId } = await rig.prepare();
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    expect((await create(rig, body, 'k'.repeat(255))).status).toBe(201);
    for (const key of ['', 'k'.repeat(256)]) {
      const answer = await create(rig, body, key);
      expect([answer.status, answer.body['errors']]).toMatchObject([400, [{ field: 'idempotency-key' }]]);
    }
  });

  it('is in no log line', async () => {
    const rig = await start();
    const { applicationId } = await rig.prepare();
    await create(rig, { to: MOBILE, applicationId }, 'canary-of-a-key');
    expect(rig.logged()).toContain('/v1/verifications');
    expect(rig.logged()).not.toContain('canary-of-a-key');
  });
});

describe('what did nothing is not kept', () => {
  it.each<[string, object]>([
    ['a template that is none', { template: 'NOBODY' }],
    ['a text without the PIN', { text: 'hello' }],
  ])('%s', async (_name, wrong) => {
    const rig = await start();
    const { applicationId } = await rig.prepare();
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    expect((await create(rig, { ...body, ...wrong }, 'k')).status).toBe(400);
    expect((await create(rig, body, 'k')).status).toBe(201);
  });

  it('a send limit', async () => {
    const rig = await start();
    const { applicationId } = await rig.prepare({ sendPinPerPhoneNumberLimit: '1/1m' });
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    await create(rig, body, 'first');
    expect((await create(rig, body, 'k')).status).toBe(429);
    await rig.leap(60_000);
    const answer = await create(rig, body, 'k');
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toStrictEqual([201, null]);
  });

  it('a store that did not take it', async () => {
    let broken = true;
    const rig = await start({
      verifications: real => ({
        create: async request => {
          if (broken) throw new ServiceError('unavailable');
          return await real.create(request);
        },
      }),
    });
    const { applicationId } = await rig.prepare();
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    expect((await create(rig, body, 'k')).status).toBe(503);
    broken = false;
    expect((await create(rig, body, 'k')).status).toBe(201);
    expect(await made(rig)).toStrictEqual([1, 1]);
  });
});

describe('once the work has begun', () => {
  it('an error of ours is kept like any answer', async () => {
    let tries = 0;
    const rig = await start({
      verifications: () => ({
        create: async () => {
          tries++;
          throw new Error('a bug');
        },
      }),
    });
    const { applicationId } = await rig.prepare();
    const first = await create(rig, { to: MOBILE, applicationId }, 'k');
    const again = await create(rig, { to: MOBILE, applicationId }, 'k');
    expect([first.status, again.status, tries]).toStrictEqual([500, 500, 1]);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('content-type')).toBe('application/problem+json');
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });

  it('and the store says no after it was done, that it was done is found out', async () => {
    const rig = await start({
      verifications: real => ({
        create: async request => {
          await real.create(request);
          throw new ServiceError('unavailable');
        },
      }),
    });
    const { applicationId } = await rig.prepare();
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    const first = await create(rig, body, 'k');
    expect(first.status).toBe(201);
    expect((await create(rig, body, 'k')).text).toBe(first.text);
    expect(await made(rig)).toStrictEqual([1, 1]);
  });
});

/** A process that dies: what it was about to do to the store never happens. */
function dying(verbs: readonly (keyof Store)[]): { options: RigOptions; alive: () => void; die: () => void } {
  let dead = true;
  const options: RigOptions = {
    store: real =>
      Object.fromEntries(
        verbs.map(verb => [
          verb,
          async (...given: never[]) => {
            if (dead) throw new ServiceError('unavailable');
            return await (real[verb] as (...given: never[]) => Promise<unknown>)(...given);
          },
        ]),
      ),
  };
  return { options, alive: () => (dead = false), die: () => (dead = true) };
}

describe('a crash', () => {
  it('between the claim and the work: the next one does it, under the first one’s id', async () => {
    const { options, alive } = dying(['createPinMessage', 'getVerification', 'dropIdempotency']);
    const subjects: string[] = [];
    const rig = await start({
      ...options,
      verifications: real => ({
        create: async request => {
          subjects.push(request.pinId ?? '');
          return await real.create(request);
        },
      }),
    });
    const { applicationId } = await rig.prepare();
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    expect((await create(rig, body, 'k')).status).toBe(503);
    alive();
    const early = await create(rig, body, 'k');
    expect([early.status, early.body['type']]).toStrictEqual([409, '/v1/problems/idempotency-in-progress']);
    await rig.leap(LEASE);
    const done = await create(rig, body, 'k');
    expect([done.status, done.body['id']]).toStrictEqual([201, subjects[0]]);
    expect(await made(rig)).toStrictEqual([1, 1]);
  });

  it('between the work and its answer: the next one finds it done', async () => {
    const { options, alive } = dying(['closeIdempotency']);
    let creates = 0;
    const rig = await start({
      ...options,
      verifications: real => ({
        create: async request => {
          creates++;
          return await real.create(request);
        },
      }),
    });
    const { applicationId } = await rig.prepare();
    const body = { to: MOBILE, applicationId, channel: 'sms' };
    const lost = await create(rig, body, 'k');
    alive();
    await rig.leap(LEASE);
    const found = await create(rig, body, 'k');
    expect(found.status).toBe(201);
    expect(found.body['id']).toBe(lost.body['id']);
    expect(creates).toBe(1);
    expect((await create(rig, body, 'k')).text).toBe(found.text);
    expect(await made(rig)).toStrictEqual([1, 1]);
  });

  it('in the middle of `next` and of `cancel`: neither is done twice, and neither is refused', async () => {
    const { options, alive, die } = dying(['closeIdempotency']);
    const rig = await start(options);
    const { applicationId } = await rig.prepare();
    const { id } = await rig.client().create({ to: MOBILE, applicationId, plan: TEXT_THEN_CALL });
    await rig.pass();
    for (const [step, key] of [
      ['next', 'n'],
      ['cancel', 'c'],
    ] as const) {
      const ask = async (headers = keyed(key)) =>
        await rig.raw('POST', `/v1/verifications/${id}/${step}`, undefined, headers);
      die();
      expect((await ask()).status).toBe(200);
      await rig.leap(LEASE);
      alive();
      const found = await ask();
      expect([found.status, found.headers.get('idempotent-replayed')]).toStrictEqual([200, null]);
      expect(found.body['state']).toBe(step === 'next' ? 'pending' : 'cancelled');
      expect((await ask()).text).toBe(found.text);
    }
    expect((await rig.client().get(id)).timeline).toHaveLength(2);
    expect(rig.calls.placed).toHaveLength(1);
    expect((await rig.raw('POST', `/v1/verifications/${id}/cancel`)).status).toBe(409);
  });
});

it('the client repeats a create under one key until it is answered', async () => {
  let lost = 2;
  const rig = await start();
  const { applicationId } = await rig.prepare();
  const client = rig.client({
    fetch: async (...given) => {
      const answer = await fetch(...given);
      if (lost-- > 0) throw new TypeError('the answer got lost');
      return answer;
    },
  });
  const { id } = await client.create({ to: MOBILE, applicationId, channel: 'sms' });
  expect(id).toMatch(/^[0-9A-F]{32}$/);
  expect(await made(rig)).toStrictEqual([1, 1]);
  lost = 1;
  expect(await refusalOf(client.check(id, '000000'))).toMatchObject({ status: 0 });
  expect(await rig.api.attemptsUsed(id)).toBe(1);
});
