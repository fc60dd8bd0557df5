import { ServiceError } from '../errors.ts';
import { parseMailbox } from './email.ts';
import { newMessageId, type RandomBytes } from './ids.ts';
import { MAX_PIN_LENGTH } from './pin.ts';
import { DEFAULT_PIN_LENGTH } from './template.ts';
import type { ApplicationId, EmailTemplate, PinType, Template } from './types.ts';

/** Body of update: null and absent both leave a field as it is. */
export interface EmailTemplateUpdate {
  readonly emailTemplateId?: number | null;
  readonly from?: string | null;
  readonly pinLength?: number | null;
  readonly pinType?: PinType | null;
  readonly landingPageId?: string | null;
}

export interface EmailTemplateRequest extends EmailTemplateUpdate {
  readonly emailTemplateId: number;
}

/** infobip-api.md 2.5: four digits unless told otherwise. @throws ServiceError badRequest, naming the fields */
export function createEmailTemplate(
  applicationId: ApplicationId,
  request: EmailTemplateRequest,
  deps: { random: RandomBytes; now: number },
): EmailTemplate {
  const blank: EmailTemplate = {
    messageId: newMessageId(deps.random),
    applicationId,
    emailTemplateId: request.emailTemplateId,
    pinType: 'NUMERIC',
    pinLength: DEFAULT_PIN_LENGTH,
    createdAt: deps.now,
    updatedAt: deps.now,
  };
  return updateEmailTemplate(blank, request, deps.now);
}

/** @throws ServiceError badRequest, naming the fields */
export function updateEmailTemplate(
  existing: EmailTemplate,
  request: EmailTemplateUpdate,
  now: number,
): EmailTemplate {
  const pinLength = request.pinLength ?? existing.pinLength;
  const from = request.from == null ? undefined : parseMailbox(request.from);
  const errors: Record<string, string[]> = {};
  if (request.from != null && from === undefined) {
    errors['from'] = ['must be an address, or a name and an address in angle brackets'];
  }
  if (!Number.isInteger(pinLength) || pinLength < 1 || pinLength > MAX_PIN_LENGTH) {
    errors['pinLength'] = [`must be a whole number from 1 to ${MAX_PIN_LENGTH}`];
  }
  if (Object.keys(errors).length > 0) throw new ServiceError('badRequest', { fields: errors });
  return {
    ...existing,
    emailTemplateId: request.emailTemplateId ?? existing.emailTemplateId,
    pinType: request.pinType ?? existing.pinType,
    pinLength,
    ...(from !== undefined && { from }),
    ...(request.landingPageId != null && { landingPageId: request.landingPageId }),
    updatedAt: now,
  };
}

/** Which of the two kinds of template a record is. */
export function isEmailTemplate(template: Template | EmailTemplate): template is EmailTemplate {
  return 'emailTemplateId' in template;
}
