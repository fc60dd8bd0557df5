import { z } from 'zod';

/** `hooks` of the configuration. Its addresses are the operator's own: they may be private. */
export const hooksSettings = z.strictObject({
  /** Asked before each send of a PIN. */
  beforeSend: z
    .strictObject({
      url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
      timeoutMs: z.number().int().min(50).max(10_000).default(1_000),
      /** What holds when the hook does not answer, or not as it should. */
      onError: z.enum(['deny', 'allow']).default('deny'),
      /** Standard Webhooks; absent: as reports are signed (`webhooks.secrets`). */
      secret: z
        .string()
        .regex(/^whsec_[A-Za-z0-9+/=]{32,}$/, 'must be "whsec_" and base64')
        .optional(),
    })
    .optional(),
});

export type HooksSettings = z.output<typeof hooksSettings>;
