import { shardOf } from '../../domain/ids.ts';
import type { NewEvent } from '../outbox-store.ts';

/**
 * Where things lie. In a cluster the store has sixteen shards, and everything of a shard is in one slot, since its keys
 * begin with the same hash tag: `saypin:{s7}p:…`. One server has it all in the first, where a script finds it together and indices are few
 * (`ScriptRunner.placeOf`). What one script touches lies in one shard (DESIGN decision 3):
 *
 * - by destination (`shardOf`): PINs, their plans, deliveries, messages, windows and logged events; ids of PINs and call references begin
 *   with the digit, ids of logged events have it behind `evt_`
 * - by bulkId: the messages of a bulk, whose references begin with it
 * - by its own name, hashed: an application with its templates, its policies and its own send window, media tokens, idempotency keys
 *
 * A key's first letters after the tag say what it is; each part lists its own beside its scripts.
 */

export const SHARDS = [...'0123456789abcdef'] as const;

/** The shard of an id that begins with its shard's digit; one that does not is unknown anyway, wherever it is looked for. */
export function shardOfId(id: string): string {
  const digit = id.charAt(0).toLowerCase();
  return SHARDS.includes(digit) ? digit : '0';
}

/** Of a logged event and of its pushes: that of its PIN, whose digit stands behind `evt_`. */
export function shardOfLogged(id: string): string {
  const digit = id.charAt('evt_'.length).toLowerCase();
  return id.startsWith('evt_') && SHARDS.some(shard => shard === digit) ? digit : shardOf(id);
}

/** Of an event that nothing else is written with: that of what it tells of, where other scripts may write the same. */
export function shardOfEvent({ id, data: { pinId } }: NewEvent): string {
  return typeof pinId === 'string' ? shardOfId(pinId) : shardOfLogged(id);
}

/** What every key of a shard begins with. */
export function shardRoot(prefix: string, shard: string): string {
  return `${prefix}{s${shard}}`;
}
