import type { ComponentChild } from 'preact';

import { h } from './dom.ts';

const BARS = 96;
/** A WAV of ours: 44 bytes of header, then 16-bit samples at 8 kHz. */
const HEADER_BYTES = 44;
const SAMPLE_RATE = 8_000;

export interface Sound {
  /** To be revoked. */
  readonly url: string;
  readonly seconds: number;
  /** The loudest of each part, 0 to 1. */
  readonly peaks: readonly number[];
}

export async function readSound(file: Blob): Promise<Sound> {
  const samples = new Int16Array((await file.arrayBuffer()).slice(HEADER_BYTES));
  const size = Math.max(1, Math.ceil(samples.length / BARS));
  const peaks: number[] = [];
  for (let at = 0; at < samples.length; at += size) {
    let peak = 0;
    for (const sample of samples.subarray(at, at + size)) peak = Math.max(peak, Math.abs(sample));
    peaks.push(peak / 32_768);
  }
  return { url: URL.createObjectURL(file), seconds: samples.length / SAMPLE_RATE, peaks };
}

/** A picture of the sound; what it is is said in words beside it. `progress`: how much was played, 0 to 1. */
export function Waveform({
  peaks,
  progress,
}: {
  readonly peaks: readonly number[];
  readonly progress: number;
}): ComponentChild {
  const full = Math.max(0.3, ...peaks);
  return h(
    'svg',
    {
      class: 'waveform',
      viewBox: `0 0 ${BARS * 4} 64`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
      focusable: 'false',
    },
    peaks.map((peak, index) => {
      const size = Math.max(1.5, (peak / full) ** 0.75 * 30);
      const played = index / peaks.length < progress;
      return h('rect', {
        key: index,
        class: played ? 'played' : undefined,
        x: index * 4,
        y: 32 - size,
        width: 2.4,
        height: size * 2,
        rx: 1.2,
      });
    }),
  );
}
