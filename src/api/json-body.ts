import type { FastifyInstance } from 'fastify';

import { ServiceError } from '../errors.ts';

/** security.md "Surfaces". */
export const MAX_JSON_DEPTH = 32;

/** Keys that could reach a prototype if a body were ever merged into an object. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * A request body as data. JSON is UTF-8 by definition (RFC 8259 8.1), so a charset parameter changes nothing; a byte
 * order mark, which some clients send, is dropped. An empty body is `undefined`.
 * @throws ServiceError malformedBody, which names the body and never quotes it
 */
export function parseJsonBody(text: string): unknown {
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (json.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The parser's message quotes the text, which may hold a PIN: it goes nowhere.
    throw malformed('must be valid JSON');
  }
  inspect(value);
  return value;
}

/** Bodies of this type, for the routes of a scope. */
export function takeJson(scope: FastifyInstance): void {
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: unknown, body: string) => parseJsonBody(body),
  );
}

/** Walks level by level with a list of its own, so that depth costs no stack. */
function inspect(root: unknown): void {
  let level = [root];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      if (depth === MAX_JSON_DEPTH)
        throw malformed(`must not be nested deeper than ${MAX_JSON_DEPTH} levels`);
      if (!Array.isArray(value) && Object.keys(value).some(key => FORBIDDEN_KEYS.has(key))) {
        throw malformed('must not contain the keys __proto__, constructor or prototype');
      }
      for (const child of Object.values(value)) next.push(child);
    }
    level = next;
  }
}

function malformed(message: string): ServiceError {
  return new ServiceError('malformedBody', { fields: { body: [message] } });
}
