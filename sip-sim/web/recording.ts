import { peakOf } from './mulaw.ts';

const HEADER_BYTES = 44;
const FRAME_SAMPLES = 160;

export interface Recorded {
  readonly peaks: readonly number[];
  readonly seconds: number;
  readonly url: string;
}

/** What the phone heard of a call, as the simulator kept it; `url` is to be revoked. @throws Error */
export async function loadRecording(call: string): Promise<Recorded> {
  const answer = await fetch(`/calls/${call}/audio.wav`);
  if (!answer.ok) throw new Error('the recording is gone');
  const file = await answer.blob();
  const samples = new Int16Array((await file.arrayBuffer()).slice(HEADER_BYTES));
  const linear = Float32Array.from(samples, sample => sample / 32_768);
  const peaks: number[] = [];
  for (let at = 0; at < linear.length; at += FRAME_SAMPLES) {
    peaks.push(peakOf(linear.subarray(at, at + FRAME_SAMPLES)));
  }
  return { peaks, seconds: samples.length / 8_000, url: URL.createObjectURL(file) };
}
