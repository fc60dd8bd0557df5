import type { Clock } from '../clock.ts';

/** How a key reached us: the media socket, a webhook of the same call, or our own ear on the audio. */
export type KeyRoad = 'stream' | 'webhook' | 'inband';

/** Two reports of one press by different roads are no further apart than this (voice-dialogue.md section 4). */
const SAME_PRESS_MS = 100;

/**
 * Tells presses from echoes: the same key by another road within 100 ms is the same press. Two presses on one road
 * are always two keys, however quick the thumb.
 */
export function createKeyFilter(clock: Clock): (key: string, road: KeyRoad) => boolean {
  let last: { key: string; road: KeyRoad; at: number } | undefined;
  return (key, road) => {
    const at = clock.monotonic();
    const echo =
      last !== undefined && last.key === key && last.road !== road && at - last.at <= SAME_PRESS_MS;
    if (!echo) last = { key, road, at };
    return !echo;
  };
}
