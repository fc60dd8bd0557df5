import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { ApplicationId } from '../../src/domain/types.ts';
import { openRedisHarness } from '../support/redis-harness.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import {
  applicationId,
  createdPin,
  newPinMessage,
  pinRequest,
  type StoreHarness,
} from '../support/store-fixtures.ts';

const DAY_MS = 86_400_000;

describe.skipIf(noRedis !== undefined)(noRedis ?? 'the words that sends of a template share', () => {
  let server: RedisServer;
  let harness: StoreHarness;
  let application: ApplicationId;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    harness = await openRedisHarness(server);
    application = applicationId();
  });
  afterEach(async () => {
    await harness.dispose();
  });

  const days = async () => (await server.client.keys('saypin:{s0}w:*')).toSorted();
  const send = () => createdPin(harness.store, { applicationId: application });
  const recordOf = (ref: string) => server.client.get(`saypin:{s0}id:${ref}`);

  it('stand in the first send, and once for all that follow', async () => {
    const [first, second, third] = [await send(), await send(), await send()];
    expect(await recordOf(first.delivery.callRef)).toContain('messageText');
    for (const { delivery } of [second, third]) {
      expect(await recordOf(delivery.callRef)).not.toContain('messageText');
    }
    const [day, ...further] = await days();
    expect(further).toEqual([]);
    expect(Object.keys(await server.client.hgetall(day ?? ''))).toHaveLength(1);
  });

  it('come back with each of them, in whatever way it is read, by a process that has not sent it', async () => {
    const { store } = harness;
    await send();
    const { pin, delivery } = await send();
    const message = newPinMessage({ ...pinRequest({ applicationId: application }).pin });
    const texts = [0, 1].map(async () => {
      const request = pinRequest({ applicationId: application });
      const text = { ...message, ...newPinMessage(request.pin) };
      const made = await store.createPinMessage({ ...request, message: text });
      if (made.outcome !== 'created') throw new Error('not created');
      return made.message;
    });
    const [, text] = await Promise.all(texts);
    if (!text) throw new Error('no text');
    await harness.reopen();
    const { store: other } = harness;
    expect(await other.getDelivery(delivery.callRef)).toEqual(delivery);
    expect(await other.getPinMessage(text.ref)).toEqual(text);
    expect((await other.getVerification(pin.pinId))?.calls).toEqual([delivery]);
    expect((await other.getVerification(text.pinId))?.messages).toEqual([text]);
    await harness.reopen();
    const moved = await harness.store.transition({
      ref: delivery.callRef,
      to: 'ringing',
      carrierCallId: 'CA',
    });
    expect(moved.delivery).toMatchObject({ script: delivery.script, to: delivery.to, from: delivery.from });
    const stepped = await harness.store.stepPinMessage({ ref: text.ref, to: 'sent', carrierMessageId: 'SM' });
    expect(stepped.message).toMatchObject({ content: text.content });
    await harness.reopen();
    const tokenHash = 'a'.repeat(64);
    await harness.store.issueMediaToken({ ref: delivery.callRef, tokenHash, expiresInMs: 60_000 });
    expect(await harness.store.redeemMediaToken(tokenHash)).toMatchObject({ script: delivery.script });
    const { delivery: redialed } = await send();
    await harness.reopen();
    const claimed = await harness.store.claimRedial({ ref: redialed.callRef, expectedDials: 1, arm: [] });
    expect(claimed).toMatchObject({ script: redialed.script, dials: 2 });
  });

  it('differ where anything of them differs', async () => {
    await Promise.all([send(), send()]);
    const { delivery } = pinRequest({ applicationId: application });
    const other = { ...delivery.script, messageText: 'Another {{pin}}', placeholders: { name: 'Ann' } };
    const sent = [0, 1, 2].map(() => {
      const request = pinRequest({ applicationId: application });
      return harness.store.createPin({ ...request, delivery: { ...request.delivery, script: other } });
    });
    const last = (await Promise.all(sent)).at(-1);
    if (last?.outcome !== 'created') throw new Error('not created');
    await harness.reopen();
    expect(await harness.store.getDelivery(last.delivery.callRef)).toMatchObject({ script: other });
    const [day] = await days();
    expect(Object.keys(await server.client.hgetall(day ?? ''))).toHaveLength(2);
  });

  it('are written again where a server has lost them', async () => {
    await send();
    await send();
    await server.client.flushall();
    const { delivery } = await send();
    await harness.reopen();
    expect(await harness.store.getDelivery(delivery.callRef)).toEqual(delivery);
  });

  it('are not written by a send that is refused', async () => {
    const limits = { perNumber: { attempts: 1, windowMs: 60_000 } };
    await createdPin(harness.store, { applicationId: application, limits });
    const refused = await harness.store.createPin(pinRequest({ applicationId: application, limits }));
    expect(refused.outcome).toBe('limited');
    expect(await days()).toEqual([]);
  });

  it('are kept by day, as long as a PIN names them, and then go', async () => {
    const retentionMs = 3 * DAY_MS;
    await send();
    const early = await send();
    await harness.advance(5 * DAY_MS);
    await send();
    const late = await send();
    expect(await days()).toHaveLength(2);
    await harness.store.sweep({ retentionMs });
    expect(await harness.store.getPin(early.pin.pinId)).toBeUndefined();
    const [left, ...further] = await days();
    expect(further).toEqual([]);
    await harness.advance(2 * DAY_MS);
    await harness.store.sweep({ retentionMs });
    await harness.reopen();
    expect(await harness.store.getDelivery(late.delivery.callRef)).toEqual(late.delivery);
    expect(await days()).toEqual([left]);
    await harness.advance(5 * DAY_MS);
    await harness.store.sweep({ retentionMs });
    expect(await days()).toEqual([]);
    expect(await server.client.exists('saypin:{s0}wd')).toBe(0);
  });
});
