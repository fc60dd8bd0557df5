import { WebSocket } from 'ws';

import { MULAW_SILENCE } from './g711.ts';
import type { Line } from './line.ts';
import { decodeMessage, MessageWriter } from './media-codec.ts';
import { PlayBuffer } from './play-buffer.ts';
import type { Faults } from './settings.ts';
import { signature } from './signature.ts';
import { FRAME_BYTES, FRAME_MS } from './ticker.ts';

export type MediaFault = Faults['media']['mode'];

export interface MediaStreamOptions {
  readonly url: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly accountSid: string;
  readonly callSid: string;
  readonly streamSid: string;
  readonly authToken: string;
  readonly line: Line;
  readonly maxBufferSeconds: number;
  readonly fault: { readonly mode: MediaFault; readonly afterMs: number };
  /** A row of Twilio's error log. */
  readonly notice: (code: number, message: string) => void;
  readonly event: (type: string, data: Readonly<Record<string, unknown>>) => void;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
const MAX_MESSAGE = 16 * 1024 * 1024;
/** A customer that does not read gets no more than this queued; frames beyond are lost. */
const MAX_UNREAD = 1024 * 1024;
const CLOSE_GRACE_MS = 2_000;
const MAX_NOTICES = 50;

const SILENCE = Buffer.alloc(FRAME_BYTES, MULAW_SILENCE).toString('base64');
const LINEAR_SILENCE = Buffer.alloc(FRAME_BYTES * 2).toString('base64');

/** How the stream ended, other than by the end of the call: the document goes on. */
export interface StreamEnd {
  readonly error: number;
  readonly started: boolean;
}

/** The customer's side of a `<Connect><Stream>`: one websocket, both directions (carrier-protocols.md 1.4). */
export class MediaStream {
  readonly #options: MediaStreamOptions;
  readonly #buffer: PlayBuffer;
  readonly #writer: MessageWriter;
  #socket: WebSocket | undefined;
  #startedAt = 0;
  #notices = 0;
  /** Kept back by the `out-of-order` fault. */
  #held: string | undefined;
  #fallenSilent = false;
  #leave: (() => void) | undefined;

  constructor(options: MediaStreamOptions) {
    this.#options = options;
    this.#buffer = new PlayBuffer(options.maxBufferSeconds);
    this.#writer = new MessageWriter(options);
  }

  /**
   * Connects and stays until the customer closes or the connection fails. `onStart` is called once the upgrade
   * succeeded. Aborting sends `stop` and closes. @throws the signal's reason
   */
  async run(signal: AbortSignal, onStart: () => void): Promise<StreamEnd> {
    signal.throwIfAborted();
    const problem = urlProblem(this.#options.url);
    if (problem) return this.#refuse(31920, problem);
    const { url, authToken } = this.#options;
    const socket = new WebSocket(url, {
      headers: { 'x-twilio-signature': signature(authToken, url), 'user-agent': 'Twilio.TmeWs/1.0' },
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE,
    });
    this.#socket = socket;
    return await new Promise((resolve, reject) => {
      let started = false;
      let failure: { code: number; message: string } | undefined;
      const onAbort = (): void => {
        this.#stop(socket);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      socket.on('unexpected-response', (_request, response) => {
        failure = { code: 31920, message: `the handshake was answered ${response.statusCode ?? 0}` };
        socket.terminate();
      });
      socket.on('error', error => {
        failure ??= connectionFailure(error, started);
      });
      socket.on('open', () => {
        if (signal.aborted) return;
        started = true;
        this.#begin(socket);
        onStart();
      });
      socket.on('message', (data, isBinary) => {
        if (!signal.aborted) this.#onMessage(data as Buffer, isBinary);
      });
      socket.on('close', code => {
        signal.removeEventListener('abort', onAbort);
        this.#detach();
        if (signal.aborted) return;
        const end = failure ?? closeFailure(code);
        this.#options.notice(end.code, end.message);
        resolve({ error: end.code, started });
      });
    });
  }

  #refuse(code: number, message: string): StreamEnd {
    this.#options.notice(code, message);
    return { error: code, started: false };
  }

  #begin(socket: WebSocket): void {
    const { line, parameters, fault } = this.#options;
    this.#startedAt = line.ms;
    socket.send(this.#writer.connected());
    if (fault.mode === 'no-start') return;
    socket.send(
      this.#writer.start(parameters, fault.mode === 'wrong-codec' ? 'audio/x-l16' : 'audio/x-mulaw'),
    );
    line.setSource({ next: () => this.#nextFrame() });
    this.#leave = line.listen({
      key: (key, inband) => !inband && this.#onKey(key),
      microphone: frame => this.#onMicrophone(frame),
    });
  }

  #nextFrame(): Uint8Array | undefined {
    const { frame, marks } = this.#buffer.next();
    this.#returnMarks(marks, 'played');
    return frame;
  }

  #onKey(key: string): void {
    // The digit itself is in the call's key event; this one says that the socket was told.
    this.#options.event('media.dtmf', {});
    this.#send(this.#writer.dtmf(key));
  }

  #onMicrophone(frame: Uint8Array | undefined): void {
    const { fault, line } = this.#options;
    const ms = line.ms - this.#startedAt;
    if ((fault.mode === 'drop' || fault.mode === 'half-open') && ms >= fault.afterMs && !this.#fallenSilent) {
      this.#fallenSilent = true;
      if (fault.mode === 'drop') this.#socket?.terminate();
      else this.#socket?.pause();
      return;
    }
    if (fault.mode === 'silent') return;
    if ((this.#socket?.bufferedAmount ?? 0) > MAX_UNREAD) return;
    const payload = frame ? Buffer.from(frame).toString('base64') : SILENCE;
    if (fault.mode === 'wrong-codec') return this.#send(this.#writer.media(ms, LINEAR_SILENCE));
    if (fault.mode === 'out-of-order') return this.#swapped(this.#writer.media(ms, payload));
    const copies = fault.mode === 'fast' ? 8 : 1;
    for (let copy = 0; copy < copies; copy++) this.#send(this.#writer.media(ms + copy * FRAME_MS, payload));
  }

  #swapped(message: string): void {
    const before = this.#held;
    this.#held = before === undefined ? message : undefined;
    if (before === undefined) return;
    this.#send(message);
    this.#send(before);
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    const message = decodeMessage(data, isBinary, this.#options.streamSid);
    switch (message.type) {
      case 'media':
        if (!this.#buffer.push(message.audio)) {
          this.#note(31931, 'the media buffer is full: audio was discarded');
        }
        return;
      case 'mark':
        this.#options.event('media.mark', { name: message.name });
        if (this.#buffer.mark(message.name)) this.#returnMarks([message.name], 'played');
        return;
      case 'clear':
        this.#options.event('media.clear', {});
        this.#returnMarks(this.#buffer.clear(), 'cleared');
        return;
      case 'invalid':
        this.#note(
          message.code,
          message.code === 31950 ? 'no JSON text message' : 'unknown or incorrect message',
        );
        return;
      default:
        throw new TypeError(`no such message: ${String(message satisfies never)}`);
    }
  }

  #returnMarks(names: readonly string[], how: 'played' | 'cleared'): void {
    for (const name of names) {
      this.#send(this.#writer.mark(name));
      this.#options.event('media.marked', { name, how });
    }
  }

  #note(code: number, message: string): void {
    if (this.#notices++ < MAX_NOTICES) this.#options.notice(code, message);
  }

  #send(message: string): void {
    if (this.#fallenSilent || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(message);
  }

  /** The call is over, or goes on with another document. */
  #stop(socket: WebSocket): void {
    this.#detach();
    if (socket.readyState !== WebSocket.OPEN) return socket.terminate();
    if (this.#options.fault.mode !== 'no-start') this.#send(this.#writer.stop());
    socket.resume();
    socket.close(1000);
    const timer = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS);
    socket.once('close', () => clearTimeout(timer));
  }

  #detach(): void {
    if (this.#leave) this.#options.line.setSource(undefined);
    this.#leave?.();
    this.#leave = undefined;
  }
}

function urlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Twilio takes wss only; a simulator on one machine has no certificates, so ws is let pass.
  if (!url || !/^wss?:$/.test(url.protocol)) return 'the stream URL is no wss:// (or ws://) URL';
  if (text.includes('?')) return 'the stream URL has a query string';
  return undefined;
}

function connectionFailure(error: Error, started: boolean): { code: number; message: string } {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (started) {
    return code.startsWith('WS_ERR')
      ? { code: 31924, message: 'websocket protocol error' }
      : { code: 31903, message: 'broken pipe' };
  }
  if (/TLS|SSL|CERT/i.test(code)) return { code: 31910, message: 'TLS handshake failed' };
  if (/^E[A-Z]+|ENOTFOUND/.test(code) || /timed out/i.test(error.message)) {
    return { code: 31901, message: 'no answer from the server' };
  }
  return { code: 31920, message: 'the handshake failed' };
}

function closeFailure(code: number): { code: number; message: string } {
  // Closing is how a customer returns to the document; Twilio's log calls it an error all the same.
  return code === 1006
    ? { code: 31903, message: 'broken pipe' }
    : { code: 31921, message: 'the server closed the stream' };
}
