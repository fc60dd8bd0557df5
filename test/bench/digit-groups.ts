/** Finding the spoken digits in a recording of a call, knowing only how many there are. */

export interface Span {
  /** Samples, end exclusive. */
  readonly start: number;
  readonly end: number;
}

const FRAME = 80; // 10 ms at 8 kHz
/** Below the loud part of the recording by this much is a pause. */
const PAUSE_DB = -40;
/** Shorter gaps are inside a word: the stop of "six", the t of "eight" at the slowest rate. */
const JOIN_MS = 220;
const MARGIN_MS = 60;
const MIN_WORD_MS = 90;
const MAX_WORD_MS = 1_400;
/**
 * Digits of one reading follow each other at a fixed pause (400 ms unless told), which soft onsets ("seven") lengthen:
 * up to 750 ms was seen at the slowest rate. A reading is set apart by clearly more than its own pauses.
 */
const MAX_GAP_MS = 850;
const MAX_GAP_SPREAD_MS = 360;
const CLEAR_MS = 150;

/** Stretches of sound, in order. */
export function soundSpans(samples: Int16Array): Span[] {
  const levels: number[] = [];
  for (let start = 0; start + FRAME <= samples.length; start += FRAME) {
    let energy = 0;
    for (let index = start; index < start + FRAME; index++) energy += samples[index]! ** 2;
    levels.push(Math.sqrt(energy / FRAME));
  }
  const loud = levels.toSorted((a, b) => b - a)[Math.floor(levels.length * 0.05)] ?? 0;
  const threshold = Math.max(20, loud * 10 ** (PAUSE_DB / 20));
  const spans: Span[] = [];
  for (const [frame, level] of levels.entries()) {
    if (level <= threshold) continue;
    const last = spans.at(-1);
    const start = frame * FRAME;
    if (last && start - last.end <= JOIN_MS * 8)
      spans[spans.length - 1] = { start: last.start, end: start + FRAME };
    else spans.push({ start, end: start + FRAME });
  }
  return spans.filter(span => span.end - span.start >= MIN_WORD_MS * 8);
}

/**
 * Every reading of `digits` digits: runs of that many evenly spaced sounds. Running text is ruled out by its uneven
 * gaps and long stretches. Each span gets a margin, so that soft onsets are kept.
 */
export function digitGroups(samples: Int16Array, digits: number): Span[][] {
  const spans = soundSpans(samples);
  const groups: Span[][] = [];
  let from = 0;
  while (from + digits <= spans.length) {
    const group = spans.slice(from, from + digits);
    if (!isReading(group)) {
      from++;
      continue;
    }
    if (!startsClearly(spans, from, group) && betterLater(group, spans.slice(from + 1, from + 1 + digits))) {
      from++;
      continue;
    }
    groups.push(group.map(span => widen(span, samples.length)));
    from += digits;
  }
  return groups;
}

function startsClearly(spans: readonly Span[], from: number, group: readonly Span[]): boolean {
  const before = spans[from - 1];
  if (!before) return false;
  return (group[0]!.start - before.end) / 8 > Math.max(...gapsMs(group), 0) + CLEAR_MS;
}

/** A word before the digits may be nearly as far from them as they are from each other: the evener run is right. */
function betterLater(group: readonly Span[], later: readonly Span[]): boolean {
  return later.length === group.length && isReading(later) && spread(later) <= spread(group);
}

function isReading(group: readonly Span[]): boolean {
  const gaps = gapsMs(group);
  const words = group.every(span => span.end - span.start <= MAX_WORD_MS * 8);
  return words && gaps.every(gap => gap <= MAX_GAP_MS) && spread(group) <= MAX_GAP_SPREAD_MS;
}

function spread(group: readonly Span[]): number {
  const gaps = gapsMs(group);
  return gaps.length === 0 ? 0 : Math.max(...gaps) - Math.min(...gaps);
}

function gapsMs(group: readonly Span[]): number[] {
  return group.slice(1).map((span, index) => (span.start - group[index]!.end) / 8);
}

function widen(span: Span, length: number): Span {
  return { start: Math.max(0, span.start - MARGIN_MS * 8), end: Math.min(length, span.end + MARGIN_MS * 8) };
}
