import { parentPort } from 'node:worker_threads';
import { encodeMulaw } from './g711.ts';
import { condition } from './loudness.ts';
import { createResampler, type Resampler } from './resample.ts';
import type { Pcm } from './speech.ts';

/** A clip ready for a telephone: trimmed, evened, 8 kHz, as mu-law and as the linear samples it came from. */
export interface Clip {
  readonly mulaw: Uint8Array;
  readonly pcm: Int16Array;
}

/** An engine's output to a clip. Pure, but too slow for the main thread: see `conditioner.ts`. */
export function createConditioner(): (raw: Pcm) => Clip {
  const resamplers = new Map<number, Resampler>();
  return ({ sampleRate, samples }) => {
    const resample = resamplers.get(sampleRate) ?? createResampler(sampleRate);
    resamplers.set(sampleRate, resample);
    const pcm = condition(resample(samples));
    return { pcm, mulaw: encodeMulaw(pcm) };
  };
}

if (parentPort) {
  const port = parentPort;
  const makeClip = createConditioner();
  port.on('message', (raw: Pcm) => port.postMessage(makeClip(raw)));
}
