import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

import type { FieldErrors } from '../errors.ts';

/**
 * What a schema refused. Not a ServiceError: fastify writes `code` and `statusCode` onto what a validator returns.
 */
export class InvalidRequest extends Error {
  readonly fields: FieldErrors;

  constructor(fields: FieldErrors) {
    super('invalid request');
    this.name = 'InvalidRequest';
    this.fields = fields;
  }
}

/** Enough to mend a request by; an answer never grows with the nonsense that it refuses. */
const MAX_FIELDS = 20;
const MAX_FIELD_LENGTH = 100;

/** Fastify's validator over zod: messages name fields and rules, never the value that was sent. */
export const zodValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const whole = httpPart === 'querystring' ? 'query' : (httpPart ?? 'body');
  return (data: unknown) => {
    const result = schema.safeParse(data, { error: describe });
    return result.success
      ? { value: result.data }
      : { error: new InvalidRequest(fieldErrors(result.error.issues, whole)) };
  };
};

function fieldErrors(issues: readonly z.core.$ZodIssue[], whole: string): FieldErrors {
  const fields = new Map<string, string[]>();
  for (const issue of issues) {
    const field = fieldName(issue.path) || whole;
    const messages = fields.get(field) ?? [];
    if (!messages.includes(issue.message)) messages.push(issue.message);
    if (fields.size < MAX_FIELDS || fields.has(field)) fields.set(field, messages);
  }
  return Object.fromEntries(fields);
}

/** `['messages', 0, 'to']` as `messages[0].to`. */
function fieldName(path: readonly PropertyKey[]): string {
  const name = path.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`;
    return name === '' ? String(part) : `${name}.${String(part)}`;
  }, '');
  return name.length > MAX_FIELD_LENGTH ? `${name.slice(0, MAX_FIELD_LENGTH)}…` : name;
}

/** The wording of Infobip's own field messages ("must not be null") where they are known. */
function describe(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined || issue.input === null) return 'must not be null';
      return `must be ${article(issue.expected)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be blank';
      return `must be at least ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'string') return `must have at most ${issue.maximum} characters`;
      return `must be at most ${issue.maximum}`;
    default:
      return undefined;
  }
}

function article(type: string): string {
  if (type === 'int') return 'an integer';
  if (type === 'record') return 'an object';
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
