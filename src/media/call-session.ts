import { initialState, reportOf, step, type DialogState } from '../../ivr/index.ts';
import type {
  AnsweredBy,
  DialogConfig,
  DialogEffect,
  DialogEvent,
  DialogReport,
  TimerName,
} from '../../ivr/dialog-types.ts';
import type { MarkOutcome, MediaStream } from '../carriers/carrier.ts';
import type { Clock, Timer } from '../clock.ts';
import { assertNever } from '../errors.ts';
import { background, type Logger } from '../log.ts';
import { endLeg, type Leg } from './leg-end.ts';
import { createKeyFilter, type KeyRoad } from './keys.ts';
import { PromptPlayer } from './prompt-player.ts';
import type { PromptAudio } from './prompts.ts';

/** Why a dialogue ended that the dialogue itself does not know of. */
export type SessionFailure =
  /** The socket never sent its first message. */
  | 'no-start'
  /** The socket belongs to another call than the token. */
  | 'wrong-call'
  | 'speech-failed'
  /** The guard over everything fired. */
  | 'overtime'
  | 'shutdown'
  | 'internal';

/** The dialogue's report; `failure` outranks its cause. Holds pressed keys: never logged. */
export interface SessionReport extends DialogReport {
  readonly failure?: SessionFailure;
}

export interface SessionLimits {
  /** From the socket to its first message (security.md: 10 s). */
  readonly readyMs: number;
  /** From asking for a prompt's sound to having it. */
  readonly speechMs: number;
  /** The whole session, whatever happens in it. */
  readonly totalMs: number;
  /** How long the carrier's REST may take to hang up, each of two tries. */
  readonly hangupMs: number;
  /** After the hang-up, until the carrier has ended the stream. */
  readonly closeMs: number;
}

const DEFAULT_LIMITS: SessionLimits = {
  readyMs: 10_000,
  speechMs: 10_000,
  totalMs: 3_600_000,
  hangupMs: 3_000,
  closeMs: 2_000,
};

export interface CallSessionDeps {
  readonly clock: Clock;
  /** Carries the call's reference. */
  readonly log: Logger;
  readonly stream: MediaStream;
  readonly config: DialogConfig;
  readonly prompts: PromptAudio;
  /** The call that the socket must belong to, where both are known. */
  readonly carrierCallId?: string;
  /** What the carrier's detection knew when the call was answered. */
  readonly answeredBy?: AnsweredBy;
  readonly limits?: Partial<SessionLimits>;
  /** Ends the call at the carrier; idempotent. */
  readonly hangup: (signal: AbortSignal) => Promise<void>;
  /** Each state of the dialogue, for whoever watches. May hold keys: never logged. */
  onState?(state: DialogState): void;
  /** Once: the dialogue is over. */
  onEnd(report: SessionReport): void;
  /** Once, after `onEnd`: the socket is closed too. */
  onClosed(): void;
}

export interface CallSession {
  readonly ended: boolean;
  /** A key by another road than the socket. */
  key(key: string, road: Exclude<KeyRoad, 'stream'>): void;
  /** Asynchronous answering-machine detection; kept until the dialogue has begun. */
  answeredBy(who: AnsweredBy, greetingEnded: boolean): void;
  /** The carrier says that the call is over. */
  remoteHangup(): void;
  /** Ends the dialogue and the call now. */
  end(failure: SessionFailure): void;
}

/**
 * Drives one dialogue over one media stream: events in, effects out. The dialogue decides everything; this owns the
 * timers, the socket and the guards, and ends exactly once whatever the other side does.
 */
export function createCallSession(deps: CallSessionDeps): CallSession {
  return new Session(deps);
}

class Session implements CallSession {
  readonly #deps: CallSessionDeps;
  readonly #limits: SessionLimits;
  readonly #timers = new Map<TimerName, Timer>();
  readonly #guards: Timer[] = [];
  readonly #player: PromptPlayer;
  readonly #queue: DialogEvent[] = [];
  readonly #acceptKey: (key: string, road: KeyRoad) => boolean;
  #state: DialogState;
  #draining = false;
  #started = false;
  #ended = false;
  readonly #closed = Promise.withResolvers<void>();
  #closedReported = false;
  /** The carrier ended the stream in order: the call is over and needs no hang-up. */
  #carrierEnded = false;
  #failure: SessionFailure | undefined;
  #early: DialogEvent[] = [];

  constructor(deps: CallSessionDeps) {
    this.#deps = deps;
    this.#limits = { ...DEFAULT_LIMITS, ...deps.limits };
    this.#acceptKey = createKeyFilter(deps.clock);
    this.#state = initialState(deps.config);
    this.#player = new PromptPlayer({
      stream: deps.stream,
      prompts: deps.prompts,
      clock: deps.clock,
      speechMs: this.#limits.speechMs,
      onHandedOver: playing => this.#safely(() => this.#dispatch({ type: 'handedOver', ...playing })),
      onFailed: error => this.#noSound(error),
    });
    const { readyMs, totalMs } = this.#limits;
    this.#guards.push(
      deps.clock.after(readyMs, () => this.#started || this.end('no-start')),
      deps.clock.after(totalMs, () => this.end('overtime')),
    );
    deps.stream.listen({
      ready: info => this.#safely(() => this.#onReady(info.carrierCallId)),
      digit: key => this.#safely(() => this.#onKey(key, 'stream')),
      marked: (name, outcome) => this.#safely(() => this.#onMarked(name, outcome)),
      closed: by => this.#safely(() => this.#onClosed(by)),
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  key(key: string, road: Exclude<KeyRoad, 'stream'>): void {
    this.#safely(() => this.#onKey(key, road));
  }

  answeredBy(who: AnsweredBy, greetingEnded: boolean): void {
    this.#safely(() => this.#dispatchOrKeep({ type: 'answeredBy', who, greetingEnded }));
  }

  remoteHangup(): void {
    this.#carrierEnded = true;
    this.#safely(() => this.#dispatch({ type: 'hangup' }));
    this.#finish();
  }

  end(failure: SessionFailure): void {
    if (this.#ended) return;
    this.#failure ??= failure;
    // Lets the dialogue settle what was heard; its own cause is outranked.
    this.#safely(() => this.#dispatch({ type: 'mediaLost' }));
    this.#finish();
  }

  #onReady(carrierCallId: string | undefined): void {
    if (this.#started || this.#ended) return;
    this.#started = true;
    const expected = this.#deps.carrierCallId;
    if (expected !== undefined && carrierCallId !== undefined && expected !== carrierCallId) {
      this.end('wrong-call');
      return;
    }
    // First what came first: a key pressed before the gate's prompt has begun counts against it.
    for (const event of this.#early.splice(0)) this.#dispatch(event);
    this.#dispatch({ type: 'answered', answeredBy: this.#deps.answeredBy });
  }

  #onKey(key: string, road: KeyRoad): void {
    if (this.#acceptKey(key, road)) this.#dispatchOrKeep({ type: 'key', key });
  }

  #onMarked(name: string, outcome: MarkOutcome): void {
    const mark = this.#player.take(name);
    if (mark) this.#dispatch({ type: 'marked', ...mark, outcome });
  }

  #onClosed(by: 'carrier' | 'us' | 'network'): void {
    this.#closed.resolve();
    if (by === 'carrier') this.#carrierEnded = true;
    if (!this.#ended) {
      if (!this.#started) this.#failure ??= 'no-start';
      this.#dispatch(by === 'carrier' ? { type: 'hangup' } : { type: 'mediaLost' });
      this.#finish();
    }
    this.#reportClosed();
  }

  #dispatchOrKeep(event: DialogEvent): void {
    if (this.#started) this.#dispatch(event);
    else this.#early.push(event);
  }

  /** Events that come out of effects wait their turn, so that the dialogue sees one at a time and in order. */
  #dispatch(event: DialogEvent): void {
    if (this.#ended) return;
    this.#queue.push(event);
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#queue.shift(); next && !this.#ended; next = this.#queue.shift()) {
        const { state, effects } = step(this.#state, next, this.#deps.config);
        this.#state = state;
        this.#deps.onState?.(state);
        for (const effect of effects) this.#execute(effect);
      }
    } finally {
      this.#draining = false;
      this.#queue.length = 0;
    }
  }

  #execute(effect: DialogEffect): void {
    switch (effect.type) {
      case 'startTimer':
        this.#stopTimer(effect.timer);
        this.#timers.set(
          effect.timer,
          this.#deps.clock.after(effect.ms, () => this.#safely(() => this.#onTimer(effect.timer))),
        );
        return;
      case 'stopTimer':
        this.#stopTimer(effect.timer);
        return;
      case 'play':
        this.#player.play(effect.playId, effect.prompt);
        return;
      case 'clear':
        this.#player.clear();
        return;
      case 'hangup':
        this.#finish();
        return;
      default:
        assertNever(effect);
    }
  }

  #onTimer(timer: TimerName): void {
    this.#timers.delete(timer);
    this.#dispatch({ type: 'timer', timer });
  }

  #stopTimer(timer: TimerName): void {
    this.#timers.get(timer)?.cancel();
    this.#timers.delete(timer);
  }

  #noSound(error: unknown): void {
    this.#deps.log.error({ trace: trace(error) }, 'no sound for a prompt');
    this.end('speech-failed');
  }

  /** The end of the dialogue, once: report first, then the call and the socket. */
  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#player.stop();
    for (const timer of [...this.#timers.values(), ...this.#guards]) timer.cancel();
    this.#timers.clear();
    this.#guards.length = 0;
    const report: SessionReport = { ...reportOf(this.#state), failure: this.#failure };
    try {
      this.#deps.onEnd(report);
    } catch (error) {
      this.#deps.log.error({ err: error }, 'call session: its end could not be handed on');
    }
    const { stream, hangup, clock, log } = this.#deps;
    const leg = { stream, hangup, clock, log, closed: this.#closed.promise };
    background(log, 'ending a call', this.#end(leg));
  }

  async #end(leg: Leg): Promise<void> {
    await endLeg(leg, { ...this.#limits, callIsOver: this.#carrierEnded });
    this.#reportClosed();
  }

  #reportClosed(): void {
    if (this.#closedReported) return;
    this.#closedReported = true;
    try {
      this.#deps.onClosed();
    } catch (error) {
      this.#deps.log.error({ err: error }, 'call session: its close could not be handed on');
    }
  }

  /** Nothing thrown in here may reach a socket's or a timer's caller: the call ends instead. */
  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#deps.log.error({ trace: trace(error) }, 'call session failed');
      if (this.#ended) return;
      this.#failure ??= 'internal';
      this.#finish();
    }
  }
}

/** Where it happened, without the message: that may quote a key or a word of the PIN. */
function trace(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = error.stack?.split('\n').filter(line => /^\s+at /.test(line)) ?? [];
  return [error.name, ...frames.map(frame => frame.trim())].join(' ');
}
