import type { Behaviour } from './phone.ts';

export type AnsweredBy =
  | 'human'
  | 'machine_start'
  | 'machine_end_beep'
  | 'machine_end_silence'
  | 'fax'
  | 'unknown';

export interface DetectionOptions {
  readonly mode: 'Enable' | 'DetectMessageEnd';
  readonly timeoutMs: number;
  readonly speechThresholdMs: number;
  readonly speechEndThresholdMs: number;
  readonly silenceTimeoutMs: number;
}

/** A person who picks up says about this much, also where the simulated one is mute. */
const HELLO_MS = 500;
const FAX_MS = 2_000;

/**
 * What detection will say of this phone, and how many ms after the answer. The simulator knows the greeting beforehand, so
 * nothing is measured: a voicemail is a machine, a greeting longer than the speech threshold sounds like one, everyone
 * else is a person.
 */
export function planDetection(
  phone: Pick<Behaviour, 'outcome' | 'machine'>,
  greeting: { ms: number; beep: boolean },
  options: DetectionOptions,
): { answeredBy: AnsweredBy; afterMs: number } {
  const looksLike = greeting.ms > options.speechThresholdMs ? 'machine' : 'human';
  const who = phone.machine ?? (phone.outcome === 'voicemail' ? 'machine' : looksLike);
  const plan = verdict(who, greeting, options);
  return plan.afterMs > options.timeoutMs ? { answeredBy: 'unknown', afterMs: options.timeoutMs } : plan;
}

function verdict(
  who: 'human' | 'machine' | 'fax' | 'unknown',
  greeting: { ms: number; beep: boolean },
  options: DetectionOptions,
): { answeredBy: AnsweredBy; afterMs: number } {
  switch (who) {
    case 'human':
      return {
        answeredBy: 'human',
        afterMs:
          Math.min(Math.max(greeting.ms, HELLO_MS), options.speechThresholdMs) + options.speechEndThresholdMs,
      };
    case 'fax':
      return { answeredBy: 'fax', afterMs: FAX_MS };
    case 'unknown':
      return { answeredBy: 'unknown', afterMs: options.silenceTimeoutMs };
    case 'machine':
      if (options.mode === 'Enable') {
        return { answeredBy: 'machine_start', afterMs: options.speechThresholdMs };
      }
      return greeting.beep
        ? { answeredBy: 'machine_end_beep', afterMs: greeting.ms }
        : { answeredBy: 'machine_end_silence', afterMs: greeting.ms + options.speechEndThresholdMs };
    default:
      throw new TypeError(`no such verdict: ${String(who satisfies never)}`);
  }
}
