import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { h } from './dom.ts';
import type { KeyPress } from './wire.ts';

const FRAME_MS = 20;
const BAR = 2;
const GAP = 2;
/** Under 1: the soft parts of words stay visible beside the loud ones. */
const CURVE = 0.75;
/** The loudest that is drawn small: a quiet line is not blown up. */
const FULL_HEIGHT_PEAK = 0.3;
const TAG = 16;

export interface WaveformProps {
  /** The loudest sample of each 20 ms, 0 to 1; may grow while it is shown. */
  readonly peaks: readonly number[];
  readonly keys: readonly KeyPress[];
  /** Shows the last so many ms, the newest at the right, and moves; without it the whole. */
  readonly windowMs?: number;
  /** How much of the whole was played, 0 to 1. */
  readonly progress?: number;
}

/** A picture of the sound with the keys pressed marked on it; what it means is said in words beside it. */
export function Waveform(props: WaveformProps): ComponentChild {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const live = props.windowMs !== undefined;
  useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    let request = 0;
    const paint = (): void => {
      draw(element, latest.current);
      if (live) request = requestAnimationFrame(paint);
    };
    paint();
    const observer = new ResizeObserver(() => draw(element, latest.current));
    observer.observe(element);
    return () => {
      cancelAnimationFrame(request);
      observer.disconnect();
    };
  }, [live]);
  useEffect(() => {
    if (canvas.current && !live) draw(canvas.current, props);
  });
  return h('canvas', { ref: canvas, class: 'waveform', 'aria-hidden': 'true' });
}

function draw(canvas: HTMLCanvasElement, props: WaveformProps): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (!context || width === 0) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const total = props.peaks.length;
  const shown = props.windowMs === undefined ? Math.max(total, 1) : props.windowMs / FRAME_MS;
  const first = props.windowMs === undefined ? 0 : total - shown;
  const bars = Math.floor(width / (BAR + GAP));
  const top = props.keys.length > 0 ? TAG + 4 : 0;
  const middle = top + (height - top) / 2;
  const reach = (height - top) / 2 - 1;
  const played = (props.progress ?? 1) * bars;
  const full = Math.max(FULL_HEIGHT_PEAK, loudest(props.peaks, first, total));
  const colours = [style.getPropertyValue('--wave'), style.getPropertyValue('--wave-rest')] as const;
  for (let bar = 0; bar < bars; bar++) {
    // In a moving picture each bar keeps its frames, so that it does not shimmer.
    const from = first + (bar * shown) / bars;
    const peak = loudest(props.peaks, from, from + shown / bars);
    const size = Math.max(1, (peak / full) ** CURVE * reach);
    context.fillStyle = colours[bar < played ? 0 : 1];
    context.beginPath();
    context.roundRect(bar * (BAR + GAP), middle - size, BAR, size * 2, BAR / 2);
    context.fill();
  }
  let free = TAG / 2;
  for (const { key, ms } of props.keys) {
    const x = ((ms / FRAME_MS - first) / shown) * width;
    if (x < 0 || x > width) continue;
    // Tags of keys pressed quickly stand side by side.
    const tagX = Math.min(width - TAG / 2, Math.max(free, x));
    mark(context, style, { key, x, tagX, height });
    free = tagX + TAG + 1;
  }
}

function mark(
  context: CanvasRenderingContext2D,
  style: CSSStyleDeclaration,
  { key, x, tagX, height }: { key: string; x: number; tagX: number; height: number },
): void {
  context.fillStyle = style.getPropertyValue('--mark');
  context.fillRect(x - 0.75, TAG, 1.5, height - TAG);
  context.beginPath();
  context.roundRect(tagX - TAG / 2, 0, TAG, TAG, 5);
  context.fill();
  context.fillStyle = style.getPropertyValue('--mark-ink');
  context.font = `600 11px ${style.fontFamily}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(key, tagX, TAG / 2 + 0.5);
}

function loudest(peaks: readonly number[], from: number, to: number): number {
  let peak = 0;
  for (let i = Math.max(0, Math.floor(from)); i < to; i++) peak = Math.max(peak, peaks[i] ?? 0);
  return peak;
}
