import type { PhoneNumber } from 'libphonenumber-js/max';

import { parsePhoneNumberFromString } from '../phone-library.ts';
import type { E164 } from './types.ts';

/** Digits with the separators that people write, after an optional `+` or `00`. */
const WRITTEN = /^(?:\+|00)?[1-9][\d .()-]{4,30}$/;

/**
 * An international number: `41793026727`, `+41793026727` or `0041793026727` (no calling code begins with 0, so
 * `00` can only be the prefix), separators ignored. Undefined: not a number that a call could reach.
 *
 * `possible` (compat) wants a known calling code and a length in use there, so that invented numbers such as
 * +12121115555 can be tried on the simulator. `valid` (strict) wants the number to lie in an assigned range.
 */
export function parseMsisdn(input: string, level: 'possible' | 'valid' = 'possible'): E164 | undefined {
  const text = input.trim();
  if (!WRITTEN.test(text)) return undefined;
  const number = parse(`+${text.replace(/^(?:\+|00)/, '')}`);
  if (!number || number.ext !== undefined) return undefined;
  const accepted = level === 'valid' ? number.isValid() : number.isPossible();
  const e164: string = number.number;
  return accepted ? (e164 as E164) : undefined;
}

/** As Infobip writes it: digits without the plus. */
export function toMsisdn(number: E164): string {
  return number.slice(1);
}

export type NumberType =
  | 'mobile'
  | 'fixed-line'
  | 'fixed-line-or-mobile'
  | 'toll-free'
  | 'premium-rate'
  | 'shared-cost'
  | 'voip'
  | 'personal'
  | 'pager'
  | 'uan'
  | 'voicemail'
  | 'unknown';

const TYPES: Readonly<Record<NonNullable<ReturnType<PhoneNumber['getType']>>, NumberType>> = {
  MOBILE: 'mobile',
  FIXED_LINE: 'fixed-line',
  FIXED_LINE_OR_MOBILE: 'fixed-line-or-mobile',
  TOLL_FREE: 'toll-free',
  PREMIUM_RATE: 'premium-rate',
  SHARED_COST: 'shared-cost',
  VOIP: 'voip',
  PERSONAL_NUMBER: 'personal',
  PAGER: 'pager',
  UAN: 'uan',
  VOICEMAIL: 'voicemail',
};

/** What kind of line the numbering plan says it is. */
export function numberType(number: E164): NumberType {
  const type = parse(number)?.getType();
  return type === undefined ? 'unknown' : TYPES[type];
}

/** ISO 3166 country, where the numbering plan tells; undefined for non-geographic codes such as +883. */
export function numberCountry(number: E164): string | undefined {
  return parse(number)?.country;
}

function parse(text: string): PhoneNumber | undefined {
  return parsePhoneNumberFromString(text, { extract: false });
}
