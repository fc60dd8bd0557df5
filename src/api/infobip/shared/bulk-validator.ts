import type { FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';

import { InvalidRequest, zodValidator } from '../../validation.ts';
import { MAX_DESTINATIONS, MAX_TRANSFERS } from './decisions.ts';

/** More would only make the answer longer. */
const ENOUGH_FIELDS = 20;

/**
 * Validates a body of `messages` one message after the other, sizes first: four megabytes of nonsense are refused at
 * the first few faults, and not after a million of them were written down. `list` is the field that holds a
 * message's destinations; the route's own schema stays what the OpenAPI document shows.
 */
export function bulkValidator(options: {
  message: z.ZodType;
  list: 'to' | 'destinations';
}): FastifySchemaCompiler<unknown> {
  return route => {
    const envelope = (route.schema as z.ZodObject).extend({
      messages: z.array(z.unknown()).min(1, { error: 'must not be empty' }),
    });
    const checkEnvelope = checkerOf(zodValidator({ ...route, schema: envelope }));
    const checkMessage = checkerOf(zodValidator({ ...route, schema: options.message }));
    return (body: unknown) => {
      const tooLarge = sizeProblem(body, options.list);
      if (tooLarge) return { error: new InvalidRequest(tooLarge) };
      const outer = checkEnvelope(body);
      if ('error' in outer) return outer;
      const { messages, ...rest } = outer.value as { messages: unknown[] };
      const inner = checkMessages(messages, checkMessage);
      return 'error' in inner ? inner : { value: { ...rest, messages: inner.value } };
    };
  };
}

type Checked = { readonly value: unknown } | { readonly error: InvalidRequest };
type Checker = (data: unknown) => Checked;

/** A validator of ours is no promise and no boolean, which fastify's type allows. */
function checkerOf(validate: ReturnType<typeof zodValidator>): Checker {
  return data => validate(data) as Checked;
}

function checkMessages(
  messages: readonly unknown[],
  check: Checker,
): { value: unknown[] } | { error: InvalidRequest } {
  const fields: Record<string, readonly string[]> = {};
  const value: unknown[] = [];
  for (const [index, message] of messages.entries()) {
    const checked = check(message);
    if ('error' in checked) Object.assign(fields, prefixed(checked.error, `messages[${index}]`));
    else value.push(checked.value);
    if (Object.keys(fields).length >= ENOUGH_FIELDS) break;
  }
  return Object.keys(fields).length > 0 ? { error: new InvalidRequest(fields) } : { value };
}

/** `body` is how the validator calls a message that is no object at all. */
function prefixed(error: InvalidRequest, prefix: string): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(error.fields).map(([field, messages]) => [
      field === 'body' ? prefix : `${prefix}.${field}`,
      messages,
    ]),
  );
}

function sizeProblem(body: unknown, list: string): Record<string, readonly string[]> | undefined {
  const messages = lengthOf(body, 'messages') === undefined ? [] : (body as { messages: unknown[] }).messages;
  if (messages.length > MAX_DESTINATIONS) return { messages: [atMost(MAX_DESTINATIONS)] };
  let total = 0;
  for (const [index, message] of messages.entries()) {
    const destinations = lengthOf(message, list) ?? 0;
    if (destinations > MAX_DESTINATIONS)
      return { [`messages[${index}].${list}`]: [atMost(MAX_DESTINATIONS)] };
    total += destinations;
    if ((lengthOf(message, 'callTransfers') ?? 0) > MAX_TRANSFERS) {
      return { [`messages[${index}].callTransfers`]: [atMost(MAX_TRANSFERS)] };
    }
    const { deliveryTimeWindow } = (message ?? {}) as { deliveryTimeWindow?: unknown };
    if ((lengthOf(deliveryTimeWindow, 'days') ?? 0) > MAX_DAYS) {
      return { [`messages[${index}].deliveryTimeWindow.days`]: [atMost(MAX_DAYS)] };
    }
  }
  if (total <= MAX_DESTINATIONS) return undefined;
  return { messages: [`must have at most ${MAX_DESTINATIONS} destinations together`] };
}

/** A day may be named twice, but not for ever. */
const MAX_DAYS = 14;

function atMost(entries: number): string {
  return `must have at most ${entries} entries`;
}

/** Of an array in a property; undefined where there is none. */
function lengthOf(holder: unknown, property: string): number | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined;
  const value = (holder as Record<string, unknown>)[property];
  return Array.isArray(value) ? value.length : undefined;
}
