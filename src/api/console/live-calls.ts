import type { Clock } from '../../clock.ts';

/**
 * Where a dialogue is: the phases of ivr/dialog-state.ts by name, without the keys that some of them hold. Structural, so that
 * the delivery can hand over its own state.
 */
export interface DialogueMoment {
  readonly phase: { readonly at: string; readonly cause?: string };
  readonly facts: {
    readonly answeredBy: string;
    readonly gate: string;
    readonly repeats: number;
    readonly heard: string;
  };
}

export interface WatchedCall {
  readonly ref: string;
  /** Absent: no PIN's. */
  readonly pinId?: string | undefined;
  readonly to: string;
  readonly carrier: string;
}

/** A call as the page gets it. Times are ms since the epoch. */
export interface LiveCallView extends WatchedCall {
  readonly startedAt: number;
  readonly at: string;
  /** Since when it is there. */
  readonly since: number;
  readonly cause?: string;
  readonly answeredBy: string;
  readonly gate: string;
  readonly repeats: number;
  readonly heard: string;
  /** Where it was before, oldest first. */
  readonly path: readonly string[];
}

export interface LiveCalls {
  /** For the delivery: a dialogue begins. `moved` takes each of its states, the last one too. */
  watch(call: WatchedCall): { moved(moment: DialogueMoment): void };
  list(): readonly LiveCallView[];
  /** Called at each change, with what the call is now. */
  onChange(listener: (call: LiveCallView) => void): () => void;
}

/** Ended calls stay to be seen. */
const LINGER_MS = 20_000;
const MOST_CALLS = 500;
const MOST_PATH = 40;

/** The dialogues of this process, for whoever looks. Costs a few words a call, and nothing that can fail reaches the call. */
export function createLiveCalls({ clock }: { clock: Clock }): LiveCalls {
  const calls = new Map<string, LiveCallView>();
  const listeners = new Set<(call: LiveCallView) => void>();

  function put(call: LiveCallView): void {
    calls.set(call.ref, call);
    const oldest = calls.keys().next();
    if (calls.size > MOST_CALLS && !oldest.done) calls.delete(oldest.value);
    for (const listener of listeners) listener(call);
  }

  return {
    watch(watched) {
      const { ref, pinId, to, carrier } = watched;
      const now = clock.now();
      const begun: LiveCallView = {
        ref,
        ...(pinId !== undefined && { pinId }),
        to,
        carrier,
        startedAt: now,
        at: 'idle',
        since: now,
        answeredBy: 'unknown',
        gate: 'none',
        repeats: 0,
        heard: 'none',
        path: [],
      };
      put(begun);
      return {
        moved({ phase, facts }) {
          const before = calls.get(ref) ?? begun;
          if (before.at === 'ended') return;
          const { answeredBy, gate, repeats, heard } = facts;
          const same =
            before.at === phase.at &&
            before.answeredBy === answeredBy &&
            before.gate === gate &&
            before.repeats === repeats &&
            before.heard === heard;
          if (same) return;
          const moved = before.at !== phase.at || before.repeats !== repeats;
          put({
            ...before,
            at: phase.at,
            since: moved ? clock.now() : before.since,
            ...(phase.cause !== undefined && { cause: phase.cause }),
            answeredBy,
            gate,
            repeats,
            heard,
            path: moved ? [...before.path, before.at].slice(-MOST_PATH) : before.path,
          });
          if (phase.at === 'ended') clock.after(LINGER_MS, () => calls.delete(ref));
        },
      };
    },
    list: () => [...calls.values()],
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
