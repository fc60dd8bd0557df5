import { afterAll, beforeAll, expect, it } from 'vitest';

import { createClient, type Verification } from '../../../src/client/index.ts';
import { eventually, recordCanary, Service } from '../../support/service.ts';
import { all } from './rig.ts';

/** The verify API of the running service, through kill -9: `Idempotency-Key`s and verifications outlive it (faults.md F28). */

const PHONE = '+41793026761';
let service: Service;
beforeAll(async () => {
  service = await Service.start({ SIM_SPEED: '6' });
});
afterAll(async () => expect(await service.stop()).toBe(0));

it('a create that is repeated after a kill makes one PIN, and the PIN of before is right', async () => {
  const client = createClient({ baseUrl: service.url, apiKey: service.apiKey });
  const body = { to: PHONE, channel: 'sms' as const };
  const create = async (idempotencyKey: string): Promise<Verification> =>
    await client.create(body, { idempotencyKey });
  const made = await create('before');
  const pin = await eventually('the text', async () => {
    const { messages } = await service.sim<{ messages: { body: string }[] }>(
      'GET',
      `/phones/${PHONE}/messages`,
    );
    return messages.map(({ body }) => /\d{6}/.exec(body)?.[0]).find(found => found !== undefined);
  });
  recordCanary(pin);
  // Asked for in the moment of the kill: whether it was done, nobody knows.
  const halfway = client.create(body, { idempotencyKey: 'amid' }).catch(() => undefined);
  await service.kill();
  await halfway;
  await service.restart();

  expect((await create('before')).id).toBe(made.id);
  const amid = await eventually(
    'the answer of the half-done one',
    async () => await create('amid').catch(() => undefined),
  );
  expect((await create('amid')).id).toBe(amid.id);
  const ids = (await all(client.list({ to: PHONE }))).map(({ id }) => id);
  expect(ids).toStrictEqual([amid.id, made.id]);
  expect(await client.check(made.id, pin)).toMatchObject({ verified: true, state: 'verified' });
}, 60_000);
