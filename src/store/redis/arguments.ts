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

export function cancelArguments(ids: readonly string[] = []): Argument[] {
  return [ids.length, ...ids];
}

export function limitArguments({ attempts, windowMs }: Limit): Argument[] {
  return [attempts, windowMs];
}
