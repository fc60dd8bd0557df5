import type {
  AnsweredBy,
  DialogConfig,
  DialogEffect,
  DialogReport,
  EndCause,
  Prompt,
  TimerName,
} from './dialog-types.ts';
import type { GatherConfig } from './gather.ts';
import { gatherConfig } from './gather.ts';

/** Where the dialogue is. `playId` names the prompt whose marks still count. */
export type Phase =
  | { readonly at: 'idle' }
  | { readonly at: 'answerPause' }
  /** Waiting for the carrier's verdict, or for the end of a machine's greeting. */
  | { readonly at: 'greeting' }
  /** `keys`: the right keys so far; `begun`: its audio is with the carrier. */
  | { readonly at: 'gatePrompt'; readonly keys: string; readonly playId: number; readonly begun: boolean }
  | { readonly at: 'gateListening'; readonly keys: string; readonly playId: number }
  /** After a wrong key, until the line is quiet for the second prompt. */
  | { readonly at: 'gateBreath'; readonly strayKeys: number }
  /** `done`: all that could be collected was collected; nothing is listened for afterwards. */
  | { readonly at: 'playing'; readonly playId: number; readonly keys: string; readonly done: boolean }
  | { readonly at: 'listening'; readonly playId: number; readonly keys: string }
  | { readonly at: 'tail'; readonly playId: number }
  | { readonly at: 'ended'; readonly cause: EndCause };

/** What the marks of one reading of the message have said so far. */
export interface Reading {
  readonly playId: number;
  readonly reading: number;
  readonly symbols: number;
  readonly cleared: boolean;
}

/** What was learned on the way; all of it ends in the report. */
export interface Facts {
  readonly answeredBy: AnsweredBy;
  /** The carrier's detection has spoken. */
  readonly verdict: boolean;
  /** The message is being said to a machine whose greeting is over. */
  readonly greetingOver: boolean;
  readonly gate: DialogReport['gate'];
  /** Gate prompts used up: said, or spoiled by a key that came before. */
  readonly gatePrompts: number;
  readonly repeats: number;
  readonly inputs: readonly string[];
  readonly dropped: number;
  readonly heard: DialogReport['codeHeard'];
  readonly reading: Reading | undefined;
  /** PIN symbols in a reading, if the driver said so. */
  readonly symbols: number | undefined;
  readonly lastPlayId: number;
}

export interface DialogState {
  readonly phase: Phase;
  readonly facts: Facts;
  /** Timers that run. An event of any other timer is late and ignored. */
  readonly armed: readonly TimerName[];
}

/** Before the call is answered. The configuration is given to every `step`; here it only has to be complete. */
export function initialState(_config: DialogConfig): DialogState {
  return {
    phase: { at: 'idle' },
    facts: {
      answeredBy: 'unknown',
      verdict: false,
      greetingOver: false,
      gate: 'none',
      gatePrompts: 0,
      repeats: 0,
      inputs: [],
      dropped: 0,
      heard: 'none',
      reading: undefined,
      symbols: undefined,
      lastPlayId: 0,
    },
    armed: [],
  };
}

/** What happened, at any time; `cause` is undefined until the end. `inputs` are secrets. */
export function reportOf(state: DialogState): DialogReport {
  const { facts, phase } = state;
  return {
    codeHeard: facts.heard,
    repeats: facts.repeats,
    gate: facts.gate,
    answeredBy: facts.answeredBy,
    inputs: facts.inputs,
    droppedKeys: facts.dropped,
    cause: phase.at === 'ended' ? phase.cause : undefined,
  };
}

/** One step in the making: mutable inside `step`, never seen outside of it. */
export class Draft {
  phase: Phase;
  facts: Facts;
  readonly config: DialogConfig;
  readonly collecting: GatherConfig;
  readonly effects: DialogEffect[] = [];
  #armed: TimerName[];

  constructor(state: DialogState, config: DialogConfig) {
    this.phase = state.phase;
    this.facts = state.facts;
    this.config = config;
    this.collecting = gatherConfig(config);
    this.#armed = [...state.armed];
  }

  learn(facts: Partial<Facts>): void {
    this.facts = { ...this.facts, ...facts };
  }

  start(timer: TimerName, ms: number): void {
    if (!this.#armed.includes(timer)) this.#armed.push(timer);
    this.effects.push({ type: 'startTimer', timer, ms });
  }

  stop(...timers: readonly TimerName[]): void {
    for (const timer of timers) {
      if (!this.#armed.includes(timer)) continue;
      this.fired(timer);
      this.effects.push({ type: 'stopTimer', timer });
    }
  }

  fired(timer: TimerName): void {
    this.#armed = this.#armed.filter(other => other !== timer);
  }

  clear(): void {
    this.stop('playGuard');
    this.effects.push({ type: 'clear' });
  }

  /** Starts a prompt under a new id, which makes all earlier marks late. */
  play(prompt: Prompt): number {
    const playId = this.facts.lastPlayId + 1;
    this.learn({ lastPlayId: playId });
    this.effects.push({ type: 'play', playId, prompt });
    return playId;
  }

  /** A finished input; an empty one is none. */
  report(input: string): void {
    if (input !== '') this.learn({ inputs: [...this.facts.inputs, input] });
  }

  /** The one way out. Whoever still has a line to cut gets a `hangup` effect; a phone that hung up does not. */
  end(cause: EndCause): void {
    if (this.phase.at === 'playing' || this.phase.at === 'listening') this.report(this.phase.keys);
    this.stop(...this.#armed);
    this.phase = { at: 'ended', cause };
    if (cause !== 'hangup') this.effects.push({ type: 'hangup', cause });
  }

  get state(): DialogState {
    return { phase: this.phase, facts: this.facts, armed: this.#armed };
  }
}
