import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatDate, parseDate } from '../../src/api/infobip/dates.ts';

const AT = Date.UTC(2026, 10, 21, 8, 5, 6, 7);

describe('timestamps (infobip-api.md 0.2, 0.3)', () => {
  it('go out with three digits of milliseconds and +0000', () => {
    expect(formatDate(AT)).toBe('2026-11-21T08:05:06.007+0000');
    expect(formatDate(0)).toBe('1970-01-01T00:00:00.000+0000');
  });

  it.each([
    ['2026-11-21T08:05:06.007+0000', AT],
    ['2026-11-21T09:05:06.007+01:00', AT],
    ['2026-11-21T09:05:06.007+0100', AT],
    ['2026-11-21T02:35:06.007-0530', AT],
    ['2026-11-21T08:05:06.007Z', AT],
    ['2026-11-21T08:05:06.007', AT],
    ['2026-11-21T08:05:06', AT - 7],
    ['2026-11-21T08:05:06.0071234', AT],
    ['2026-11-21T08:05:06.5', AT + 493],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('come in as %s', (text, at) => {
    expect(parseDate(text)).toBe(at);
  });

  it.each([
    '',
    'now',
    '2026-11-21',
    '2026-11-21 08:05:06',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-21T24:00:01Z',
    '2026-11-21T08:60:00Z',
    '2026-11-21T08:05:06+25:00',
    '2026-11-21T08:05:06+0160',
    '1732176306',
    '2026-11-21T08:05:06Zjunk',
  ])('do not come in as %j', text => {
    expect(parseDate(text)).toBeUndefined();
  });

  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), at => {
        expect(parseDate(formatDate(at))).toBe(at);
      }),
    );
  });
});
