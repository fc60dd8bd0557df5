import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';

import { ServiceError } from '../../errors.ts';
import { parseJsonBody } from '../json-body.ts';

/** A body of the console's own routes, which all others pass on as text. @throws ServiceError badRequest, malformedBody */
export function readBody<Schema extends z.ZodType>(
  request: FastifyRequest,
  schema: Schema,
): z.output<Schema> {
  return checked(parseJsonBody(typeof request.body === 'string' ? request.body : ''), schema);
}

/** @throws ServiceError badRequest, naming the fields */
export function readQuery<Schema extends z.ZodType>(
  request: FastifyRequest,
  schema: Schema,
): z.output<Schema> {
  return checked(request.query, schema);
}

function checked<Schema extends z.ZodType>(value: unknown, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const fields: Record<string, string[]> = {};
  for (const { path, message } of parsed.error.issues) {
    (fields[path.join('.') || 'body'] ??= []).push(message);
  }
  throw new ServiceError('badRequest', { fields });
}
