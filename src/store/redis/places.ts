/** As many as are ever under way, and more; of one beyond them all shards are asked. */
const REMEMBERED = 20_000;

/** Shards of what was claimed here, where an id does not tell: of timers and of events of the outbox. */
export interface Places {
  remember(id: string, shard: string): void;
  /** Undefined: it must be looked for. */
  find(id: string): string | undefined;
  forget(id: string): void;
}

export function createPlaces(): Places {
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
