import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { problemAnswer } from '../../../src/api/problem.ts';
import * as schemas from '../../../src/api/verify/schemas.ts';
import { VerifyServer } from './rig.ts';

interface Schema {
  $ref?: string;
}
interface Operation {
  operationId?: string;
  tags?: string[];
  security?: unknown;
  parameters?: { name: string; in: string; description?: string }[];
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}
interface Document {
  components: { schemas: Record<string, { examples?: unknown[]; additionalProperties?: unknown }> };
  paths: Record<string, Record<string, Operation>>;
}

let server: VerifyServer;
let document: Document;
beforeAll(async () => {
  server = await VerifyServer.start();
  document = (await server.raw('GET', '/docs/json')).body as unknown as Document;
});
afterAll(async () => await server.close());

const id = 'pinId';
describe('/docs/json', () => {
  it.each([
    ['post /v1/verifications', '201', 'Verification', ['idempotency-key']],
    [
      'get /v1/verifications',
      '200',
      'VerificationList',
      ['to', 'applicationId', 'state', 'since', 'until', 'limit', 'cursor'],
    ],
    [`get /v1/verifications/{${id}}`, '200', 'Verification', [id]],
    [`post /v1/verifications/{${id}}/check`, '200', 'CheckAnswer', [id]],
    [`post /v1/verifications/{${id}}/next`, '200', 'Verification', ['idempotency-key', id]],
    [`post /v1/verifications/{${id}}/cancel`, '200', 'Verification', ['idempotency-key', id]],
    ['put /v1/applications/{applicationId}/delivery', '200', 'DeliveryPlan', ['applicationId']],
    [
      'get /v1/applications/{applicationId}/templates/{messageId}/delivery',
      '200',
      'DeliveryPlan',
      ['applicationId', 'messageId'],
    ],
    ['delete /v1/applications/{applicationId}/delivery', '204', undefined, ['applicationId']],
    ['get /v1/problems/{id}', '200', 'ProblemType', ['id']],
  ])('describes %s', (route, success, answer, parameters) => {
    const [method = '', path = ''] = route.split(' ');
    const operation = document.paths[path]?.[method];
    expect(operation?.tags).toStrictEqual([path.startsWith('/v1/problems') ? 'Problems' : 'Verifications']);
    const ref = operation?.responses[success]?.content?.['application/json']?.schema.$ref;
    expect(ref).toBe(answer && `#/components/schemas/${answer}`);
    const names = operation?.parameters?.map(({ name }) => name) ?? [];
    expect(names.toSorted()).toStrictEqual([...parameters].toSorted());
    const failures = Object.entries(operation?.responses ?? {}).filter(([status]) => status >= '400');
    expect(failures.length).toBeGreaterThan(0);
    for (const [, failure] of failures)
      expect(failure.content?.['application/problem+json']?.schema.$ref).toBe('#/components/schemas/Problem');
    expect(operation?.security !== undefined).toBe(!path.startsWith('/v1/problems'));
  });

  it('has examples that its own schemas accept as they are', () => {
    const named = [...Object.values(schemas), problemAnswer]
      .filter(value => value instanceof z.ZodType)
      .map(schema => [z.globalRegistry.get(schema)?.id ?? '', schema] as const)
      .filter(([name]) => name !== '');
    expect(named.map(([name]) => name).toSorted()).toStrictEqual([
      'CheckAnswer',
      'CheckRequest',
      'CreateVerificationRequest',
      'DeliveryPlan',
      'NextStepRequest',
      'Problem',
      'Verification',
      'VerificationList',
    ]);
    for (const [name, schema] of named) {
      const { examples = [] } = document.components.schemas[name] ?? {};
      expect(examples.length, name).toBeGreaterThan(0);
      for (const example of examples) expect(schema.parse(example), name).toStrictEqual(example);
    }
  });
});

describe('docs/VERIFY-API.md', () => {
  const text = readFileSync(new URL('../../../docs/VERIFY-API.md', import.meta.url), 'utf8');

  it('shows only what the schemas know', () => {
    const blocks = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(
      ([, json = '']) => JSON.parse(json) as unknown,
    );
    const answers = [schemas.verification, schemas.checkAnswer, schemas.plan, problemAnswer];
    expect(blocks).toHaveLength(answers.length);
    for (const [index, schema] of answers.entries()) {
      expect(schema.parse(blocks[index])).toStrictEqual(blocks[index]);
    }
  });

  it('sends only what is taken', () => {
    const bodies = [...text.matchAll(/-d '([^']*)'/g)].map(([, json = '']) => JSON.parse(json) as unknown);
    const requests = [schemas.createRequest, schemas.nextRequest, schemas.checkRequest, schemas.plan];
    expect(bodies).toHaveLength(requests.length);
    for (const [index, schema] of requests.entries()) {
      expect(schema.parse(bodies[index])).toStrictEqual(bodies[index]);
    }
  });

  it.each([
    ['the fields of a verification', schemas.verification],
    ['the fields of a request', schemas.createRequest],
  ])('names all %s', (_name, schema) => {
    for (const field of Object.keys(schema.shape)) expect(text, field).toContain(`\`${field}\``);
  });
});
