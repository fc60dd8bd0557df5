import type { Draft, Phase } from './dialog-state.ts';
import { gather, isTrigger } from './gather.ts';

/** The message and the keys after it: playing, listening, repeating. */

export const MAX_REPEATS = 5;
const INTER_KEY_MS = 3_000;
const TAIL_MS = 500;

type Playing = Extract<Phase, { at: 'playing' }>;
type Listening = Extract<Phase, { at: 'listening' }>;

export function interKeyMs(dtmfTimeoutMs: number): number {
  return Math.min(dtmfTimeoutMs, INTER_KEY_MS);
}

export function playMessage(draft: Draft): void {
  const times = Math.min(Math.max(Math.round(draft.config.times), 1), 5);
  const playId = draft.play({ kind: 'message', times });
  draft.phase = { at: 'playing', playId, keys: '', done: false };
}

/** The last mark came back, or the guard fired. */
export function playbackEnded(draft: Draft, phase: Playing): void {
  draft.stop('playGuard');
  const { playId, keys } = phase;
  if (phase.done || draft.collecting.maxKeys === 0) {
    draft.phase = { at: 'tail', playId };
    draft.start('tail', TAIL_MS);
    return;
  }
  draft.phase = { at: 'listening', playId, keys };
  const { dtmfTimeoutMs } = draft.config;
  if (keys === '') draft.start('firstKey', dtmfTimeoutMs);
  else draft.start('interKey', interKeyMs(dtmfTimeoutMs));
}

/**
 * A key during playback does not cut it, unless it completes the repeat trigger. An input that ends here without
 * being the trigger is reported; more can follow where there is a trigger to wait for.
 */
export function playingKey(draft: Draft, phase: Playing, key: string): void {
  const { collecting } = draft;
  if (phase.done) return;
  const { state, outcome } = gather({ keys: phase.keys, dropped: 0 }, key, collecting);
  if (outcome.type === 'ignored') return;
  const input = outcome.type === 'ended' ? outcome.input : state.keys;
  if (repeatable(draft, input)) {
    draft.clear();
    repeat(draft, input);
  } else if (outcome.type === 'collecting') {
    draft.phase = { ...phase, keys: input };
  } else {
    draft.report(input);
    draft.phase = { ...phase, keys: '', done: input !== '' && collecting.trigger === '' };
  }
}

export function listeningKey(draft: Draft, phase: Listening, key: string): void {
  const { state, outcome } = gather({ keys: phase.keys, dropped: 0 }, key, draft.collecting);
  draft.stop('firstKey');
  if (outcome.type === 'ended') {
    inputEnded(draft, outcome.input);
    return;
  }
  draft.phase = { ...phase, keys: state.keys };
  draft.start('interKey', interKeyMs(draft.config.dtmfTimeoutMs));
}

/** The end of an input while listening: play again, or end the call. */
export function inputEnded(draft: Draft, input: string): void {
  draft.stop('firstKey', 'interKey');
  if (repeatable(draft, input)) {
    repeat(draft, input);
    return;
  }
  draft.report(input);
  draft.phase = { at: 'listening', playId: draft.facts.lastPlayId, keys: '' };
  draft.end('completed');
}

/** The sixth is no match. */
function repeatable(draft: Draft, input: string): boolean {
  return isTrigger(input, draft.collecting) && draft.facts.repeats < MAX_REPEATS;
}

function repeat(draft: Draft, input: string): void {
  draft.report(input);
  draft.learn({ repeats: draft.facts.repeats + 1 });
  playMessage(draft);
}
