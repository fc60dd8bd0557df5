import { z } from 'zod';

import { STATUS_GROUPS } from '../../../domain/status-registry.ts';
import { DEFAULT_PAGE, MAX_LISTED_IDS, MAX_PAGE } from './decisions.ts';
import { timestamp } from './timestamps.ts';

/** Fields of queries, where everything is text. */

/** What the Node SDK sends for an argument that was left out (0.5) is no value. */
function present(value: unknown): unknown {
  return value === '' || value === 'undefined' ? undefined : value;
}

/** Blank is as good as absent. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(present, schema.optional());
}

export const LISTED = 'Repeated or comma-separated.';

/** Values repeated, comma-separated, or both (0.11); undefined: none. */
export function listed(value: unknown): readonly string[] | undefined {
  const texts = Array.isArray(value) ? value : [present(value)];
  const values = texts.flatMap(text => (typeof text === 'string' ? text.split(',') : []));
  const known = values.map(each => each.trim()).filter(each => each !== '');
  return known.length > 0 ? known : undefined;
}

export function idList(maxLength: number) {
  return z.preprocess(listed, z.array(z.string().max(maxLength)).max(MAX_LISTED_IDS).optional());
}

/** What is neither true nor false is no value (0.5). */
export const flag = z
  .preprocess(
    value => (typeof value === 'string' ? { true: true, false: false }[value.toLowerCase()] : undefined),
    z.boolean().optional(),
  )
  .describe('`true` or `false`; anything else means the default.');

/** Digits. */
export function whole(min: number, max?: number) {
  const least = z.int().min(min);
  return z.preprocess(
    value => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : present(value)),
    (max === undefined ? least : least.max(max)).optional(),
  );
}

export const PAGE = `Default ${DEFAULT_PAGE}, at most ${MAX_PAGE}.`;

/** A plus that nobody encoded arrives as a space. */
export const instant = z.preprocess(
  value => (typeof value === 'string' ? present(value.trim().replace(' ', '+')) : value),
  timestamp.optional(),
);

export const generalStatus = optional(z.enum(STATUS_GROUPS));

/** The codes of a network. */
export const networkCodes = {
  mcc: optional(z.string().regex(/^\d{3}$/, { error: 'must be 3 digits' })),
  mnc: optional(z.string().regex(/^\d{2,3}$/, { error: 'must be 2 or 3 digits' })),
};
