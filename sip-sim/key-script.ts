import type { KeyEntry } from './phone.ts';
import { FRAME_MS } from './ticker.ts';

/** Shorter sounds than this are clicks, not speech. */
const SPEECH_MS = 60;

export interface KeyScriptState {
  readonly next: number;
  /** Since the previous entry fired (or the answer). */
  readonly soundMs: number;
  /** Unbroken, up to now. */
  readonly silentMs: number;
}

export const KEY_SCRIPT_START: KeyScriptState = { next: 0, soundMs: 0, silentMs: 0 };

/**
 * One frame of listening by the person at the phone. `ms` is the time since the answer at the frame's end, `sound`
 * whether anything was heard in it. Entries fire in order, each once; an entry by time whose turn comes late fires at
 * once; an entry by silence wants some speech first, both counted from the previous entry's firing.
 */
export function stepKeyScript(
  state: KeyScriptState,
  entries: readonly KeyEntry[],
  frame: { ms: number; sound: boolean },
): { state: KeyScriptState; press: string | undefined } {
  const entry = entries[state.next];
  if (!entry) return { state, press: undefined };
  const soundMs = state.soundMs + (frame.sound ? FRAME_MS : 0);
  const silentMs = frame.sound ? 0 : state.silentMs + FRAME_MS;
  const due =
    'ms' in entry.at ? frame.ms >= entry.at.ms : soundMs >= SPEECH_MS && silentMs >= entry.at.silenceMs;
  if (!due) return { state: { next: state.next, soundMs, silentMs }, press: undefined };
  return { state: { next: state.next + 1, soundMs: 0, silentMs: 0 }, press: entry.keys };
}
