import { ALPHABETS, createKeyring, derivePin, newPinMaterial } from '../../src/domain/pin.ts';
import type { E164, PinType } from '../../src/domain/types.ts';
import { uniformityZ } from './chi-square.ts';
import { seededRandom } from './seeded-random.ts';

const NUMBER = '+41793026727' as E164;

/** Scores of `count` seeded PINs: over each position's symbols, and over adjacent pairs. */
export function pinUniformity(
  pinType: PinType,
  pinLength: number,
  count: number,
  seed: number,
): { positions: number[]; pairs: number | undefined } {
  const random = seededRandom(seed);
  const keyring = createKeyring({ keys: [{ id: 'k', secret: random(32) }], current: 'k' });
  const alphabet = ALPHABETS[pinType];
  const size = alphabet.length;
  const positions = Array.from({ length: pinLength }, () => Array.from({ length: size }, () => 0));
  const pairs = Array.from({ length: size * size }, () => 0);
  for (let n = 0; n < count; n++) {
    const material = newPinMaterial({ keyring, random, now: n * 1000, to: NUMBER });
    const pin = derivePin(keyring, { ...material, pinType, pinLength }) ?? '';
    let previous = -1;
    for (let at = 0; at < pinLength; at++) {
      const symbol = alphabet.indexOf(pin.charAt(at));
      const row = positions[at];
      if (!row || symbol < 0) throw new Error(`a symbol outside the alphabet at ${at}`);
      row[symbol] = (row[symbol] ?? 0) + 1;
      if (previous >= 0) pairs[previous * size + symbol] = (pairs[previous * size + symbol] ?? 0) + 1;
      previous = symbol;
    }
  }
  return { positions: positions.map(uniformityZ), pairs: pinLength > 1 ? uniformityZ(pairs) : undefined };
}
