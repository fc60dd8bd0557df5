import { concatBytes } from './audio.ts';
import { CallCallbacks } from './call-callbacks.ts';
import type { CallEvent, CallRequest } from './call-request.ts';
import { SIP_CODES, type CallState, type CallStatus, type EndedBy, type EndStatus } from './call-state.ts';
import type { Timer } from './clock.ts';
import { runDocuments, type DocumentSource } from './document-runner.ts';
import type { EventLog } from './events.ts';
import type { HttpClient } from './http-client.ts';
import { BEEP, ownGreeting, voicemailGreeting } from './greeting.ts';
import { Line } from './line.ts';
import { errorName, type SimLog } from './log.ts';
import { planDetection, type AnsweredBy } from './machine-detection.ts';
import { runStream, type StreamDeps } from './stream-verb.ts';
import type { Behaviour } from './phone.ts';
import { newSid } from './random.ts';
import { Recording } from './recording.ts';
import type { Spoken } from './say.ts';
import type { Ticker } from './ticker.ts';
import type { Notice, Say } from './twiml.ts';
import { callParameters } from './wire.ts';

export interface CallDeps extends StreamDeps {
  readonly ticker: Ticker;
  readonly events: EventLog;
  readonly http: HttpClient;
  readonly log: SimLog;
  readonly renderSay: (say: Say) => Promise<Spoken>;
  readonly maxRecordingSeconds: number;
}

/** Someone who hears what the phone hears: 20 ms of mu-law, undefined for silence; `index` counts from the answer. */
export type CallEar = (frame: Uint8Array | undefined, index: number) => void;

const QUEUE_MS = 10;
const MAX_RING_DELAY_MS = 100;
const MAX_NOTICES = 200;

/**
 * One call from the request to its end. States only move forward (queued, dialing, ringing, answered, ended); what the phone
 * does comes from the behaviour it had when it was dialled.
 */
export class Call {
  readonly sid = newSid('CA');
  readonly request: CallRequest;
  readonly behaviour: Behaviour;
  readonly recording: Recording;
  readonly createdAt: Date;
  readonly history: { state: CallState; status: CallStatus; at: Date; ms: number }[] = [];
  readonly keys: { key: string; ms: number }[] = [];
  /** What Twilio would have put into its error log. */
  readonly notices: (Notice & { ms: number })[] = [];
  state: CallState = 'queued';
  status: CallStatus = 'queued';
  answeredAt: Date | undefined;
  endedAt: Date | undefined;
  answeredBy: AnsweredBy | undefined;
  endedBy: EndedBy | undefined;
  sipCode: number | undefined;
  firstSound: { at: Date; ms: number } | undefined;

  readonly #deps: CallDeps;
  readonly #createdMs: number;
  readonly #onEnd: (call: Call) => void;
  readonly #callbacks: CallCallbacks;
  readonly #over = new AbortController();
  readonly #ears = new Set<CallEar>();
  #timers: Timer[] = [];
  #document: AbortController | undefined;
  #line: Line | undefined;
  #leaveTicker: (() => void) | undefined;
  #answeredMs = 0;
  #durationMs = 0;

  constructor(deps: CallDeps, request: CallRequest, behaviour: Behaviour, onEnd: (call: Call) => void) {
    this.#deps = deps;
    this.request = request;
    this.behaviour = behaviour;
    this.#onEnd = onEnd;
    this.#callbacks = new CallCallbacks(deps, this);
    this.recording = new Recording(deps.maxRecordingSeconds);
    this.createdAt = deps.clock.wall();
    this.#createdMs = deps.clock.now();
    this.#enter('queued', 'queued');
    this.#after(QUEUE_MS, () => this.#dial());
  }

  /** How long something was heard, ms. */
  get soundMs(): number {
    return this.#line?.soundMs ?? 0;
  }

  /** From the answer to the end, in whole nominal seconds as a carrier bills them. */
  get durationSeconds(): number {
    return Math.ceil(this.#durationMs / 1000);
  }

  /** Picks up; false unless it is ringing. */
  answer(): boolean {
    if (this.state !== 'ringing') return false;
    this.#pickUp(ownGreeting(this.behaviour));
    return true;
  }

  /** Declines; false unless it is ringing. */
  reject(): boolean {
    return this.state === 'ringing' && this.end('busy', 'phone', this.behaviour.sipCode ?? 603);
  }

  /** The person at the phone hangs up; false unless the call was answered. */
  hangUp(): boolean {
    return this.state === 'answered' && this.end('completed', 'phone');
  }

  /** Hears what the phone hears, from now on or from the answer, until the returned function is called. */
  overhear(ear: CallEar): () => void {
    this.#ears.add(ear);
    return () => this.#ears.delete(ear);
  }

  /** Presses keys; false unless the call was answered. */
  press(keys: string): boolean {
    if (this.state !== 'answered') return false;
    this.#line?.press(keys);
    return true;
  }

  /** Cuts what is going on and goes on with another document; false unless the call was answered. */
  redirect(source: DocumentSource): boolean {
    if (this.state !== 'answered') return false;
    this.#run(source);
    return true;
  }

  /** Ends the call; false where it was over already. */
  end(status: EndStatus, by: EndedBy, sipCode?: number): boolean {
    if (this.state === 'ended') return false;
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    if (this.state === 'answered') this.#durationMs = this.#deps.clock.now() - this.#answeredMs;
    this.endedBy = by;
    this.sipCode = sipCode ?? SIP_CODES[status];
    this.endedAt = this.#deps.clock.wall();
    const reason = new CallOver();
    this.#document?.abort(reason);
    this.#over.abort(reason);
    this.#leaveTicker?.();
    this.#line?.close();
    this.#ears.clear();
    this.#enter('ended', status);
    this.#tell('completed', status);
    this.#onEnd(this);
    return true;
  }

  /** The parameters of every webhook of this call, as they stand now. */
  parameters(): Record<string, string> {
    return callParameters({
      accountSid: this.#deps.accountSid,
      callSid: this.sid,
      to: this.request.to,
      from: this.request.from,
      status: this.status,
      answeredBy: this.answeredBy,
    });
  }

  #dial(): void {
    this.#enter('dialing', 'queued');
    this.#tell('initiated', 'initiated');
    const { outcome, answerAfterMs, sipCode } = this.behaviour;
    if (outcome === 'busy') {
      return this.#after(answerAfterMs, () => this.end('busy', 'phone', sipCode ?? undefined));
    }
    if (outcome === 'fail') {
      return this.#after(answerAfterMs, () => this.end('failed', 'carrier', sipCode ?? undefined));
    }
    const ringDelay = Math.min(MAX_RING_DELAY_MS, answerAfterMs / 2);
    this.#after(this.request.ringTimeoutMs, () => this.end('no-answer', 'carrier'));
    const greeting =
      outcome === 'voicemail' ? voicemailGreeting(this.behaviour, this.#deps.renderSay) : undefined;
    this.#after(ringDelay, () => {
      this.#ring();
      // From the ring on: of two timers that are late the one that was set for later may fire first.
      this.#after(answerAfterMs - ringDelay, () => {
        if (outcome === 'reject') this.reject();
        if (outcome === 'answer') this.answer();
        greeting?.then(
          audio => this.state === 'ringing' && this.#pickUp(audio, true),
          (error: unknown) => this.#fail(error),
        );
      });
    });
  }

  #ring(): void {
    this.#enter('ringing', 'ringing');
    this.#tell('ringing', 'ringing');
  }

  #pickUp(greeting: Uint8Array, beep = false): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    const line = new Line({
      script: this.behaviour.keys,
      inband: this.behaviour.inband,
      recording: this.recording,
      onKey: (key, ms) => {
        this.keys.push({ key, ms });
        this.#emit('call.key', { key, ms });
      },
      onFirstSound: ms => {
        this.firstSound = { at: this.#deps.clock.wall(), ms };
        this.#emit('call.heard', { ms });
      },
      onHeard: (frame, index) => {
        for (const ear of this.#ears) ear(frame, index);
      },
    });
    this.#line = line;
    this.answeredAt = this.#deps.clock.wall();
    this.#answeredMs = this.#deps.clock.now();
    this.#enter('answered', 'in-progress');
    this.#leaveTicker = this.#deps.ticker.join(() => line.tick());
    line.say(beep ? concatBytes([greeting, BEEP]) : greeting);
    this.#tell('answered', 'in-progress');
    const { hangupAfterMs } = this.behaviour;
    if (hangupAfterMs !== null) this.#onLine(hangupAfterMs, () => this.hangUp());
    this.#onLine(this.request.timeLimitMs, () => this.end('completed', 'carrier'));
    this.#begin(line, { ms: greeting.length / 8, beep });
  }

  /** Detection and digits that come before the document, then the document. */
  #begin(line: Line, greeting: { ms: number; beep: boolean }): void {
    const { detection, sendDigits, twiml, url } = this.request;
    const source: DocumentSource =
      twiml === undefined ? { url: url ?? '', method: this.request.method } : { twiml, url: url ?? '' };
    const start = (): void => {
      if (sendDigits === '') return this.#run(source);
      const digits = sendDigits.replaceAll('W', 'ww');
      const play = `<Response><Play digits="${digits}"/></Response>`;
      this.#run({ twiml: play, url: '' }, () => this.#run(source));
    };
    if (!detection) return start();
    const beepMs = greeting.beep ? BEEP.length / 8 : 0;
    const plan = planDetection(this.behaviour, { ms: greeting.ms + beepMs, beep: greeting.beep }, detection);
    this.#onLine(plan.afterMs, () => {
      this.answeredBy = plan.answeredBy;
      this.#emit('call.machine', { answeredBy: plan.answeredBy, ms: line.ms });
      if (detection.asynchronous) this.#callbacks.detected(plan);
      else start();
    });
    if (detection.asynchronous) start();
  }

  #run(source: DocumentSource, then = (): void => void this.end('completed', 'document')): void {
    const line = this.#line;
    if (!line) return;
    this.#document?.abort(new CallOver());
    const controller = new AbortController();
    this.#document = controller;
    const work = runDocuments(
      {
        line,
        http: this.#deps.http,
        fallback: this.request.fallback,
        parameters: () => this.parameters(),
        renderSay: this.#deps.renderSay,
        stream: async (connect, signal) =>
          await runStream(
            this.#deps,
            {
              callSid: this.sid,
              line,
              notice: (code, message) => this.#notice(code, message),
              event: (type, data) => this.#emit(type, data),
            },
            connect,
            signal,
          ),
        notice: (code, message) => this.#notice(code, message),
        event: (type, data) => this.#emit(type, data),
      },
      source,
      controller.signal,
    );
    work.then(
      () => !controller.signal.aborted && then(),
      (error: unknown) => !controller.signal.aborted && this.#fail(error),
    );
  }

  #tell(event: CallEvent, status: CallStatus | 'initiated'): void {
    const { durationSeconds, sipCode = 200 } = this;
    const ended = this.state === 'ended' ? { durationSeconds, sipCode } : undefined;
    this.#callbacks.state(event, { ...this.parameters(), CallStatus: status }, ended);
  }

  #enter(state: CallState, status: CallStatus): void {
    this.state = state;
    this.status = status;
    const ms = Math.round(this.#deps.clock.now() - this.#createdMs);
    this.history.push({ state, status, at: this.#deps.clock.wall(), ms });
    this.#emit('call.state', { state, status, to: this.request.to, from: this.request.from });
  }

  #notice(code: number, message: string): void {
    if (this.notices.length < MAX_NOTICES) this.notices.push({ code, message, ms: this.#line?.ms ?? 0 });
    this.#emit('call.notice', { code, message });
  }

  #fail(error: unknown): void {
    this.#deps.log.error({ error: errorName(error), call: this.sid }, 'the call failed in the simulator');
    this.end('failed', 'carrier', 500);
  }

  #emit(type: string, data: Readonly<Record<string, unknown>>): void {
    this.#deps.events.emit(type, { call: this.sid, ...data });
  }

  /** Nominal ms before the answer; cancelled by it and by the end. */
  #after(ms: number, fire: () => void): void {
    this.#timers.push(this.#deps.clock.after(ms, fire));
  }

  /** Nominal ms from the answer, counted in frames; forgotten at the end. */
  #onLine(ms: number, fire: () => void): void {
    const waited = this.#line?.wait(ms, this.#over.signal).then(fire);
    waited?.catch((error: unknown) => error instanceof CallOver || this.#fail(error));
  }
}

/** Why everything that belongs to a call, or to its document, stops. */
class CallOver extends Error {}
