import type { StoreBacklog } from '../../metrics/metrics.ts';
import type { Reply, ScriptRunner } from './script.ts';

/** What waits, for metrics: a script a shard. */
export function createBacklog({ scripts }: { scripts: ScriptRunner }): () => Promise<StoreBacklog> {
  const count = scripts.query('backlog');

  return async () => {
    const replies = await Promise.all(scripts.shards.map(shard => count(shard)));
    const parts = replies.map(reply => (reply as readonly Reply[]).map(Number));
    const column = (index: number): number[] => parts.map(part => part[index] ?? 0);
    const total = (index: number): number => column(index).reduce((sum, each) => sum + each, 0);
    return {
      timers: total(0),
      oldestTimerMs: Math.max(...column(1)),
      events: total(2),
      oldestEventMs: Math.max(...column(3)),
      messages: total(4),
    };
  };
}
