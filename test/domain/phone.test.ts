import { describe, expect, it } from 'vitest';

import { numberCountry, numberType, parseMsisdn, toMsisdn } from '../../src/domain/phone.ts';
import type { E164 } from '../../src/domain/types.ts';

describe('parseMsisdn', () => {
  it.each([
    ['41793026727', '+41793026727'],
    ['+41793026727', '+41793026727'],
    ['0041793026727', '+41793026727'],
    ['+41 79 302 67 27', '+41793026727'],
    ['+41 (0)79 302 67 27', '+41793026727'],
    ['+1 (212) 555-0123', '+12125550123'],
    ['385981234567', '+385981234567'],
    [' 41793026727 ', '+41793026727'],
    ['+390612345678', '+390612345678'],
  ])('%j is %s', (input, e164) => {
    expect(parseMsisdn(input)).toBe(e164);
  });

  it.each([
    '',
    '0',
    'abc',
    '0793026727',
    '+',
    '++41793026727',
    '+0041793026727',
    '999123456789',
    '+4179',
    '112',
    '+4179302672799999999',
    '41793026727 ext. 5',
    '+41793026727;ext=5',
    'tel:+41793026727',
    '+41793026727x5',
    '４１７９３０２６７２７',
    'call 41793026727 now',
    '1'.repeat(10_000),
    '41793026727\n41793026728',
  ])('%j is no number', input => {
    expect(parseMsisdn(input)).toBeUndefined();
  });

  it.each([
    ['+41790000001', true, true],
    ['+15005550006', true, true],
    ['+12125550000000', false, false],
    ['+1212111', false, false],
    ['+12121115555', true, false],
    ['+12025550143', true, true],
    ['+41793026727', true, true],
    ['+41111111111', true, false],
  ])('%s: possible %s, valid %s', (input, possible, valid) => {
    expect(parseMsisdn(input, 'possible') !== undefined).toBe(possible);
    expect(parseMsisdn(input, 'valid') !== undefined).toBe(valid);
  });
});

describe('what a number is', () => {
  it.each([
    ['+41793026727', 'mobile', 'CH'],
    ['+41446681800', 'fixed-line', 'CH'],
    ['+12125550123', 'fixed-line-or-mobile', 'US'],
    ['+18005551234', 'toll-free', 'US'],
    ['+41900123456', 'premium-rate', 'CH'],
    ['+41840123456', 'shared-cost', 'CH'],
    ['+41111111111', 'unknown', 'CH'],
    ['+883510000000094', 'voip', undefined],
  ])('%s: %s, %s', (number, type, country) => {
    expect(numberType(number as E164)).toBe(type);
    expect(numberCountry(number as E164)).toBe(country);
  });

  it('is written without the plus at the API', () => {
    expect(toMsisdn('+41793026727' as E164)).toBe('41793026727');
  });
});
