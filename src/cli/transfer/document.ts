import { z } from 'zod';

import { applicationAnswer, emailTemplateAnswer, templateAnswer } from '../../api/infobip/schemas.ts';
import { plan } from '../../api/verify/schemas.ts';

/**
 * What `export` writes and `import` reads: applications with their messages and delivery plans, as the API answers them, and no
 * secret. `delivery` null: it has no plan of its own; absent: nothing is said of it.
 */
export const FORMAT_VERSION = 1;

const message = z.union([
  templateAnswer.omit({ applicationId: true, pinPlaceholder: true }).extend({
    delivery: plan.nullish(),
  }),
  emailTemplateAnswer.omit({ applicationId: true }),
]);

const application = z.object({
  ...applicationAnswer.shape,
  delivery: plan.nullish(),
  messages: z.array(message),
});

export const exportDocument = z.object({
  format: z.literal('saypin-export'),
  version: z.literal(FORMAT_VERSION, {
    error: issue => `is ${String(issue.input)}, and this program reads ${FORMAT_VERSION}`,
  }),
  exportedAt: z.string(),
  applications: z.array(application),
});

/** Which id of the file has become which id here. */
export const idMap = z.record(z.string(), z.string());

export type ExportDocument = z.output<typeof exportDocument>;
export type ExportedApplication = z.output<typeof application>;
export type ExportedMessage = z.output<typeof message>;
export type Plan = z.output<typeof plan>;
export type IdMap = z.output<typeof idMap>;

/** Made on its first use, with an id that is the same everywhere. */
export const DEFAULT_APPLICATION = '0'.repeat(32);

export function isEmail(
  message: ExportedMessage,
): message is Extract<ExportedMessage, { emailTemplateId: number }> {
  return 'emailTemplateId' in message;
}
