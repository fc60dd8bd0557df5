import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import * as schemas from '../../src/api/infobip/schemas.ts';
import { errorAnswer } from '../../src/api/openapi.ts';
import { ApiServer } from '../support/api-server.ts';

interface Operation {
  operationId?: string;
  security?: unknown;
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { description: string; content: Record<string, { schema: Schema }> }>;
}
interface Schema {
  $ref?: string;
  type?: string;
  items?: Schema;
  anyOf?: Schema[];
  examples?: unknown[];
}
interface Document {
  openapi: string;
  servers: { url: string }[];
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, unknown> };
  paths: Record<string, Record<string, Operation>>;
}

let server: ApiServer;
let document: Document;
beforeAll(async () => {
  server = await ApiServer.start();
  document = (await server.call<Document>('GET', '/docs/json', undefined, { authorization: '' })).body;
});
afterAll(async () => await server.close());

const SEND_ERRORS = ['400', '401', '403', '429', '500', '503'];

describe('/docs/json', () => {
  it('is OpenAPI 3.1 with where to go and how to get in', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.servers.map(({ url }) => url)).toStrictEqual(['/', 'https://pins.example.com']);
    expect(document.components.securitySchemes).toMatchObject({
      apiKey: { type: 'apiKey', in: 'header', name: 'Authorization' },
      basic: { type: 'http', scheme: 'basic' },
      session: { type: 'apiKey', in: 'header', name: 'Authorization' },
      oauth2: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: '/auth/1/oauth2/token' } } },
    });
  });

  it.each([
    ['get /2fa/2/applications', ['200', '401', '403', '429', '500', '503']],
    ['post /2fa/2/applications', ['200', ...SEND_ERRORS]],
    ['get /2fa/2/applications/{appId}', ['200', '401', '403', '404', '429', '500', '503']],
    ['put /2fa/2/applications/{appId}', ['200', '400', '401', '403', '404', '429', '500', '503']],
    ['get /2fa/2/applications/{appId}/messages', ['200', '401', '403', '404', '500', '503']],
    ['post /2fa/2/applications/{appId}/messages', ['200', '400', '401', '403', '404', '500', '503']],
    ['get /2fa/2/applications/{appId}/messages/{msgId}', ['200', '401', '403', '404', '500', '503']],
    ['put /2fa/2/applications/{appId}/messages/{msgId}', ['200', '400', '401', '403', '404', '500', '503']],
    [
      'post /2fa/2/applications/{appId}/email/messages',
      ['200', '400', '401', '403', '404', '429', '500', '503'],
    ],
    [
      'put /2fa/2/applications/{appId}/email/messages/{msgId}',
      ['200', '400', '401', '403', '404', '429', '500', '503'],
    ],
    ['post /2fa/2/pin', ['200', ...SEND_ERRORS]],
    ['post /2fa/2/pin/{pinId}/resend', ['200', '400', '401', '403', '404', '429', '500', '503']],
    ['post /2fa/2/pin/email', ['200', ...SEND_ERRORS]],
    ['post /2fa/2/pin/{pinId}/resend/email', ['200', '400', '401', '403', '404', '429', '500', '503']],
    ['get /2fa/2/applications/{appId}/verifications', ['200', '400', '401', '403', '404', '500', '503']],
    ['post /2fa/2/pin/voice', ['200', ...SEND_ERRORS]],
    ['post /2fa/2/pin/{pinId}/resend/voice', ['200', '400', '401', '403', '404', '429', '500', '503']],
    ['post /2fa/2/pin/{pinId}/verify', ['200', '400', '401', '403', '404', '429', '500', '503']],
  ])('describes %s', (route, statuses) => {
    const [method = '', path = ''] = route.split(' ');
    const operation = document.paths[path]?.[method];
    expect(Object.keys(operation?.responses ?? {})).toStrictEqual(statuses);
    expect(operation?.security).toStrictEqual([
      { apiKey: [] },
      { basic: [] },
      { session: [] },
      { oauth2: [] },
    ]);
    expect(operation?.operationId).toMatch(/Tfa/);
    expect(Object.keys(operation?.requestBody?.content ?? {})).toStrictEqual(
      method === 'get' ? [] : ['application/json'],
    );
    for (const name of path.matchAll(/\{(\w+)\}/g)) {
      expect(operation?.parameters).toContainEqual(
        expect.objectContaining({ name: name[1], in: 'path', required: true }),
      );
    }
    for (const [status, answer] of Object.entries(operation?.responses ?? {})) {
      const schema = answer.content['application/json']?.schema;
      const named = schema?.items ?? schema;
      expect(named?.$ref ?? named?.anyOf?.map(({ $ref }) => $ref).every(Boolean)).toBeTruthy();
      if (status !== '200') expect(schema?.$ref).toBe('#/components/schemas/ApiException');
      expect(answer.description).not.toBe('');
    }
  });

  it('describes no more than that and health', () => {
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(m => `${m} ${path}`),
    );
    expect(routes.filter(route => route.includes(' /2fa/'))).toHaveLength(18);
    expect(routes.filter(route => route.includes('/health/'))).toHaveLength(2);
    const ids = Object.entries(document.paths)
      .filter(([path]) => path.startsWith('/2fa/'))
      .flatMap(([, methods]) => Object.values(methods).map(o => o.operationId));
    expect(new Set(ids.filter(Boolean)).size).toBe(18);
  });

  it('has the schemas that it refers to, each used, and none that forbids a field to come', () => {
    const text = JSON.stringify(document);
    const used = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(match => match[1]));
    expect(used).toStrictEqual(new Set(Object.keys(document.components.schemas)));
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining([
        'ApiException',
        'Application',
        'ApplicationRequest',
        'CreateEmailMessageRequest',
        'CreateMessageRequest',
        'EmailMessage',
        'Message',
        'ResendPinRequest',
        'ResendPinRequestViaEmail',
        'StartAuthenticationRequest',
        'StartAuthenticationResponse',
        'StartEmailAuthenticationRequest',
        'StartEmailAuthenticationResponse',
        'UpdateEmailMessageRequest',
        'UpdateMessageRequest',
        'VerificationResponse',
        'VerifyPinRequest',
        'VerifyPinResponse',
      ]),
    );
    expect(text).not.toContain('"additionalProperties":false');
  });

  it('has examples that its own schemas accept as they are', () => {
    const all: [string, z.ZodType][] = [...Object.values(schemas), errorAnswer]
      .map((schema): [string, z.ZodType] => [z.globalRegistry.get(schema)?.id ?? '', schema])
      .filter(([id]) => id !== '');
    expect(all).toHaveLength(18);
    for (const [id, schema] of all) {
      const { examples } = document.components.schemas[id] ?? {};
      expect(examples?.length, id).toBeGreaterThan(0);
      for (const example of examples ?? []) expect(schema.parse(example), id).toStrictEqual(example);
    }
  });

  it('has request examples that work', async () => {
    const example = (id: string): object => document.components.schemas[id]?.examples?.[0] as object;
    const application = await server.call<{ applicationId: string }>(
      'POST',
      '/2fa/2/applications',
      example('ApplicationRequest'),
    );
    const { applicationId } = application.body;
    const base = `/2fa/2/applications/${applicationId}/messages`;
    const template = await server.call<{ messageId: string }>('POST', base, example('CreateMessageRequest'));
    const { messageId } = template.body;
    expect((await server.call('PUT', `${base}/${messageId}`, example('UpdateMessageRequest'))).status).toBe(
      200,
    );
    const send = { ...example('StartAuthenticationRequest'), applicationId, messageId };
    const { body } = await server.call<{ pinId: string }>('POST', '/2fa/2/pin/voice', send);
    const pin = `/2fa/2/pin/${body.pinId}`;
    expect((await server.call('POST', `${pin}/resend/voice`, example('ResendPinRequest'))).status).toBe(200);
    expect((await server.call('POST', `${pin}/verify`, example('VerifyPinRequest'))).status).toBe(200);
  });
});

describe('/docs', () => {
  it('is a page that loads nothing from elsewhere and runs no inline script', async () => {
    const page = await server.call('GET', '/docs', undefined, { authorization: '' });
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/https?:|<script>|<script [^>]*>[^<\s]/);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(policy).not.toMatch(/https?:|unsafe-eval|script-src[^;]*unsafe-inline/);
    const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1] ?? '');
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect((await server.call('GET', file)).status, file).toBe(200);
  });
});
