import { initialState, reportOf, step } from '../../ivr/index.ts';
import type {
  DialogConfig,
  DialogEffect,
  DialogEvent,
  DialogReport,
  DialogState,
  EndCause,
  Prompt,
  TimerName,
} from '../../ivr/index.ts';

/** What a line does with audio: real marks, or a carrier that never answers one. */
export interface LineOptions {
  readonly marks?: boolean;
  /** A message has four symbols; each lasts this long. */
  readonly symbolMs?: number;
  readonly gateMs?: number;
}

interface Played {
  readonly playId: number;
  readonly prompt: Prompt;
  readonly at: number;
}

export const SYMBOLS = 4;

export const baseConfig: DialogConfig = {
  pauseMs: 0,
  dtmfTimeoutMs: 10_000,
  times: 1,
  gate: 'off',
  gateKeys: ['4', '7'],
  machine: 'off',
};

/** A tiny driver: virtual time, timers by name, and a carrier that plays audio and returns marks. */
export class Line {
  now = 0;
  state: DialogState;
  readonly config: DialogConfig;
  readonly effects: DialogEffect[] = [];
  readonly plays: Played[] = [];
  readonly timers = new Map<TimerName, number>();
  /** Timers started, in order, as `name:ms`. */
  readonly started: string[] = [];
  clears = 0;
  hungUp: EndCause | undefined;
  #marks: { due: number; event: DialogEvent }[] = [];
  readonly #options: Required<LineOptions>;

  constructor(config: Partial<DialogConfig> = {}, options: LineOptions = {}) {
    this.config = { ...baseConfig, ...config };
    this.#options = { marks: true, symbolMs: 500, gateMs: 3_000, ...options };
    this.state = initialState(this.config);
  }

  static answered(config: Partial<DialogConfig> = {}, options: LineOptions = {}): Line {
    const line = new Line(config, options);
    line.send({ type: 'answered' });
    return line;
  }

  get at(): string {
    return this.state.phase.at;
  }

  get report(): DialogReport {
    return reportOf(this.state);
  }

  /** How many times the message was started. */
  get messages(): number {
    return this.plays.filter(play => play.prompt.kind === 'message').length;
  }

  send(event: DialogEvent): DialogEffect[] {
    if (event.type === 'timer') this.timers.delete(event.timer);
    const { state, effects } = step(this.state, event, this.config);
    this.state = state;
    this.effects.push(...effects);
    for (const effect of effects) this.#execute(effect);
    return effects;
  }

  keys(keys: string, gapMs = 0): this {
    for (const key of keys) {
      this.send({ type: 'key', key });
      if (gapMs > 0) this.advance(gapMs);
    }
    return this;
  }

  /** Moves on; timers and marks fire in due order. */
  advance(ms: number): this {
    const end = this.now + ms;
    for (;;) {
      const timer = [...this.timers].toSorted((a, b) => a[1] - b[1])[0];
      const mark = this.#marks[0];
      const next = Math.min(timer?.[1] ?? Infinity, mark?.due ?? Infinity);
      if (next > end) break;
      this.now = Math.max(this.now, next);
      if (mark && mark.due === next) {
        this.#marks.shift();
        this.send(mark.event);
      } else if (timer) {
        this.send({ type: 'timer', timer: timer[0] });
      }
    }
    this.now = end;
    return this;
  }

  /** Until the prompt under way has been played. */
  playOut(): this {
    const from = this.at;
    while (this.at === from && (this.#marks.length > 0 || this.timers.size > 0)) this.advance(100);
    return this;
  }

  #execute(effect: DialogEffect): void {
    if (effect.type === 'startTimer') {
      this.timers.set(effect.timer, this.now + effect.ms);
      this.started.push(`${effect.timer}:${effect.ms}`);
    } else if (effect.type === 'stopTimer') {
      this.timers.delete(effect.timer);
    } else if (effect.type === 'clear') {
      this.clears += 1;
      this.#cleared();
    } else if (effect.type === 'hangup') {
      this.hungUp = effect.cause;
    } else {
      this.#play(effect.playId, effect.prompt);
    }
  }

  /** A carrier returns all pending marks when it is told to clear; they arrive a little later. */
  #cleared(): void {
    this.#marks = this.#marks.map(mark => ({ ...mark, due: this.now + 20 }));
  }

  #play(playId: number, prompt: Prompt): void {
    this.plays.push({ playId, prompt, at: this.now });
    const { marks, symbolMs, gateMs } = this.#options;
    const readings = prompt.kind === 'message' ? prompt.times : 1;
    const readingMs = prompt.kind === 'message' ? symbolMs * SYMBOLS : gateMs;
    this.send({ type: 'handedOver', playId, audioMs: readings * readingMs });
    if (!marks) return;
    for (let reading = 0; reading < readings; reading++) {
      const start = this.now + reading * readingMs;
      const common = { type: 'marked', playId, reading, outcome: 'played' } as const;
      for (let symbol = 1; prompt.kind === 'message' && symbol <= SYMBOLS; symbol++) {
        this.#marks.push({
          due: start + symbol * symbolMs,
          event: { ...common, part: 'symbol', last: false },
        });
      }
      const last = reading === readings - 1;
      this.#marks.push({ due: start + readingMs, event: { ...common, part: 'end', last } });
    }
  }
}
