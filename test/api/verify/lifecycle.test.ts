import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { DeliveryPlan, SaypinClient, Verification } from '../../../src/client/index.ts';
import { all, MOBILE, refusalOf, TEXT_THEN_CALL, VerifyServer } from './rig.ts';

let server: VerifyServer;
let client: SaypinClient;
beforeAll(async () => {
  server = await VerifyServer.start();
  client = server.client();
});
afterAll(async () => await server.close());

async function create(plan: DeliveryPlan = TEXT_THEN_CALL, configuration = {}): Promise<Verification> {
  const { applicationId } = await server.prepare(configuration);
  const made = await client.create({ to: MOBILE, applicationId, plan });
  await server.pass();
  return made;
}

const texts = (): number => server.texts.texts.length;
const calls = (): number => server.calls.placed.length;
const shown = ({ timeline }: Verification): unknown =>
  timeline.map(({ channel, state, trigger, reason }) => [channel, state, trigger, reason]);
describe('a text that does not arrive', () => {
  it('is followed by a call with the same PIN, which ends it', async () => {
    const { id } = await create();
    const before = calls();
    await server.textReport({ type: 'undelivered', carrierCode: '30003' }, texts());
    await server.pass();
    expect(calls()).toBe(before + 1);
    const now = await client.get(id);
    expect(now).toMatchObject({ channel: 'voice', state: 'pending', undeliverable: false });
    expect(now).not.toHaveProperty('nextStepAt');
    expect(shown(now)).toStrictEqual([
      ['sms', 'undelivered', 'first', 'undelivered'],
      ['voice', 'sent', 'failure', undefined],
    ]);
    expect(now.timeline[0]?.carrierReason).toBe('30003');
    const check = await client.check(id, await server.api.pinOf(id));
    expect(check).toMatchObject({ verified: true, state: 'verified' });
    expect(server.calls.hungUp).toContain(`CA${calls()}`);
    await server.callStatus({ events: [{ type: 'ended', cause: 'canceled', raw: 'canceled' }] }, calls());
    const after = await client.get(id);
    expect(shown(after)).toStrictEqual([
      ['sms', 'undelivered', 'first', 'undelivered'],
      ['voice', 'withdrawn', 'failure', 'canceled'],
    ]);
  });

  it('is followed by a call when nothing is heard for so long', async () => {
    const { id } = await create();
    await server.pass(29_999);
    expect((await client.get(id)).timeline).toHaveLength(1);
    await server.pass(2);
    expect(shown(await client.get(id))).toStrictEqual([
      ['sms', 'sent', 'first', undefined],
      ['voice', 'sent', 'no-report', undefined],
    ]);
  });

  it('and has nothing behind it, is undeliverable', async () => {
    const { id } = await create({ steps: [{ channel: 'sms' }, { channel: 'sms' }] });
    await server.textReport({ type: 'undelivered' }, texts());
    await server.pass();
    await server.textReport({ type: 'undelivered' }, texts());
    await server.pass();
    const now = await client.get(id);
    expect(now).toMatchObject({ undeliverable: true, state: 'pending' });
    expect(shown(now)).toStrictEqual([
      ['sms', 'undelivered', 'first', 'undelivered'],
      ['sms', 'undelivered', 'failure', 'undelivered'],
    ]);
  });
});

describe('next', () => {
  it('starts the next step at once, and once only', async () => {
    const { id } = await create();
    const before = calls();
    const asked = await client.next(id, {}, { idempotencyKey: `next of ${id}` });
    expect(shown(asked)).toStrictEqual([
      ['sms', 'sent', 'first', undefined],
      ['voice', 'sending', 'request', undefined],
    ]);
    await server.pass();
    await client.next(id, {}, { idempotencyKey: `next of ${id}` });
    await server.pass(60_000);
    expect(calls()).toBe(before + 1);
  });

  it('takes the channel that is asked for, also one that the plan has not', async () => {
    const { id } = await create({ steps: [{ channel: 'sms' }] });
    const before = { texts: texts(), calls: calls() };
    expect((await client.next(id, { channel: 'voice' })).channel).toBe('voice');
    await server.pass();
    expect((await client.next(id, { channel: 'sms' })).channel).toBe('sms');
    await server.pass();
    expect({ texts: texts(), calls: calls() }).toStrictEqual({
      texts: before.texts + 1,
      calls: before.calls + 1,
    });
  });

  it('counts against the send limits, which steps by themselves do not', async () => {
    const { id } = await create(TEXT_THEN_CALL, { sendPinPerPhoneNumberLimit: '2/1h' });
    await server.textReport({ type: 'undelivered' }, texts());
    await server.pass();
    await client.next(id, { channel: 'sms' });
    await server.pass();
    const error = await refusalOf(client.next(id, { channel: 'sms' }));
    expect(error.is('too-many-requests')).toBe(true);
    const now = await client.get(id);
    expect(Date.parse(now.nextSmsAllowedAt ?? '')).toBeGreaterThan(server.api.clock.now() + 3_000_000);
    expect(now.nextVoiceAllowedAt).toBe(now.nextSmsAllowedAt);
  });

  it('is refused when nothing is left, or it is over', async () => {
    const { id } = await create({ steps: [{ channel: 'voice' }] });
    const left = await refusalOf(client.next(id));
    expect([left.status, left.reason]).toStrictEqual([409, 'no-step-left']);
    await client.cancel(id);
    const over = await refusalOf(client.next(id, { channel: 'voice' }));
    expect([over.status, over.reason]).toStrictEqual([409, 'cancelled']);
  });

  it('is refused while the application is switched off', async () => {
    const { id, applicationId } = await create();
    await server.api.disable(applicationId);
    const error = await refusalOf(client.next(id));
    expect([error.status, error.reason]).toStrictEqual([403, 'application-disabled']);
    expect(await client.check(id, await server.api.pinOf(id))).toMatchObject({ verified: true });
  });
});

describe('cancel', () => {
  it('ends it: nothing more is sent, and its PIN is dead', async () => {
    const { id } = await create();
    const before = calls();
    const pin = await server.api.pinOf(id);
    const cancelled = await client.cancel(id);
    expect(cancelled).toMatchObject({ state: 'cancelled', attemptsLeft: 0 });
    for (const field of ['nextSmsAllowedAt', 'nextVoiceAllowedAt', 'nextStepAt'])
      expect(cancelled).not.toHaveProperty(field);
    await server.textReport({ type: 'undelivered' }, texts());
    await server.pass(120_000);
    expect(calls()).toBe(before);
    expect(await client.check(id, pin)).toMatchObject({
      verified: false,
      reason: 'cancelled',
      attemptsLeft: 0,
    });
  });

  it('is refused when it is over already', async () => {
    const { id } = await create();
    await client.check(id, await server.api.pinOf(id));
    const error = await refusalOf(client.cancel(id));
    expect([error.status, error.reason]).toStrictEqual([409, 'over']);
  });
});

describe('what nobody knows', () => {
  it.each(['F'.repeat(32), 'nothing', '0'.repeat(31) + 'g', 'ffff'])('%s', async id => {
    for (const work of [
      () => client.get(id),
      () => client.check(id, '123456'),
      () => client.next(id),
      () => client.cancel(id, { idempotencyKey: 'x' }),
    ]) {
      const error = await refusalOf(work());
      expect([error.status, error.type]).toStrictEqual([404, '/v1/problems/not-found']);
    }
  });
});

describe('list', () => {
  it('has the newest first, page after page, by what is asked for', async () => {
    const { applicationId } = await server.prepare();
    const numbers = ['+41793026731', '+41793026732', '+41793026733'];
    const made: Verification[] = [];
    for (const to of [...numbers, ...numbers]) {
      made.push(await client.create({ to, applicationId, channel: 'sms' }));
      await server.pass(1_000);
    }
    await client.cancel(made[1]!.id);
    const ids = async (filter: Parameters<SaypinClient['list']>[0]): Promise<number[]> =>
      (await all(client.list({ applicationId, ...filter }))).map(({ id }) =>
        made.findIndex(each => each.id === id),
      );
    expect(await ids({})).toStrictEqual([5, 4, 3, 2, 1, 0]);
    expect(await ids({ pageSize: 1 })).toStrictEqual([5, 4, 3, 2, 1, 0]);
    expect(await ids({ pageSize: 4 })).toStrictEqual([5, 4, 3, 2, 1, 0]);
    expect(await ids({ to: numbers[0]! })).toStrictEqual([3, 0]);
    expect(await ids({ state: 'cancelled' })).toStrictEqual([1]);
    expect(await ids({ since: made[2]!.createdAt, until: made[4]!.createdAt })).toStrictEqual([3, 2]);
    expect(await ids({ to: '+41793026739' })).toStrictEqual([]);
    await server.leap(900_000);
    expect(await ids({ state: 'pending' })).toStrictEqual([]);
    expect(await ids({ state: 'expired' })).toStrictEqual([5, 4, 3, 2, 0]);
  });

  it('knows PINs of Infobip’s face as well', async () => {
    const ids = await server.prepare();
    const pinId = await server.api.send(ids, '41793026744');
    const [found] = await all(client.list({ to: '+41793026744' }));
    expect(found).toMatchObject({ id: pinId, template: ids.messageId, state: 'pending', channel: 'voice' });
    expect(await client.check(pinId, await server.api.pinOf(pinId))).toMatchObject({ verified: true });
  });

  it.each([
    'to=abc',
    'to=a@b',
    'state=odd',
    'since=yesterday',
    'until=2026-01-01',
    'limit=0',
    'limit=101',
    'limit=x',
    'cursor=',
    'odd=1',
  ])('refuses ?%s', async query => {
    const answer = await server.raw('GET', `/v1/verifications?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body['errors']).toMatchObject([{ field: expect.stringMatching(/\w/) as string }]);
  });
});
