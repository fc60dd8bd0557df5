import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { basic } from '../api/auth/rig.ts';
import { eventually, Service } from '../support/service.ts';
import { saypin } from './rig.ts';

let service: Service;
let environment: Record<string, string>;
beforeAll(async () => {
  service = await Service.start();
  environment = {
    PORT: new URL(service.url).port,
    DATA_DIR: service.dataDir,
    API_KEY: service.apiKey,
  };
});
afterAll(async () => await service.stop());

async function knock(authorization: string): Promise<number> {
  return (await service.api('GET', '/2fa/2/applications', undefined, { authorization })).status;
}

async function make(name: string): Promise<{ id: string; key: string }> {
  const { out } = await saypin(['keys', 'create', '--json', '--name', name], environment);
  return JSON.parse(out) as { id: string; key: string };
}

describe('keys and users of the service as it is started', () => {
  it('are made while it runs, outlive kill -9, and are revoked while it is down', async () => {
    const [kept, revoked] = [await make('kept'), await make('revoked')];
    const added = await saypin(['users', 'add', 'ann', '--generate-password'], environment);
    const user = basic('ann', added.out.trim());
    for (const way of [`App ${kept.key}`, `App ${revoked.key}`, user]) expect(await knock(way)).toBe(200);
    expect(await knock(`App ${service.apiKey}`)).toBe(200);

    await service.kill();
    expect((await saypin(['keys', 'revoke', revoked.id], environment)).code).toBe(0);
    await service.restart();
    expect(await knock(`App ${kept.key}`)).toBe(200);
    expect(await knock(`App ${revoked.key}`)).toBe(401);
    expect(await knock(user)).toBe(200);

    expect((await saypin(['keys', 'revoke', kept.id], environment)).code).toBe(0);
    expect(await knock(`App ${kept.key}`)).toBe(401);
    await eventually('the last log line', async () => service.logs.includes('API key revoked'));
    for (const secret of [kept.key, revoked.key, added.out.trim()])
      expect(service.logs).not.toContain(secret);
  });
});
