import type { Outcome, SmsContent } from '../../../domain/message.ts';
import { rejection } from '../../../domain/status.ts';
import { MAX_BINARY_OCTETS, MAX_SMS_TEXT_LENGTH, USER_DATA_HEADER } from './decisions.ts';
import { countSegments, MAX_SEGMENTS, type TextLanguage } from './text/segments.ts';
import { transliterate, type Transliteration } from './text/transliteration.ts';

type Rejection = Extract<Outcome, { kind: 'rejected' }>;

/** What is to be sent, in the words of any of the calls. */
export interface AskedContent {
  readonly text?: string;
  readonly binary?: { readonly hex: string; readonly dataCoding: number; readonly esmClass: number };
  readonly flash?: boolean | null;
  readonly transliteration?: Transliteration | null;
  readonly languageCode?: 'NONE' | TextLanguage['code'] | null;
  readonly singleShift?: boolean | null;
  readonly lockingShift?: boolean | null;
  readonly indiaDlt?: {
    readonly principalEntityId: string;
    readonly contentTemplateId?: string | null;
    readonly telemarketerId?: string | null;
  } | null;
}

/** The content as the engine takes it, and what is wrong with it. */
export function smsContent(asked: AskedContent): { content: SmsContent; rejection?: Rejection } {
  const flash = asked.flash ?? false;
  const dlt = indiaDlt(asked.indiaDlt);
  const regional = dlt && { indiaDlt: dlt };
  if (asked.binary) {
    const hex = asked.binary.hex.replaceAll(/\s/g, '').toUpperCase();
    const problem = judgeBinary(hex, asked.binary.esmClass);
    const content = { binary: { ...asked.binary, hex }, flash, messageCount: 1, ...regional };
    return { content, ...(problem && { rejection: problem }) };
  }
  const { transliteration, languageCode } = asked;
  const original = asked.text ?? '';
  const extras = {
    flash,
    ...(transliteration && transliteration !== 'NONE' && { transliteration }),
    ...(languageCode && languageCode !== 'NONE' && { languageCode }),
    ...regional,
  };
  if (original.length > MAX_SMS_TEXT_LENGTH) return tooLong(original, extras);
  const text = transliterate(original, transliteration ?? 'NONE');
  if (text.length > MAX_SMS_TEXT_LENGTH) return tooLong(text, extras);
  const { count } = countSegments(text, textLanguage(asked));
  if (count > MAX_SEGMENTS) return tooLong(text, extras);
  return { content: { text, messageCount: count, ...extras } };
}

/** Kept for the log only as far as a message could have been sent at all. */
function tooLong(text: string, extras: Omit<SmsContent, 'text' | 'messageCount'>) {
  const content = { text: text.slice(0, MAX_SMS_TEXT_LENGTH).toWellFormed(), messageCount: 0, ...extras };
  return { content, rejection: rejection('REJECTED_MESSAGE_TOO_LONG') };
}

/** Undefined: the alphabet that every phone has. */
export function textLanguage(
  asked: Pick<AskedContent, 'languageCode' | 'singleShift' | 'lockingShift'>,
): TextLanguage | undefined {
  const { languageCode, singleShift, lockingShift } = asked;
  if (!languageCode || languageCode === 'NONE') return undefined;
  return { code: languageCode, single: singleShift ?? false, locking: lockingShift ?? false };
}

function judgeBinary(hex: string, esmClass: number): Rejection | undefined {
  const octets = hex.length / 2;
  if (octets > MAX_BINARY_OCTETS) return rejection('REJECTED_MESSAGE_TOO_LONG');
  if ((esmClass & USER_DATA_HEADER) === 0) return undefined;
  // The header's first octet is its length without that octet.
  const header = Number.parseInt(hex.slice(0, 2), 16);
  return header === 0 || header + 1 > octets ? rejection('REJECTED_INVALID_UDH') : undefined;
}

function indiaDlt(asked: AskedContent['indiaDlt']): SmsContent['indiaDlt'] {
  if (!asked) return undefined;
  const { principalEntityId, contentTemplateId, telemarketerId } = asked;
  return {
    principalEntityId,
    ...(contentTemplateId != null && { contentTemplateId }),
    ...(telemarketerId != null && { telemarketerId }),
  };
}
