import { z } from 'zod';

import { MAX_ID_LENGTH } from '../decisions.ts';
import { optional } from '../shared/query-fields.ts';
import { MAX_CURSOR_LENGTH } from './decisions.ts';

/** Fields that several schemas of the SMS face have. */

export const regional = z.object({
  indiaDlt: z
    .object({
      principalEntityId: z.string().min(1).max(MAX_ID_LENGTH),
      contentTemplateId: z.string().max(MAX_ID_LENGTH).nullish(),
      telemarketerId: z.string().max(255).nullish(),
    })
    .nullish(),
});

export const cursor = optional(z.string().max(MAX_CURSOR_LENGTH));
