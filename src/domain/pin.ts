import { createHmac, createSecretKey, type Hmac } from 'node:crypto';

import { newPinId, type RandomBytes } from './ids.ts';
import type { Destination, PinId, PinRecord, PinType } from './types.ts';

/**
 * PINs that exist nowhere at rest (DESIGN decision 5): a record holds a random seed and a 30-second step T, and the
 * PIN is an unbiased mapping of HMAC-SHA512(K_T, seed ‖ pinId ‖ counter) onto the alphabet, where
 * K_T = HMAC-SHA512(master key, "pin" ‖ T). Neither the store alone nor the master key alone yields a PIN.
 */

/**
 * The symbols of each type. Letters are upper case only: a PIN is spoken, and speech has no case. ALPHANUMERIC
 * keeps 0/O and 1/I, because they look alike but do not sound alike ("zero" is never read as "o").
 */
export const ALPHABETS: Readonly<Record<PinType, string>> = {
  NUMERIC: '0123456789',
  ALPHA: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  HEX: '0123456789ABCDEF',
  ALPHANUMERIC: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
};

export const MAX_PIN_LENGTH = 32;
export const STEP_MS = 30_000;
const SEED_BYTES = 64;
const DIGEST_KEY_BYTES = 32;
const MIN_SECRET_BYTES = 32;

export interface MasterKey {
  readonly id: string;
  readonly secret: Buffer;
}

/** Master keys by id; new PINs use `current`, older ones stay derivable until their PINs are dead. */
export interface Keyring {
  readonly current: string;
  /** @throws Error when a record names a key that is no longer configured. */
  secret(id: string): Buffer;
}

/** @throws Error on a short secret (under 32 bytes), a duplicate id, or a `current` that is not among the keys. */
export function createKeyring(options: { keys: readonly MasterKey[]; current: string }): Keyring {
  const secrets = new Map<string, Buffer>();
  for (const { id, secret } of options.keys) {
    if (secret.length < MIN_SECRET_BYTES) {
      throw new Error(`master key "${id}" is shorter than ${MIN_SECRET_BYTES} bytes`);
    }
    if (secrets.has(id)) throw new Error(`master key "${id}" is given twice`);
    secrets.set(id, Buffer.from(secret));
  }
  if (!secrets.has(options.current)) {
    throw new Error(`the current master key "${options.current}" is not in the keyring`);
  }
  return {
    current: options.current,
    secret(id) {
      const secret = secrets.get(id);
      if (!secret) throw new Error(`master key "${id}" is not in the keyring`);
      return secret;
    },
  };
}

/**
 * A key id made of the key itself (16 hex of a keyed hash, which tells nothing about it), for deployments that name
 * none: another secret under an old id would turn every live PIN into a wrong one without a word.
 */
export function masterKeyId(secret: Buffer): string {
  return createHmac('sha512', secret).update('key-id').digest('hex').slice(0, 16);
}

export interface PinMaterial {
  readonly pinId: PinId;
  readonly seed: Buffer;
  readonly keyId: string;
  readonly step: number;
}

/** What a new PIN is derived from. `now` in ms since the epoch picks the 30-second step. */
export function newPinMaterial(deps: {
  keyring: Keyring;
  random: RandomBytes;
  now: number;
  to: Destination;
}): PinMaterial {
  return {
    pinId: newPinId(deps.random, deps.to),
    seed: deps.random(SEED_BYTES),
    keyId: deps.keyring.current,
    step: Math.floor(deps.now / STEP_MS),
  };
}

type Derivable = Pick<PinRecord, 'pinId' | 'pinType' | 'pinLength' | 'keyId' | 'step' | 'seed'>;

/**
 * The PIN of a record, the same on every call; undefined once its seed is erased. Uniform over the alphabet: a byte
 * at or above the largest multiple of the alphabet's size is skipped, never folded.
 * @throws Error when the record's master key is not in the keyring
 */
export function derivePin(keyring: Keyring, record: Derivable): string | undefined {
  const { seed } = record;
  if (!seed) return undefined;
  const alphabet = ALPHABETS[record.pinType];
  const bound = 256 - (256 % alphabet.length);
  const key = stepKey(keyring.secret(record.keyId), record.step);
  let pin = '';
  for (let counter = 0; pin.length < record.pinLength; counter++) {
    const block = hmac('sha512', key).update(seed).update(record.pinId).update(uint32(counter)).digest();
    for (const byte of block) {
      if (byte < bound && pin.length < record.pinLength) pin += alphabet.charAt(byte % alphabet.length);
    }
  }
  return pin;
}

function stepKey(secret: Buffer, step: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(step));
  return hmac('sha512', secret).update('pin').update(bytes).digest();
}

/** Node 24 takes several times as long over a key that comes as bytes. */
function hmac(algorithm: 'sha256' | 'sha512', key: Buffer): Hmac {
  return createHmac(algorithm, createSecretKey(key));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export interface AttemptDigests {
  readonly expected: Buffer | undefined;
  readonly candidate: Buffer;
}

/**
 * 32-byte digests of the right and the offered PIN under a key that lives for this call only, so that the store can
 * compare in constant time and learns neither. A PIN of another length is an ordinary wrong one; without an expected
 * PIN there is nothing that could match. Letters match in either case, since a listener cannot hear it.
 */
export function attemptDigests(request: {
  expectedPin: string | undefined;
  candidate: string;
  random: RandomBytes;
}): AttemptDigests {
  const key = request.random(DIGEST_KEY_BYTES);
  const candidate = digest(key, request.candidate);
  // Without an expected PIN the same work is done and thrown away.
  const expected = digest(key, request.expectedPin ?? request.candidate);
  return { expected: request.expectedPin === undefined ? undefined : expected, candidate };
}

function digest(key: Buffer, pin: string): Buffer {
  return hmac('sha256', key).update(foldCase(pin)).digest();
}

/** ASCII only: Unicode upper-casing turns foreign letters (`ı`, `ſ`) into symbols of the alphabet. */
function foldCase(text: string): string {
  return text.replaceAll(/[a-z]/g, letter => letter.toUpperCase());
}
