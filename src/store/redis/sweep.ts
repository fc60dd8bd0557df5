import type { Mutation, Reply, ScriptRunner } from './script.ts';

/** PINs a script, so that a sweep never keeps live calls waiting. */
const CHUNK = 200;

/** Erasure and retention, a shard and a chunk at a time. Windows of numbers and media tokens end by themselves. */
export function createSweep(deps: { scripts: ScriptRunner; sweepTokens: () => Promise<number> }) {
  const { scripts, sweepTokens } = deps;
  const eraseSeeds = scripts.mutation('sweep-seeds');
  const deletePins = scripts.mutation('sweep-pins');
  const deleteWindows = scripts.mutation('sweep-windows');

  async function inChunks(step: Mutation, shard: string, ...args: number[]): Promise<number> {
    for (let total = 0; ;) {
      const reply = (await step({ shard, args: [CHUNK, ...args] })) as readonly Reply[];
      const [seen, done] = reply.map(Number);
      total += done ?? 0;
      if ((seen ?? 0) < CHUNK) return total;
    }
  }

  return async function sweep({ retentionMs }: { retentionMs: number }) {
    let [seedsErased, rowsDeleted] = [0, 0];
    for (const shard of scripts.shards) {
      seedsErased += await inChunks(eraseSeeds, shard);
      rowsDeleted += await inChunks(deletePins, shard, retentionMs);
      await inChunks(deleteWindows, shard);
    }
    rowsDeleted += await sweepTokens();
    return { seedsErased, rowsDeleted };
  };
}
