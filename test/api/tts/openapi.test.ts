import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import * as answers from '../../../src/api/infobip/tts/answer-schemas.ts';
import * as queries from '../../../src/api/infobip/tts/query-schemas.ts';
import * as sends from '../../../src/api/infobip/tts/send-schemas.ts';
import { TtsServer } from './rig.ts';

interface Operation {
  operationId?: string;
  security?: unknown;
  deprecated?: boolean;
  parameters?: { name: string; in: string; required?: boolean; schema: { type?: string } }[];
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
  responses: Record<string, { content: Record<string, { schema: { $ref?: string } }> }>;
}
interface Document {
  components: { schemas: Record<string, { examples?: unknown[]; properties?: Record<string, object> }> };
  paths: Record<string, Record<string, Operation>>;
}

let server: TtsServer;
let document: Document;
beforeAll(async () => {
  server = await TtsServer.start();
  document = (await server.call<Document>('GET', '/docs/json')).body;
});
afterAll(async () => await server.close());

const WITH_404 = ['200', '400', '401', '403', '404', '429', '500', '503'];
const WITHOUT = WITH_404.filter(status => status !== '404');

describe('/docs/json has the voice messages', () => {
  it.each([
    ['post /tts/3/single', WITHOUT, 'SingleTtsApiRequest', 'StandardVoiceResponse'],
    ['post /tts/3/multi', WITHOUT, 'MultiTtsApiRequest', 'StandardVoiceResponse'],
    ['post /tts/3/advanced', WITHOUT, 'AdvancedTtsApiRequest', 'StandardVoiceResponse'],
    ['get /tts/3/voices/{language}', WITH_404.filter(s => s !== '400'), undefined, 'GetVoicesResponse'],
    ['get /tts/3/bulks', WITH_404, undefined, 'VoiceBulkResponse'],
    ['put /tts/3/bulks', WITH_404, 'VoiceBulkRequest', 'VoiceBulkResponse'],
    ['get /tts/3/bulks/status', WITH_404, undefined, 'VoiceBulkStatusResponse'],
    ['put /tts/3/bulks/status', WITH_404, 'VoiceBulkStatusRequest', 'VoiceBulkStatusResponse'],
    ['get /voice/1/reports', WITHOUT, undefined, 'VoiceReportResponse'],
    ['get /tts/3/reports', WITHOUT, undefined, 'DeprecatedVoiceReportResponse'],
    ['get /tts/3/logs', WITHOUT, undefined, 'VoiceLogsResponse'],
  ])('%s', (route, statuses, request, answer) => {
    const [method = '', path = ''] = route.split(' ');
    const operation = document.paths[path]?.[method];
    expect(Object.keys(operation?.responses ?? {})).toStrictEqual(statuses);
    expect(operation?.security).toStrictEqual([
      { apiKey: [] },
      { basic: [] },
      { session: [] },
      { oauth2: [] },
    ]);
    expect(operation?.operationId).toMatch(/Voice|Bulk/);
    expect(operation?.deprecated ?? false).toBe(path === '/tts/3/reports');
    const types =
      path === '/tts/3/single'
        ? ['application/json', 'application/x-www-form-urlencoded']
        : ['application/json'];
    const bodies = Object.entries(operation?.requestBody?.content ?? {});
    expect(bodies.map(([type]) => type)).toStrictEqual(request === undefined ? [] : types);
    for (const [, { schema }] of bodies) expect(schema.$ref).toBe(`#/components/schemas/${request}`);
    expect(operation?.responses['200']?.content['application/json']?.schema.$ref).toBe(
      `#/components/schemas/${answer}`,
    );
    for (const status of statuses.slice(1)) {
      expect(operation?.responses[status]?.content['application/json']?.schema.$ref).toBe(
        '#/components/schemas/ApiException',
      );
    }
  });

  it('and no more', () => {
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      /^\/(tts|voice)\//.test(path) ? Object.keys(methods).map(method => `${method} ${path}`) : [],
    );
    expect(routes).toHaveLength(11);
  });

  it.each([
    [
      '/tts/3/logs',
      [
        'bulkId:array',
        'from:string',
        'generalStatus:string',
        'limit:integer',
        'mcc:string',
        'messageId:array',
        'mnc:string',
        'sentSince:string',
        'sentUntil:string',
        'to:string',
      ],
    ],
    ['/voice/1/reports', ['bulkId:array', 'limit:integer', 'messageId:array']],
    ['/tts/3/bulks', ['bulkId:string']],
  ])('%s with its query', (path, expected) => {
    const parameters = document.paths[path]?.get?.parameters ?? [];
    expect(
      parameters.map(({ name, schema }) => `${name}:${schema.type}`).toSorted((a, b) => (a < b ? -1 : 1)),
    ).toStrictEqual(expected);
    for (const { name, required = false } of parameters) {
      expect([name, required]).toStrictEqual([name, path === '/tts/3/bulks']);
    }
  });

  it('every field of a message', () => {
    const text = JSON.stringify(document.components.schemas['AdvancedTtsApiRequest']);
    for (const field of Object.keys(sends.advancedMessage.shape)) expect(text).toContain(`"${field}":`);
    expect(text).toContain('"date-time"');
    expect(text).not.toContain('"additionalProperties":false');
  });

  it('examples that its own schemas accept', () => {
    const all = [...Object.values(answers), ...Object.values(queries), ...Object.values(sends)]
      .filter(value => value instanceof z.ZodType)
      .map((schema): [string, z.ZodType] => [z.globalRegistry.get(schema)?.id ?? '', schema])
      .filter(([id]) => id !== '');
    expect(all).toHaveLength(12);
    for (const [id, schema] of all) {
      const { examples = [] } = document.components.schemas[id] ?? {};
      expect(examples.length, id).toBeGreaterThan(0);
      for (const example of examples) expect(schema.parse(example), id).toStrictEqual(example);
    }
  });
});
