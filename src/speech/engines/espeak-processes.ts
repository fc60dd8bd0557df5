import { spawn } from 'node:child_process';
import { decodeWav } from '../wav.ts';
import type { Helper } from './helper-pool.ts';
import { encodeFrame, FrameReader, MAX_FRAME_BYTES } from './espeak-protocol.ts';
import type { EspeakFrame, EspeakRequest } from './espeak-protocol.ts';

/** What became of one request; `failed` leaves the helper fit for the next. */
export type EspeakReply = Exclude<EspeakFrame, { type: 'request' }>;

export type EspeakHelper = Helper<EspeakRequest, EspeakReply>;

/** The npm package in a child of ours: started once, one request after the other over the pipe. */
export function startChildHelper(): EspeakHelper & { readonly pid: number | undefined } {
  const script = new URL('espeak-child.ts', import.meta.url).pathname;
  // No environment: it needs nothing, and ours holds keys. Its errors could quote the text.
  const child = spawn(process.execPath, ['--expose-gc', decodeURIComponent(script)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {},
  });
  const exited = new Promise<void>(resolve => child.once('close', () => resolve()));
  const reader = new FrameReader();
  let pending: PromiseWithResolvers<EspeakReply> | undefined;
  let lost: Error | undefined;
  const lose = (error: Error): void => {
    lost ??= error;
    pending?.reject(lost);
    pending = undefined;
  };
  child.once('error', lose);
  child.once('close', (code, signal) => lose(new Error(`eSpeak ended with ${signal ?? code}`)));
  child.stdin.on('error', lose);
  child.stdout.on('data', (chunk: Buffer) => {
    const frames = reader.push(chunk);
    const [reply, ...rest] = frames ?? [];
    if (frames?.length === 0) return;
    if (!reply || reply.type === 'request' || rest.length > 0 || !pending) {
      child.kill('SIGKILL');
      lose(new Error('eSpeak broke the protocol'));
      return;
    }
    pending.resolve(reply);
    pending = undefined;
  });
  return {
    pid: child.pid,
    request(request) {
      if (lost) return Promise.reject(lost);
      pending = Promise.withResolvers<EspeakReply>();
      child.stdin.write(encodeFrame({ type: 'request', ...request }));
      return pending.promise;
    },
    async kill() {
      child.kill('SIGKILL');
      if (child.pid !== undefined) await exited;
    },
  };
}

/**
 * The `espeak-ng` program of the system, one process a request: text through standard input, never a shell and
 * never an argument (arguments can be read by every user of the machine).
 */
export function startProgramHelper(program: string): EspeakHelper {
  let running: { kill(): void; ended: Promise<void> } | undefined;
  return {
    request({ wordsPerMinute, voice, text }) {
      const { promise, resolve, reject } = Promise.withResolvers<EspeakReply>();
      const args = [
        '-v',
        voice,
        '-s',
        String(wordsPerMinute),
        '-p',
        '50',
        '-b',
        '1',
        '-z',
        '--stdin',
        '--stdout',
      ];
      const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], env: {} });
      const ended = new Promise<void>(done => child.once('close', () => done()));
      running = { kill: () => child.kill('SIGKILL'), ended };
      const chunks: Buffer[] = [];
      let size = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_FRAME_BYTES) child.kill('SIGKILL');
        else chunks.push(chunk);
      });
      child.once('error', reject);
      child.once('close', (code, signal) => {
        if (signal) return reject(new Error(`espeak-ng ended with ${signal}`));
        const pcm = code === 0 ? decodeWav(Buffer.concat(chunks)) : undefined;
        resolve(pcm ? { type: 'audio', ...pcm } : { type: 'failed' });
      });
      child.stdin.on('error', () => undefined); // reported by close
      child.stdin.end(text);
      return promise;
    },
    async kill() {
      running?.kill();
      await running?.ended;
    },
  };
}
