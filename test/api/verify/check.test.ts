import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { checkBody } from '../../../src/api/verify/check.ts';
import type { SaypinClient, SaypinError } from '../../../src/client/index.ts';
import type { PinRecord } from '../../../src/domain/types.ts';
import type { Store } from '../../../src/store/store.ts';
import { MOBILE, VerifyServer } from './rig.ts';

let server: VerifyServer;
let client: SaypinClient;
/** Verbs of the store, as they are called. */
let verbs: string[] = [];
beforeAll(async () => {
  server = await VerifyServer.start({ store: spied });
  client = server.client();
});
afterAll(async () => await server.close());

function spied(store: Store): Partial<Store> {
  const names = ['getPin', 'getApplication', 'attemptPin', 'now', 'getVerification', 'getRun'] as const;
  return Object.fromEntries(
    names.map(name => [
      name,
      (...given: never[]) => {
        verbs.push(name);
        return (store[name] as (...given: never[]) => unknown)(...given);
      },
    ]),
  );
}

async function create(configuration = {}): Promise<{ id: string; pin: string; wrong: string }> {
  const { applicationId } = await server.prepare(configuration);
  const { id } = await client.create({ to: MOBILE, applicationId, channel: 'sms' });
  await server.pass();
  return { id, pin: await server.api.pinOf(id), wrong: await server.api.wrongPinOf(id) };
}

describe('a check', () => {
  it('that is right verifies', async () => {
    const { id, pin } = await create();
    const now = new Date(server.api.clock.now()).toISOString();
    const expiresAt = new Date(server.api.clock.now() + 900_000).toISOString();
    const right = { id, verified: true, state: 'verified', attemptsLeft: 0, expiresAt, verifiedAt: now };
    expect(await client.check(id, pin)).toStrictEqual(right);
    // As often as `allowMultiplePinVerifications` says.
    expect(await client.check(id, pin)).toStrictEqual(right);
  });

  it('that is wrong costs an attempt, and the last one ends it', async () => {
    const { id, pin, wrong } = await create({ pinAttempts: 2 });
    const expected = { verified: false, reason: 'wrong' };
    expect(await client.check(id, wrong)).toMatchObject({ ...expected, state: 'pending', attemptsLeft: 1 });
    expect(await client.check(id, '12')).toMatchObject({ ...expected, state: 'exhausted', attemptsLeft: 0 });
    expect(await client.check(id, pin)).toMatchObject({
      verified: false,
      reason: 'exhausted',
      attemptsLeft: 0,
    });
  });

  it('comes too late', async () => {
    const { id, pin } = await create({ pinTimeToLive: '1m' });
    await server.pass(60_000);
    expect(await client.check(id, pin)).toMatchObject({
      verified: false,
      state: 'expired',
      reason: 'expired',
    });
  });

  it('is good for one time where the application says so', async () => {
    const { id, pin } = await create({ allowMultiplePinVerifications: false });
    expect((await client.check(id, pin)).verified).toBe(true);
    expect(await client.check(id, pin)).toMatchObject({ verified: false, state: 'verified', reason: 'used' });
  });

  it('faster than the limit is not compared', async () => {
    const { id, pin, wrong } = await create({ verifyPinLimit: '1/3s' });
    await client.check(id, wrong);
    const error = await client.check(id, pin).catch((error: unknown) => error as SaypinError);
    expect(error).toMatchObject({
      status: 429,
      type: '/v1/problems/too-many-requests',
      retryAfterSeconds: 3,
    });
    expect(await server.api.attemptsUsed(id)).toBe(1);
    await server.pass(3_000);
    expect(await client.check(id, pin)).toMatchObject({ verified: true });
  });

  it.each<[unknown, string]>([
    [{}, 'pin'],
    [{ pin: 123456 }, 'pin'],
    [{ pin: 'x'.repeat(65) }, 'pin'],
    [{ pin: '1', more: true }, 'body'],
    ['{', 'body'],
    [undefined, 'body'],
  ])('%j is none', async (body, field) => {
    const { id } = await create();
    const answer = await server.raw('POST', `/v1/verifications/${id}/check`, body);
    expect(answer.status).toBe(400);
    expect(answer.body['errors']).toMatchObject([{ field }]);
    expect(await server.api.attemptsUsed(id)).toBe(0);
  });
});

describe('an id that nobody knows', () => {
  it('asks the store for the same as a wrong PIN does', async () => {
    const { id, wrong } = await create();
    verbs = [];
    await client.check(id, wrong);
    const known = verbs;
    verbs = [];
    await client.check('F'.repeat(32), wrong).catch(() => undefined);
    expect(verbs).toStrictEqual(known);
    expect(known).toContain('attemptPin');
  });
});

// Once more on a machine that was busy with something else.
it('an id that nobody knows takes as long as a wrong PIN: medians within 0.5 ms', { retry: 2 }, async () => {
  const { id, wrong } = await create({ pinAttempts: 100_000, pinTimeToLive: '1d' });
  const unknown = 'F'.repeat(32);
  const times: Record<string, number[]> = { [id]: [], [unknown]: [] };
  for (let round = 0; round < 200; round++) {
    server.api.clock.advance(3_000);
    for (const each of round % 2 === 0 ? [id, unknown] : [unknown, id]) {
      const start = performance.now();
      const { status } = await server.api.call('POST', `/v1/verifications/${each}/check`, { pin: wrong });
      times[each]?.push(performance.now() - start);
      expect(status).toBe(each === id ? 200 : 404);
    }
  }
  expect(Math.abs(median(times[id]!) - median(times[unknown]!))).toBeLessThan(0.5);
});

describe('what the strict profile ends', () => {
  it('a newer PIN takes the place of an older one; too many wrong ones end all of a number', async () => {
    const strict = await VerifyServer.start({ profile: 'strict' });
    const { applicationId } = await strict.prepare();
    const asked = strict.client();
    const older = await asked.create({ to: MOBILE, applicationId, channel: 'sms' });
    const pin = await strict.api.pinOf(older.id);
    const newer = await asked.create({ to: MOBILE, applicationId, channel: 'sms' });
    expect(await asked.check(older.id, pin)).toMatchObject({ state: 'superseded', reason: 'superseded' });
    expect((await asked.get(newer.id)).attemptsLeft).toBe(5);
    await strict.close();
  });
});

it('tells every outcome in its words', () => {
  const pin = {
    pinId: 'P',
    state: 'active',
    attemptsUsed: 1,
    attemptsAllowed: 5,
    expiresAt: 2_000,
    verifiedAt: undefined,
  } as PinRecord;
  const to = MOBILE as never;
  const judged = (outcome: 'wrong' | 'capped' | 'expired', now = 1_000): unknown => {
    const { state, attemptsLeft, reason } = checkBody({ outcome, to, attemptsRemaining: 4 }, pin, now);
    return [state, attemptsLeft, reason];
  };
  expect(judged('wrong')).toStrictEqual(['pending', 4, 'wrong']);
  expect(judged('capped')).toStrictEqual(['pending', 0, 'capped']);
  expect(judged('expired', 2_000)).toStrictEqual(['expired', 0, 'expired']);
});

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
