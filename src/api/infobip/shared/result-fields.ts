import { z } from 'zod';

import { ERROR_GROUPS, STATUS_GROUPS } from '../../../domain/status-registry.ts';

/** Fields of answers. What a report does not know is null (0.8). */

export function statusIn<Group extends z.ZodType<string>>(groupName: Group) {
  return z.object({
    groupId: z.int32(),
    groupName,
    id: z.int32(),
    name: z.string(),
    description: z.string(),
    action: z.string().optional(),
  });
}

/** Of the SMS calls and the number lookup. */
export const status = statusIn(z.enum(STATUS_GROUPS));

const errorFields = { groupId: z.int32(), id: z.int32(), name: z.string(), description: z.string() };
export const error = z.object({
  ...errorFields,
  groupName: z.enum(ERROR_GROUPS),
  permanent: z.boolean(),
});
/** The older calls write `Ok`. */
export const olderError = z.object({
  ...errorFields,
  groupName: z.enum(['Ok', ...ERROR_GROUPS]),
  permanent: z.boolean(),
});

export const date = z.string().describe("`yyyy-MM-dd'T'HH:mm:ss.SSSZ`.");
export const orNull = z.string().nullable();
