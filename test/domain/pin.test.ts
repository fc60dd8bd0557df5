import { createHmac } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  ALPHABETS,
  attemptDigests,
  createKeyring,
  derivePin,
  masterKeyId,
  newPinMaterial,
  STEP_MS,
} from '../../src/domain/pin.ts';
import { PIN_TYPES, type E164, type PinId } from '../../src/domain/types.ts';
import { pinUniformity } from '../support/pin-counts.ts';
import { seededRandom } from '../support/seeded-random.ts';

const random = seededRandom('pin.test');
const keyring = createKeyring({
  keys: [
    { id: 'old', secret: Buffer.alloc(32, 1) },
    { id: 'new', secret: Buffer.alloc(32, 2) },
  ],
  current: 'new',
});
const base = {
  ...newPinMaterial({ keyring, random, now: 0, to: '+41793026727' as E164 }),
  pinType: 'NUMERIC',
  pinLength: 6,
} as const;

describe('derivePin', () => {
  it('is the construction of DESIGN decision 5, computed here by hand', () => {
    const step = Buffer.alloc(8);
    step.writeUInt32BE(7, 4);
    const key = createHmac('sha512', Buffer.alloc(32, 1))
      .update(Buffer.concat([Buffer.from('pin'), step]))
      .digest();
    const seed = Buffer.alloc(64, 9);
    const pinId = 'ABCDEF0123456789ABCDEF0123456789' as PinId;
    const block = createHmac('sha512', key)
      .update(Buffer.concat([seed, Buffer.from(pinId), Buffer.alloc(4)]))
      .digest();
    const expected = [...block]
      .filter(byte => byte < 250)
      .slice(0, 6)
      .map(byte => byte % 10)
      .join('');
    expect(derivePin(keyring, { pinId, seed, keyId: 'old', step: 7, pinType: 'NUMERIC', pinLength: 6 })).toBe(
      expected,
    );
  });

  it.each(PIN_TYPES)(
    '%s: has its length and alphabet at every length, and is the same every time',
    pinType => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 32 }),
          fc.integer({ min: 0, max: 2 ** 40 }),
          (pinLength, step) => {
            const record = { ...base, pinType, pinLength, step };
            const pin = derivePin(keyring, record) ?? '';
            expect(pin).toHaveLength(pinLength);
            expect([...pin].every(symbol => ALPHABETS[pinType].includes(symbol))).toBe(true);
            expect(derivePin(keyring, record)).toBe(pin);
          },
        ),
        { seed: 1, numRuns: 50 },
      );
    },
  );

  it('draws further blocks when a length needs more symbols than one block gives', () => {
    const pin = derivePin(keyring, { ...base, pinLength: 200 }) ?? '';
    expect(pin).toHaveLength(200);
    expect(pin.slice(0, 32)).toBe(derivePin(keyring, { ...base, pinLength: 32 }));
  });

  it('depends on seed, pinId, step and master key', () => {
    const long = { ...base, pinLength: 32 };
    const variants = [
      long,
      { ...long, seed: random(64) },
      { ...long, pinId: 'F'.repeat(32) as PinId },
      { ...long, step: base.step + 1 },
      { ...long, keyId: 'old' },
    ].map(record => derivePin(keyring, record));
    expect(new Set(variants).size).toBe(variants.length);
  });

  it('has no PIN once the seed is erased, and says which key is missing', () => {
    expect(derivePin(keyring, { ...base, seed: undefined })).toBeUndefined();
    expect(() => derivePin(keyring, { ...base, keyId: 'gone' })).toThrow('"gone"');
  });

  // The full form, 2 M of each type and three lengths, is test/bench/pin-uniformity.ts.
  it.each(PIN_TYPES)('%s: is uniform over the alphabet at every position (chi-square)', pinType => {
    const { positions, pairs } = pinUniformity(pinType, 6, 25_000, 20_261_121);
    for (const z of [...positions, pairs ?? 0]) expect(Math.abs(z)).toBeLessThan(4);
  });
});

describe('keyring', () => {
  it.each([
    ['a short secret', { keys: [{ id: 'a', secret: Buffer.alloc(31) }], current: 'a' }],
    ['an unknown current key', { keys: [{ id: 'a', secret: Buffer.alloc(32) }], current: 'b' }],
    [
      'the same id twice',
      {
        keys: [
          { id: 'a', secret: Buffer.alloc(32) },
          { id: 'a', secret: Buffer.alloc(32) },
        ],
        current: 'a',
      },
    ],
  ])('refuses %s', (_, options) => {
    expect(() => createKeyring(options)).toThrow();
  });

  it('derives ids that differ by key and do not contain it', () => {
    const secret = random(32);
    expect(masterKeyId(secret)).toMatch(/^[0-9a-f]{16}$/);
    expect(masterKeyId(secret)).toBe(masterKeyId(Buffer.from(secret)));
    expect(masterKeyId(secret)).not.toBe(masterKeyId(random(32)));
    expect(secret.toString('hex')).not.toContain(masterKeyId(secret));
  });

  it('makes material of 64 bytes of seed, a 128-bit id and the current key and step', () => {
    const material = newPinMaterial({
      keyring,
      random,
      now: 5 * STEP_MS + STEP_MS - 1,
      to: '+41793026727' as E164,
    });
    expect(material.pinId).toMatch(/^[0-9A-F]{32}$/);
    expect(material.seed).toHaveLength(64);
    expect(material).toMatchObject({ keyId: 'new', step: 5 });
  });
});

describe('attemptDigests', () => {
  const digests = (expectedPin: string | undefined, candidate: string) =>
    attemptDigests({ expectedPin, candidate, random });
  const matches = (expectedPin: string, candidate: string): boolean => {
    const { expected, candidate: offered } = digests(expectedPin, candidate);
    return expected !== undefined && expected.equals(offered);
  };

  it.each([
    ['123456', '123456', true],
    ['123456', '123457', false],
    ['123456', '12345', false],
    ['123456', '1234567', false],
    ['123456', '', false],
    ['123456', '１２３４５６', false],
    ['12AB', '12ab', true],
    ['KISS', 'kiss', true],
    ['KISS', 'KIſS', false],
    ['PIN1', 'pın1', false],
    ['SS', 'ß', false],
    ['123456', ' 123456', false],
  ])('%s against %j: %s', (expected, candidate, right) => {
    expect(matches(expected, candidate)).toBe(right);
  });

  it('gives 32 bytes whatever is offered, with a fresh key each call', () => {
    const first = digests('1234', 'x'.repeat(100_000));
    const second = digests('1234', '1234');
    for (const digest of [first.expected, first.candidate, second.expected]) expect(digest).toHaveLength(32);
    expect(first.expected?.equals(second.expected ?? Buffer.alloc(0))).toBe(false);
  });

  it('has nothing to match without an expected PIN', () => {
    expect(digests(undefined, '1234').expected).toBeUndefined();
  });
});
