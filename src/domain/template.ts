import { ServiceError, type FieldErrors } from '../errors.ts';
import { newMessageId, type RandomBytes } from './ids.ts';
import { MAX_PIN_LENGTH } from './pin.ts';
import type { ApplicationId, IndiaDlt, PinType, Template } from './types.ts';

export const PIN_PLACEHOLDER = '{{pin}}';
/** Documented for e-mail only; taken for SMS and voice too, where Infobip is silent. */
export const DEFAULT_PIN_LENGTH = 4;

/** Infobip's closed list for 2FA templates (infobip-api.md 2.4); clients refuse an answer with any other. */
export const TEMPLATE_LANGUAGES = [
  'en',
  'es',
  'ca',
  'da',
  'nl',
  'fr',
  'de',
  'it',
  'ja',
  'ko',
  'no',
  'pl',
  'ru',
  'sv',
  'fi',
  'hr',
  'sl',
  'ro',
  'pt_pt',
  'pt_br',
  'zh_cn',
  'zh_tw',
] as const;

/** What the repeat key may be made of: the keys of a phone. `#` ends an input and is never part of one: not alone. */
const KEYS = /^(?=.*[^#])[0-9*#A-Da-d]{1,16}$/;

interface Optional {
  readonly pinLength?: number | null;
  readonly language?: string | null;
  readonly voiceName?: string | null;
  readonly senderId?: string | null;
  readonly repeatDTMF?: string | null;
  readonly speechRate?: number | null;
  readonly regional?: { readonly indiaDlt?: IndiaDlt | null } | null;
}

/** Body of create, types already checked at the border; null means absent. */
export interface TemplateRequest extends Optional {
  readonly messageText: string;
  readonly pinType: PinType;
}

/** Body of update: what is absent stays as it is, so a field once set can be changed but not removed. */
export interface TemplateUpdate extends Optional {
  readonly messageText?: string | null;
  readonly pinType?: PinType | null;
}

/** @throws ServiceError badRequest, naming the fields */
export function createTemplate(
  applicationId: ApplicationId,
  request: TemplateRequest,
  deps: { random: RandomBytes; now: number },
): Template {
  return checked({
    messageId: newMessageId(deps.random),
    applicationId,
    messageText: request.messageText,
    pinType: request.pinType,
    pinLength: request.pinLength ?? DEFAULT_PIN_LENGTH,
    ...given(request),
    createdAt: deps.now,
    updatedAt: deps.now,
  });
}

/** @throws ServiceError badRequest, naming the fields */
export function updateTemplate(existing: Template, request: TemplateUpdate, now: number): Template {
  return checked({
    ...existing,
    messageText: request.messageText ?? existing.messageText,
    pinType: request.pinType ?? existing.pinType,
    pinLength: request.pinLength ?? existing.pinLength,
    ...given(request),
    updatedAt: now,
  });
}

/** Only the optional fields that were set: an answer leaves the others out. */
function given(request: Optional): Partial<Template> {
  const indiaDlt = request.regional?.indiaDlt;
  return {
    ...(request.language != null && { language: request.language }),
    ...(request.voiceName != null && { voiceName: request.voiceName }),
    ...(request.senderId != null && { senderId: request.senderId }),
    ...(request.repeatDTMF != null && { repeatDTMF: request.repeatDTMF }),
    ...(request.speechRate != null && { speechRate: request.speechRate }),
    ...(indiaDlt != null && { regional: { indiaDlt } }),
  };
}

function checked(template: Template): Template {
  const fields = checkTemplate(template);
  if (fields) throw new ServiceError('badRequest', { fields });
  return template;
}

/** `speechRate` outside 0.5..2 is no error: it is clamped where it is used (voice-dialogue.md 1). */
function checkTemplate(template: Template): FieldErrors | undefined {
  const errors: Record<string, string[]> = {};
  if (!template.messageText.includes(PIN_PLACEHOLDER)) {
    errors['messageText'] = [`must contain ${PIN_PLACEHOLDER}`];
  }
  if (
    !Number.isInteger(template.pinLength) ||
    template.pinLength < 1 ||
    template.pinLength > MAX_PIN_LENGTH
  ) {
    errors['pinLength'] = [`must be a whole number from 1 to ${MAX_PIN_LENGTH}`];
  }
  const { language, repeatDTMF, speechRate, regional } = template;
  if (language !== undefined && !TEMPLATE_LANGUAGES.some(known => known === language)) {
    errors['language'] = [`must be one of ${TEMPLATE_LANGUAGES.join(', ')}`];
  }
  if (repeatDTMF !== undefined && !KEYS.test(repeatDTMF)) {
    errors['repeatDTMF'] = ['must be 1 to 16 keys out of 0-9, *, # and A-D, and more than #'];
  }
  if (speechRate !== undefined && !Number.isFinite(speechRate)) errors['speechRate'] = ['must be a number'];
  const dlt = regional?.indiaDlt;
  if (dlt) checkDlt(dlt, errors);
  return Object.keys(errors).length > 0 ? errors : undefined;
}

function checkDlt(dlt: IndiaDlt, errors: Record<string, string[]>): void {
  const limits = [
    ['principalEntityId', 30],
    ['contentTemplateId', 30],
    ['teleMarketerId', 255],
  ] as const;
  for (const [field, max] of limits) {
    if ((dlt[field]?.length ?? 0) > max) {
      errors[`regional.indiaDlt.${field}`] = [`must have at most ${max} characters`];
    }
  }
}
