import { isWanted } from '../domain/plan.ts';
import type { PinId } from '../domain/types.ts';
import type { Store } from '../store/store.ts';

/** Whether a call or message is still to reach its phone, as its PIN is now; one of a bulk, which has no PIN, always is. */
export async function stillWanted(
  store: Pick<Store, 'getPin'>,
  { pinId, createdAt }: { readonly pinId: PinId | undefined; readonly createdAt: number },
): Promise<boolean> {
  if (pinId === undefined) return true;
  const pin = await store.getPin(pinId);
  return pin !== undefined && isWanted(pin, createdAt);
}
