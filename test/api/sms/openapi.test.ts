import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import * as answers from '../../../src/api/infobip/sms/answer-schemas.ts';
import { SmsServer } from './rig.ts';

interface Schema {
  $ref?: string;
  examples?: unknown[];
  properties?: Record<string, unknown>;
}
interface Operation {
  operationId?: string;
  tags?: string[];
  security?: unknown;
  deprecated?: boolean;
  parameters?: { name: string; in: string; required?: boolean; schema: Record<string, unknown> }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { description: string; content: Record<string, { schema: Schema }> }>;
}
interface Document {
  components: { schemas: Record<string, Schema> };
  paths: Record<string, Record<string, Operation>>;
}

let server: SmsServer;
let document: Document;
beforeAll(async () => {
  server = await SmsServer.start();
  document = (await server.call<Document>('GET', '/docs/json', undefined, { authorization: '' })).body;
});
afterAll(async () => await server.close());

const ALL = ['200', '400', '401', '403', '429', '500', '503'];
const BULKS = ['200', '400', '401', '403', '404', '429', '500', '503'];

describe('the OpenAPI document', () => {
  it.each([
    ['post /sms/3/messages', ALL],
    ['get /sms/3/text/query', ALL],
    ['get /sms/1/text/query', ALL],
    ['post /sms/2/text/advanced', ALL],
    ['post /sms/2/binary/advanced', ALL],
    ['get /sms/3/reports', ALL],
    ['get /sms/1/reports', ALL],
    ['get /sms/3/logs', ALL],
    ['get /sms/1/logs', ALL],
    ['get /sms/1/bulks', BULKS],
    ['put /sms/1/bulks', BULKS],
    ['get /sms/1/bulks/status', BULKS],
    ['put /sms/1/bulks/status', BULKS],
    ['post /sms/1/preview', ALL],
    ['get /sms/1/inbox/reports', ALL],
  ])('describes %s', (route, statuses) => {
    const [method = '', path = ''] = route.split(' ');
    const operation = document.paths[path]?.[method];
    expect(Object.keys(operation?.responses ?? {})).toStrictEqual(statuses);
    expect(operation?.tags).toStrictEqual(['SMS']);
    expect(operation?.security).toStrictEqual([
      { apiKey: [] },
      { basic: [] },
      { session: [] },
      { oauth2: [] },
    ]);
    expect(operation?.operationId).toMatch(/Sms/);
    for (const [status, answer] of Object.entries(operation?.responses ?? {})) {
      const reference = answer.content['application/json']?.schema.$ref;
      const error = path.startsWith('/sms/3/') ? 'SmsApiError' : 'ApiException';
      if (status === '200') expect(reference).toMatch(/\/Sms\w+$/);
      else expect(reference).toBe(`#/components/schemas/${error}`);
      expect(answer.description).not.toBe('');
    }
    if (method === 'get') expect(operation?.parameters?.length).toBeGreaterThan(0);
    else expect(operation?.requestBody?.content['application/json']?.schema.$ref).toMatch(/\/Sms\w+$/);
  });

  it('names each operation once, and says what a query takes', () => {
    const operations = Object.entries(document.paths)
      .filter(([path]) => path.startsWith('/sms/'))
      .flatMap(([, methods]) => Object.values(methods));
    expect(operations).toHaveLength(15);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(15);
    const query = document.paths['/sms/3/text/query']?.['get']?.parameters ?? [];
    expect(query.find(({ name }) => name === 'to')).toMatchObject({ in: 'query', required: true });
    expect(query.find(({ name }) => name === 'flash')?.schema).toMatchObject({ type: 'boolean' });
  });

  it('has examples of every answer that its own schemas accept as they are', () => {
    for (const [name, schema] of Object.entries(answers)) {
      const { id = '' } = z.globalRegistry.get(schema) ?? {};
      if (id === '') continue;
      const { examples = [] } = document.components.schemas[id] ?? {};
      expect(examples.length, name).toBeGreaterThan(0);
      for (const example of examples) expect(schema.parse(example), name).toStrictEqual(example);
    }
  });
});
