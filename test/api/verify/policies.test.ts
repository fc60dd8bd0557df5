import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { DeliveryPlan, PolicyOwner, SaypinClient } from '../../../src/client/index.ts';
import type { Ids } from '../../support/api-server.ts';
import { KEYS, LANDLINE, MOBILE, refusalOf, TEXT_ONLY, TEXT_THEN_CALL, VerifyServer } from './rig.ts';

let server: VerifyServer;
let client: SaypinClient;
let ids: Ids;
beforeAll(async () => {
  server = await VerifyServer.start();
  client = server.client();
});
afterAll(async () => await server.close());

describe.each([
  ['an application', ({ applicationId }: Ids): PolicyOwner => ({ applicationId })],
  ['a message', ({ applicationId, messageId }: Ids): PolicyOwner => ({ applicationId, messageId })],
])('the policy of %s', (_name, ownerOf) => {
  it('is what was put, until it is taken away', async () => {
    ids = await server.prepare();
    const owner = ownerOf(ids);
    expect(await refusalOf(client.policies.get(owner))).toMatchObject({ status: 404 });
    expect(await client.policies.put(owner, TEXT_THEN_CALL)).toStrictEqual(TEXT_THEN_CALL);
    expect(await client.policies.get(owner)).toStrictEqual(TEXT_THEN_CALL);
    await client.policies.put(owner, TEXT_ONLY);
    expect(await client.policies.get(owner)).toStrictEqual(TEXT_ONLY);
    await client.policies.delete(owner);
    expect(await refusalOf(client.policies.get(owner))).toMatchObject({ status: 404 });
    await client.policies.delete(owner);
  });

  it('touches no PIN that was made before', async () => {
    ids = await server.prepare();
    const { applicationId, messageId: template } = ids;
    await client.policies.put(ownerOf(ids), TEXT_ONLY);
    const before = await client.create({ to: MOBILE, applicationId, template });
    await client.policies.put(ownerOf(ids), TEXT_THEN_CALL);
    const after = await client.create({ to: MOBILE, applicationId, template });
    expect((await client.get(before.id)).plan).toStrictEqual(TEXT_ONLY);
    expect(after.plan).toStrictEqual(TEXT_THEN_CALL);
  });

  it('is refused where a wait outlives the PIN', async () => {
    ids = await server.prepare({ pinTimeToLive: '1m' });
    const plan: DeliveryPlan = {
      steps: [
        { channel: 'sms', next: { noReportAfterSeconds: 30 } },
        { channel: 'sms', next: { notVerifiedAfterSeconds: 30 } },
        { channel: 'voice' },
      ],
    };
    const error = await refusalOf(client.policies.put(ownerOf(ids), plan));
    expect(error.errors).toStrictEqual([
      {
        field: 'steps[1].next.notVerifiedAfterSeconds',
        message:
          'starts the next step 60 s after the first one at the earliest, but the application’s PINs live for 60 s, of which ' +
          'a step needs 15',
      },
    ]);
    expect(await refusalOf(client.policies.get(ownerOf(ids)))).toMatchObject({ status: 404 });
  });

  it('is refused where nobody knows its carrier', async () => {
    ids = await server.prepare();
    const plan: DeliveryPlan = { steps: [{ channel: 'voice', carrier: 'nobody' }] };
    const error = await refusalOf(client.policies.put(ownerOf(ids), plan));
    expect(error.errors.map(({ field }) => field)).toStrictEqual(['steps[0].carrier']);
  });

  it('is the business of those who manage', async () => {
    ids = await server.prepare();
    const phones = server.client({ apiKey: KEYS.phones });
    const owner = ownerOf(ids);
    for (const work of [
      () => phones.policies.get(owner),
      () => phones.policies.put(owner, TEXT_ONLY),
      () => phones.policies.delete(owner),
    ])
      expect(await refusalOf(work())).toMatchObject({ status: 403, type: '/v1/problems/forbidden' });
    await server.client({ apiKey: KEYS.manage }).policies.put(owner, TEXT_ONLY);
  });
});

it.each<[string, () => PolicyOwner]>([
  ['an application that is none', () => ({ applicationId: 'NOBODY' })],
  ['a message that is none', () => ({ applicationId: ids.applicationId, messageId: 'NOBODY' })],
  ['a message of no application', () => ({ applicationId: 'NOBODY', messageId: ids.messageId })],
])('%s has none', async (_name, owner) => {
  for (const work of [
    () => client.policies.get(owner()),
    () => client.policies.put(owner(), TEXT_ONLY),
    () => client.policies.delete(owner()),
  ])
    expect(await refusalOf(work())).toMatchObject({ status: 404 });
});

it('the built-in application can have one before its first PIN', async () => {
  const applicationId = '0'.repeat(32);
  await client.policies.put({ applicationId }, { steps: [{ channel: 'voice' }] });
  expect((await client.create({ to: LANDLINE })).channel).toBe('voice');
});

it('an unmodified Infobip client gets it', async () => {
  ids = await server.prepare();
  await client.policies.put({ applicationId: ids.applicationId }, TEXT_THEN_CALL);
  const sent = await server.raw('POST', '/2fa/2/pin?ncNeeded=false', { ...ids, to: '41793026727' });
  expect(sent.body).toMatchObject({ smsStatus: 'MESSAGE_SENT' });
  const id = String(sent.body['pinId']);
  await server.textReport({ type: 'undelivered' }, server.texts.texts.length);
  await server.pass();
  expect((await client.get(id)).timeline).toMatchObject([
    { channel: 'sms', state: 'undelivered' },
    { channel: 'voice', state: 'sent', trigger: 'failure' },
  ]);
});
