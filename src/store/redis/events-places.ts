import { shardOf } from '../../domain/ids.ts';
import type { NewEvent } from '../outbox-store.ts';
import { SHARDS, shardOfId } from './keys.ts';

/** Where claimed events lie: as many as are ever under way, and more. */
const REMEMBERED = 20_000;

/** Shards of events of the outbox that were claimed here: their ids do not tell. */
export interface EventPlaces {
  remember(id: string, shard: string): void;
  /** Undefined: it must be looked for. */
  find(id: string): string | undefined;
  forget(id: string): void;
}

export function createEventPlaces(): EventPlaces {
  const shards = new Map<string, string>();
  return {
    remember(id, shard) {
      shards.set(id, shard);
      const [oldest] = shards.keys();
      if (shards.size > REMEMBERED && oldest !== undefined) shards.delete(oldest);
    },
    find: id => shards.get(id),
    forget: id => void shards.delete(id),
  };
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
