import type { AddressInfo } from 'node:net';

import { AuthType, Infobip } from '@infobip-api/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AuthServer, PASSWORD } from './rig.ts';

/** Infobip's own client for Node. It returns failures instead of throwing them: an axios error with the answer in it. */
type Call = (...values: unknown[]) => Promise<{
  status?: number;
  data?: Record<string, unknown>;
  response?: { status: number };
}>;
interface Client {
  auth: { ibsso: { create: Call; destroy: Call }; oauth2: { create: Call } };
  service: { twoFA: { getApplications: Call; createApplication: Call } };
}

let server: AuthServer;
let baseUrl: string;
beforeAll(async () => {
  server = await AuthServer.start();
  await server.api.app.listen({ host: '127.0.0.1', port: 0 });
  baseUrl = `http://127.0.0.1:${(server.api.app.server.address() as AddressInfo).port}`;
  await server.addUser('shop', ['2fa:manage']);
});
afterAll(async () => await server.close());

function connect(config: Partial<ConstructorParameters<typeof Infobip>[0]>): Client {
  return new Infobip({ baseUrl, ...config });
}

async function statusOf(client: Client): Promise<number | undefined> {
  const { status, response } = await client.service.twoFA.getApplications();
  return status ?? response?.status;
}

const account = { username: 'shop', password: PASSWORD };

describe('@infobip-api/sdk', () => {
  it('with AuthType.ApiKey', async () => {
    const { key } = await server.createKey('sdk', ['2fa:manage']);
    expect(await statusOf(connect({ authType: AuthType.ApiKey, apiKey: key }))).toBe(200);
    expect(await statusOf(connect({ authType: AuthType.ApiKey, apiKey: 'other' }))).toBe(401);
  });

  it('with AuthType.Basic', async () => {
    const client = connect({ authType: AuthType.Basic, ...account });
    expect(await statusOf(client)).toBe(200);
    expect(await client.service.twoFA.createApplication({ name: 'by Basic' })).toMatchObject({
      status: 200,
      data: { name: 'by Basic' },
    });
    const wrong = { ...account, password: 'wrong password' };
    expect(await statusOf(connect({ authType: AuthType.Basic, ...wrong }))).toBe(401);
  });

  it('with AuthType.OAuth, and the token that its auth.oauth2 gets', async () => {
    const { status, data } = await connect({ authType: AuthType.Basic, ...account }).auth.oauth2.create();
    expect([status, data]).toMatchObject([200, { expires_in: 3600, token_type: 'Bearer' }]);
    const oauthToken = String(data?.['access_token']);
    expect(await statusOf(connect({ authType: AuthType.OAuth, oauthToken }))).toBe(200);
    const wrong = { ...account, password: 'wrong password' };
    const refused = await connect({ authType: AuthType.Basic, ...wrong }).auth.oauth2.create();
    expect(refused.response?.status).toBe(401);
  });

  it('with AuthType.IBSSO, and the session that its auth.ibsso begins and ends', async () => {
    const { ibsso } = connect({ authType: AuthType.Basic, ...account }).auth;
    const { status, data } = await ibsso.create();
    expect(status).toBe(200);
    const ibssoToken = String(data?.['token']);
    const client = connect({ authType: AuthType.IBSSO, ibssoToken });
    expect(await statusOf(client)).toBe(200);
    expect((await ibsso.destroy(ibssoToken)).status).toBe(200);
    expect(await statusOf(client)).toBe(401);
    expect((await ibsso.destroy(ibssoToken)).response?.status).toBe(401);
  });

  it('leaves none of it in the log', () => {
    expect(server.logged()).not.toContain(PASSWORD);
    expect(server.logged()).not.toContain(encodeURIComponent(PASSWORD));
    expect(server.logged()).not.toContain(new URLSearchParams({ p: PASSWORD }).toString().slice(2));
  });
});
