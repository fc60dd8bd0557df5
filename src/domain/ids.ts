import { randomBytes } from 'node:crypto';

import type { ApplicationId, CallRef, MessageId, PinId } from './types.ts';

/** The port of randomness: `size` unpredictable bytes. */
export type RandomBytes = (size: number) => Buffer;

/** The operating system's generator. */
export const systemRandom: RandomBytes = size => randomBytes(size);

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

/** 128 random bits: knowing a pinId is the right to try, so it must not be guessable. */
export function newPinId(random: RandomBytes): PinId {
  return hexId(random) as PinId;
}

/** 32 lower-case hex, for the paths of URLs that a carrier gets. */
export function newCallRef(random: RandomBytes): CallRef {
  return random(ID_BYTES).toString('hex') as CallRef;
}
