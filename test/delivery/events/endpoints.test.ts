import { describe, expect, it } from 'vitest';

import { MAX_ENDPOINTS } from '../../../src/delivery/events/index.ts';
import { createKeyring } from '../../../src/domain/pin.ts';
import { webhookSecret } from '../../../src/domain/webhook-secret.ts';
import { APPLICATION, eventsRig, KEYRING } from './rig.ts';

const URL = 'https://shop.example/hook';
const answer = () => 200;

describe('a secret', () => {
  const name = { endpointId: 'wh_1', version: 1, keyId: 'k1' };

  it('is 256 bits of Standard Webhooks, the same each time', () => {
    const secret = webhookSecret(KEYRING, name);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhookSecret(KEYRING, name)).toBe(secret);
  });

  it('is another for each endpoint, version and master key', () => {
    const keys = ['k1', 'k2'].map((id, index) => ({ id, secret: Buffer.alloc(64, 7 + index) }));
    const keyring = createKeyring({ keys, current: 'k2' });
    const names = [name, { ...name, version: 2 }, { ...name, endpointId: 'wh_2' }, { ...name, keyId: 'k2' }];
    expect(new Set(names.map(other => webhookSecret(keyring, other))).size).toBe(4);
    expect(webhookSecret(keyring, name)).toBe(webhookSecret(KEYRING, name));
    expect(() => webhookSecret(KEYRING, { ...name, keyId: 'k2' })).toThrow('not in the keyring');
  });

  it('is not in the store, and survives a restart', async () => {
    const rig = await eventsRig({ answer });
    const { endpoint, secret } = await rig.endpoint(URL);
    expect(JSON.stringify(await rig.store.getEndpoint(endpoint.id))).not.toContain(secret.slice(6, 20));
    await rig.crash();
    expect(rig.endpoints.secretsOf((await rig.endpoints.get(endpoint.id))!)).toEqual([secret]);
  });
});

describe('a change of the secret', () => {
  const OLD = { id: 'k1', secret: Buffer.alloc(64, 7) };
  const NEW = { id: 'k2', secret: Buffer.alloc(64, 8) };

  it('keeps the old one for the time that was asked for', async () => {
    const rig = await eventsRig({ answer });
    const { endpoint, secret: first } = await rig.endpoint(URL);
    const { secret: second } = (await rig.endpoints.rotate(endpoint.id, { overlapMs: 1_000 }))!;
    const secrets = async () => rig.endpoints.secretsOf((await rig.endpoints.get(endpoint.id))!);
    expect(await secrets()).toEqual([second, first]);
    rig.clock.advance(999);
    expect(await secrets()).toEqual([second, first]);
    rig.clock.advance(1);
    expect(await secrets()).toEqual([second]);
    const { secret: third } = (await rig.endpoints.rotate(endpoint.id, { overlapMs: 1_000 }))!;
    expect(await secrets()).toEqual([third, second]);
  });

  it('without overlap moves to the current master key', async () => {
    const rig = await eventsRig({ answer, keyring: createKeyring({ keys: [OLD, NEW], current: 'k2' }) });
    const { endpoint } = await rig.endpoint(URL);
    await rig.store.putEndpoint({ ...endpoint, keyId: 'k1' });
    const kept = (await rig.endpoints.rotate(endpoint.id, { overlapMs: 1_000 }))!;
    expect(kept.endpoint.keyId).toBe('k1');
    const moved = (await rig.endpoints.rotate(endpoint.id, { overlapMs: 0 }))!;
    expect(moved.endpoint).toMatchObject({ keyId: 'k2', secretVersion: 3 });
    expect(moved.endpoint).not.toHaveProperty('previousUntil');
  });

  it('mends an endpoint whose master key was taken away', async () => {
    const rig = await eventsRig({ answer, keyring: createKeyring({ keys: [NEW], current: 'k2' }) });
    const { endpoint } = await rig.endpoint(URL);
    const lost = { ...endpoint, keyId: 'k1' };
    await rig.store.putEndpoint(lost);
    expect(() => rig.endpoints.secretsOf(lost)).toThrow('not in the keyring');
    const mended = (await rig.endpoints.rotate(endpoint.id, { overlapMs: 1_000 }))!;
    expect(rig.endpoints.secretsOf(mended.endpoint)).toEqual([mended.secret]);
  });

  it('of an unknown endpoint is none', async () => {
    const rig = await eventsRig({ answer });
    expect(await rig.endpoints.rotate('wh_none', { overlapMs: 0 })).toBeUndefined();
    expect(await rig.endpoints.update('wh_none', { enabled: false })).toBeUndefined();
    expect(await rig.endpoints.remove('wh_none')).toBe(false);
  });
});

describe('in production', () => {
  it.each([
    'http://shop.example/hook',
    'https://127.0.0.1/hook',
    'https://10.0.0.1/hook',
    'https://[::1]/hook',
    'https://[::ffff:10.0.0.1]/hook',
    'https://169.254.169.254/latest/meta-data',
    'https://metadata.google.internal/',
    'https://localhost/hook',
    'https://user:password@shop.example/hook',
    'https://0x7f.1/hook',
    'https://shop.example:22/hook',
    'ftp://shop.example/hook',
    'hook',
  ])('%s is refused, as first and as second URL', async url => {
    const rig = await eventsRig({ answer });
    await rig.forbidPrivate();
    await expect(rig.endpoints.create({ url, types: ['*'] })).rejects.toMatchObject({
      id: 'badRequest',
      fields: { url: [expect.stringContaining('is not allowed')] },
    });
    await expect(rig.endpoints.create({ url: URL, secondaryUrl: url, types: ['*'] })).rejects.toMatchObject({
      fields: { secondaryUrl: [expect.stringContaining('is not allowed')] },
    });
    const { endpoint } = await rig.endpoints.create({ url: URL, types: ['*'] });
    await expect(rig.endpoints.update(endpoint.id, { url })).rejects.toMatchObject({ id: 'badRequest' });
    expect(await rig.endpoints.get(endpoint.id)).toEqual(endpoint);
  });
});

it('an application that there is not is refused', async () => {
  const rig = await eventsRig({ answer });
  await expect(rig.endpoint(URL, { applicationId: APPLICATION })).rejects.toMatchObject({
    fields: { applicationId: ['must be an application'] },
  });
});

it('there are no more than a hundred', async () => {
  const rig = await eventsRig({ answer });
  for (let index = 0; index < MAX_ENDPOINTS; index++) await rig.endpoint(`${URL}/${index}`);
  await expect(rig.endpoint(URL)).rejects.toMatchObject({ id: 'conflict', reason: 'too-many-webhooks' });
});

it('a list that failed to load is loaded again', async () => {
  const rig = await eventsRig({ answer });
  const list = rig.store.listEndpoints.bind(rig.store);
  let broken = true;
  Object.assign(rig.store, {
    listEndpoints: async () => {
      if (broken) throw new Error('unavailable');
      return await list();
    },
  });
  await expect(rig.endpoints.recent()).rejects.toThrow('unavailable');
  broken = false;
  expect(await rig.endpoints.recent()).toEqual([]);
});
