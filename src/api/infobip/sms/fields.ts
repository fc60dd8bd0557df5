import { z } from 'zod';

import { parseDate } from '../dates.ts';
import { MAX_ID_LENGTH } from '../decisions.ts';
import { WEEKDAYS } from '../../../domain/message.ts';
import { MAX_CURSOR_LENGTH } from './decisions.ts';

/** Fields that several schemas of the SMS face have. */

/** A timestamp in the forms of 0.3, as milliseconds since the epoch. */
export const timestamp = z
  .string()
  .max(64)
  .transform((text, context) => {
    const at = parseDate(text);
    if (at !== undefined) return at;
    context.issues.push({ code: 'custom', message: 'must be a date and time', input: text });
    return z.NEVER;
  })
  .meta({ format: 'date-time' });

const timeOfDay = z.object({ hour: z.int32().min(0).max(23), minute: z.int32().min(0).max(59) });

export const deliveryTimeWindow = z
  .object({
    days: z.array(z.enum(WEEKDAYS)),
    from: timeOfDay.nullish(),
    to: timeOfDay.nullish(),
  })
  .refine(({ from, to }) => (from == null) === (to == null), {
    path: ['to'],
    error: 'must be given together with from',
  })
  .describe('UTC, open for an hour or more; without `from` and `to` for whole days.');

export const regional = z.object({
  indiaDlt: z
    .object({
      principalEntityId: z.string().min(1).max(MAX_ID_LENGTH),
      contentTemplateId: z.string().max(MAX_ID_LENGTH).nullish(),
      telemarketerId: z.string().max(255).nullish(),
    })
    .nullish(),
});

/** What the Node SDK sends for an argument that was left out (0.5) is no value. */
export function given(value: unknown): unknown {
  return value === '' || value === 'undefined' ? undefined : value;
}

/** In a query: blank is as good as absent. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(given, schema.optional());
}

/** In a query: values repeated, comma-separated, or both (0.11); undefined: none. */
export function listed(value: unknown): readonly string[] | undefined {
  const texts = Array.isArray(value) ? value : [given(value)];
  const values = texts.flatMap(text => (typeof text === 'string' ? text.split(',') : []));
  const present = values.map(each => each.trim()).filter(each => each !== '');
  return present.length > 0 ? present : undefined;
}

/** In a query: what is neither true nor false is no value (0.5). */
export const flag = z
  .preprocess(
    value => (typeof value === 'string' ? { true: true, false: false }[value.toLowerCase()] : undefined),
    z.boolean().optional(),
  )
  .describe('`true` or `false`; anything else means the default.');

/** In a query: digits. */
export function whole(min: number, max: number) {
  return z.preprocess(
    value => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : given(value)),
    z.int().min(min).max(max).optional(),
  );
}

/** In a query, where a plus that nobody encoded arrives as a space. */
export const instant = z.preprocess(
  value => (typeof value === 'string' ? given(value.trim().replace(' ', '+')) : value),
  timestamp.optional(),
);

export const cursor = optional(z.string().max(MAX_CURSOR_LENGTH));
