import type { Segment } from '../../ivr/prompt.ts';
import type { Clip } from './conditioner-worker.ts';
import { MULAW_SILENCE } from './g711.ts';
import type { AudioPart } from './speech.ts';

const BYTES_PER_MS = 8;
/** A single pause of more is a mistake somewhere above, and must not cost memory. */
const MAX_SILENCE_MS = 60_000;

/**
 * Clips (`clips[i]` belongs to `segments[i]`, undefined for a silence) and silence to the pieces that a media
 * stream is handed. A piece ends exactly where the sound of a PIN symbol ends; the pause behind the symbol opens
 * the NEXT piece. So a mark that comes back for a `pin` piece means that this symbol was heard, no more
 * and no less: a listener who hangs up in the pause after it has heard it.
 */
export function joinParts(
  segments: readonly Segment[],
  clips: readonly (Clip | undefined)[],
): readonly AudioPart[] {
  const parts: AudioPart[] = [];
  let pieces: Uint8Array[] = [];
  const cut = (pin: boolean): void => {
    const mulaw = concatenate(pieces);
    pieces = [];
    if (pin || mulaw.length > 0) parts.push({ mulaw, ms: mulaw.length / BYTES_PER_MS, pin });
  };
  for (const [index, segment] of segments.entries()) {
    if (segment.kind === 'silence') {
      pieces.push(silence(segment.ms));
      continue;
    }
    const clip = clips[index];
    if (clip) pieces.push(clip.mulaw);
    if (segment.pin) cut(true);
  }
  cut(false);
  return parts;
}

function silence(ms: number): Uint8Array {
  const bounded = Number.isFinite(ms) ? Math.min(MAX_SILENCE_MS, Math.max(0, ms)) : 0;
  return new Uint8Array(Math.round(bounded * BYTES_PER_MS)).fill(MULAW_SILENCE);
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
