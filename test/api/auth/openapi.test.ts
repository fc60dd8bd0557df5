import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import * as schemas from '../../../src/api/auth/access-schemas.ts';
import { AuthServer } from './rig.ts';

interface Operation {
  security?: unknown;
  requestBody?: { content: Record<string, unknown> };
  responses: Record<string, unknown>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { examples?: unknown[] }> };
}

let server: AuthServer;
let document: Document;
beforeAll(async () => {
  server = await AuthServer.start();
  document = (await server.call<Document>('GET', '/docs/json', '')).body;
});
afterAll(async () => await server.close());

describe('/docs/json', () => {
  it.each([
    ['post /auth/1/session', '200', ['application/json'], false],
    ['delete /auth/1/session', '200', [], false],
    ['post /auth/1/oauth2/token', '200', ['application/x-www-form-urlencoded', 'application/json'], false],
    ['post /v1/keys', '201', ['application/json'], true],
    ['get /v1/keys', '200', [], true],
    ['delete /v1/keys/{id}', '200', [], true],
    ['post /v1/users', '201', ['application/json'], true],
    ['get /v1/users', '200', [], true],
    ['delete /v1/users/{username}', '200', [], true],
  ])('describes %s', (route, success, bodies, guarded) => {
    const [method = '', path = ''] = route.split(' ');
    const operation = document.paths[path]?.[method];
    expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining([success, '401', '503']));
    expect(Object.keys(operation?.requestBody?.content ?? {})).toStrictEqual(bodies);
    expect(operation?.security !== undefined).toBe(guarded);
  });

  it('has examples that its own schemas accept as they are', () => {
    const named = Object.values(schemas)
      .filter(value => value instanceof z.ZodType)
      .map(schema => [z.globalRegistry.get(schema)?.id ?? '', schema] as const)
      .filter(([id]) => id !== '');
    expect(named.map(([id]) => id).toSorted()).toStrictEqual([
      'CreateKeyRequest',
      'CreateUserRequest',
      'Key',
      'NewKey',
      'User',
    ]);
    for (const [id, schema] of named) {
      const { examples = [] } = document.components.schemas[id] ?? {};
      expect(examples.length, id).toBeGreaterThan(0);
      for (const example of examples) expect(schema.parse(example), id).toStrictEqual(example);
    }
  });
});
