import { isWanted } from '../domain/plan.ts';
import { derivePin } from '../domain/pin.ts';
import type { Delivery } from '../domain/types.ts';
import type { VoiceDeliveryDeps } from './context.ts';

/**
 * The PIN that a call is to read out; '' for a message of a bulk, which has none. Undefined: verified, superseded or
 * expired by now, and a dead code is not read to anyone.
 */
export async function spokenPin(
  { store, keyring }: Pick<VoiceDeliveryDeps, 'store' | 'keyring'>,
  delivery: Delivery,
): Promise<string | undefined> {
  if (delivery.pinId === undefined) return '';
  const [record, now] = await Promise.all([store.getPin(delivery.pinId), store.now()]);
  if (!record || record.expiresAt <= now || !isWanted(record, delivery.createdAt)) return undefined;
  return derivePin(keyring, record);
}
