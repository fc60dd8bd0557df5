import type { DialogEvent } from './dialog-types.ts';
import type { Draft } from './dialog-state.ts';

type Marked = Extract<DialogEvent, { type: 'marked' }>;

/**
 * Books one mark of the message. `full` needs every mark of one whole reading to have come back played; a cleared
 * mark proves nothing, and spoils its reading.
 */
export function bookMark(draft: Draft, mark: Marked): void {
  const { facts } = draft;
  const known = facts.reading;
  const same = known?.playId === mark.playId && known.reading === mark.reading;
  const before = same ? known : { playId: mark.playId, reading: mark.reading, symbols: 0, cleared: false };
  const played = mark.outcome === 'played';
  const symbols = before.symbols + (mark.part === 'symbol' && played ? 1 : 0);
  const reading = { ...before, symbols, cleared: before.cleared || !played };
  draft.learn({ reading });
  if (facts.heard === 'full' || !played) return;
  const whole = mark.part === 'end' && !reading.cleared && symbols >= (facts.symbols ?? 0);
  if (whole) draft.learn({ heard: 'full' });
  // A guard that fired before said `unknown`: one symbol more does not make it known.
  else if (mark.part === 'symbol' && facts.heard === 'none') draft.learn({ heard: 'partial' });
}
