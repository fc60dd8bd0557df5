import { setTimeout as pause } from 'node:timers/promises';

import type { Environment } from './connect.ts';
import type { Input } from './password.ts';

/** What a command knows of where it was called. */
export interface Terminal {
  readonly environment: Environment;
  readonly input: Input;
  /** Results; bytes are those of a file. */
  readonly out: (chunk: string | Uint8Array) => void;
  /** What is said to the person in front of it. */
  readonly error: (text: string) => void;
  /** Where there is a terminal. Absent: there is none, and so no colours and no progress bars. */
  readonly tty?: { readonly out: boolean; readonly error: boolean; readonly columns?: number };
  readonly sleep?: (ms: number) => Promise<void>;
}

/** Whether results may be coloured: https://no-color.org, and never in a pipe or a file. */
export function hasColour({ tty, environment }: Terminal): boolean {
  return tty?.out === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
}

export function sleep(terminal: Terminal, ms: number): Promise<void> {
  return terminal.sleep?.(ms) ?? pause(ms);
}
