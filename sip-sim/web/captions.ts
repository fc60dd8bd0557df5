import type { Activity } from './speech-activity.ts';
import type { Call } from './wire.ts';

export type CaptionKind = 'ringing' | 'answered' | 'speaking' | 'silence' | 'key' | 'ended';

export interface Caption {
  readonly kind: CaptionKind;
  readonly text: string;
  /** Since the call reached the phone, in ms of the phone's own time. */
  readonly ms: number;
}

const ENDINGS: Readonly<Record<string, string>> = {
  busy: 'Declined',
  'no-answer': 'Missed',
  canceled: 'The caller gave up',
  failed: 'The call failed',
};

/** What can be said of a call without knowing its words: who did what, and whether somebody speaks. */
export function captionsOf(call: Call, activity: readonly Activity[]): readonly Caption[] {
  const at = (state: string): number | undefined => call.states.find(entry => entry.state === state)?.ms;
  const startMs = at('ringing') ?? at('dialing') ?? 0;
  const answeredMs = at('answered');
  const captions: Caption[] = [];
  if (at('ringing') !== undefined) captions.push({ kind: 'ringing', text: 'Ringing', ms: 0 });
  if (answeredMs !== undefined) {
    const offset = answeredMs - startMs;
    captions.push({ kind: 'answered', text: 'Answered', ms: offset });
    const spoken = activity.map(({ kind, ms }): Caption => {
      const text = kind === 'speaking' ? 'Speaking' : 'Silence';
      return { kind, text, ms: offset + ms };
    });
    const keys = call.keys.map(({ key, ms }): Caption => {
      return { kind: 'key', text: `Key ${key} pressed`, ms: offset + ms };
    });
    captions.push(...[...spoken, ...keys].toSorted((one, other) => one.ms - other.ms));
  }
  const endedMs = at('ended');
  if (endedMs !== undefined) captions.push({ kind: 'ended', text: endingOf(call), ms: endedMs - startMs });
  return captions;
}

/** How the call ended, in words. */
export function endingOf(call: Call): string {
  if (call.outcome === 'completed') return call.endedBy === 'phone' ? 'You hung up' : 'The caller hung up';
  const busy = call.outcome === 'busy' && !call.states.some(({ state }) => state === 'ringing');
  return busy ? 'Busy' : (ENDINGS[call.outcome ?? ''] ?? 'Ended');
}
