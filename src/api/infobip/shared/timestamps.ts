import { z } from 'zod';

import { parseDate } from '../dates.ts';

export const NO_DATE = 'must be a date and time';

const text = z.string().max(64);

/** A timestamp in the forms of 0.3, as it came, since a schema that transforms shows no examples. */
export const dateText = text
  .refine(each => parseDate(each) !== undefined, { error: NO_DATE })
  .meta({ format: 'date-time' });

/** A timestamp in the forms of 0.3, as milliseconds since the epoch. */
export const timestamp = text
  .transform((each, context) => {
    const at = parseDate(each);
    if (at !== undefined) return at;
    context.issues.push({ code: 'custom', message: NO_DATE, input: each });
    return z.NEVER;
  })
  .meta({ format: 'date-time' });

/** What either of them let through, as milliseconds since the epoch. */
export function epochOf(at: string | number): number {
  return typeof at === 'number' ? at : (parseDate(at) ?? Number.NaN);
}
