import { z } from 'zod';

import { WEEKDAYS, type TimeWindow } from '../../../domain/message.ts';
import { timeWindow } from '../../../domain/schedule.ts';

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

export type DeliveryTimeWindow = z.output<typeof deliveryTimeWindow>;

/** As the engine takes it. */
export function windowOf({ days, from, to }: DeliveryTimeWindow): TimeWindow {
  return timeWindow({ days, ...(from && { from }), ...(to && { to }) });
}
