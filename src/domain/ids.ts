import { createHash, randomBytes } from 'node:crypto';

import type { ApplicationId, CallRef, Destination, MessageId, PinId } from './types.ts';

/** The port of randomness: `size` unpredictable bytes. */
export type RandomBytes = (size: number) => Buffer;

/** The operating system's generator. */
export const systemRandom: RandomBytes = size => randomBytes(size);

/** 0 to 1, without 1: for jitter. */
export const chance = (random: RandomBytes): number => random(4).readUInt32BE() / 2 ** 32;

const ID_BYTES = 16;

function hexId(random: RandomBytes): string {
  return random(ID_BYTES).toString('hex').toUpperCase();
}

/** 32 upper-case hex, as on Infobip's live service. */
export function newApplicationId(random: RandomBytes): ApplicationId {
  return hexId(random) as ApplicationId;
}

export function newMessageId(random: RandomBytes): MessageId {
  return hexId(random) as MessageId;
}

/**
 * Which sixteenth of a store with many nodes holds a destination or a bulk: a lower-case hex digit. Everything that one
 * write touches must lie in one place (DESIGN decision 3), so PINs, messages and the references of their deliveries
 * begin with it.
 */
export function shardOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').charAt(0);
}

/** The destination's shard and 124 random bits: knowing a pinId is the right to try, so it must not be guessable. */
export function newPinId(random: RandomBytes, to: Destination): PinId {
  return beside(shardOf(to), hexId(random)).toUpperCase() as PinId;
}

/**
 * 32 lower-case hex, for the paths of URLs that a carrier gets; in the shard of `near`, which is the PIN or the message
 * that it brings.
 */
export function newCallRef(random: RandomBytes, near: string): CallRef {
  return beside(near, random(ID_BYTES).toString('hex')) as CallRef;
}

/** An id of hex digits, moved to the shard of another. */
export function beside(near: string, id: string): string {
  return near.charAt(0).toLowerCase() + id.slice(1);
}
