import type { Limit } from '../../domain/types.ts';
import type { NewTimer } from '../store.ts';
import type { Argument } from './script.ts';

/** What scripts take at the end of ARGV: see lua/include/timers.lua. */

export function armArguments(timers: readonly NewTimer[] = []): Argument[] {
  const args: Argument[] = [timers.length];
  for (const { id, kind, inMs, data } of timers) {
    args.push(id, Math.ceil(inMs), JSON.stringify([kind, data]));
  }
  return args;
}

/** As lua/include/commit-verbs.lua takes timers: to the end, without how many. */
export function commitTimers(timers: readonly NewTimer[] = []): Argument[] {
  return timers.flatMap(({ id, kind, inMs, data }) => [id, Math.ceil(inMs), JSON.stringify([kind, data])]);
}

/** What most operations of a group commit do not have: '' when all are. */
export function moreArgument(...texts: readonly string[]): string {
  return texts.every(text => text === '') ? '' : JSON.stringify(texts);
}

export function cancelArguments(ids: readonly string[] = []): Argument[] {
  return [ids.length, ...ids];
}

export function limitArguments({ attempts, windowMs }: Limit): Argument[] {
  return [attempts, windowMs];
}
