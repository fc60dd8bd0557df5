import type { Prompt } from '../../ivr/dialog-types.ts';
import type { MediaStream } from '../carriers/carrier.ts';
import type { Clock, Timer } from '../clock.ts';
import type { MarkMeaning, Plan, PromptAudio } from './prompts.ts';

export interface PromptPlayerDeps {
  readonly stream: MediaStream;
  readonly prompts: PromptAudio;
  readonly clock: Clock;
  /** How long a prompt's sound may take to be made. */
  readonly speechMs: number;
  /** The prompt is about to be sent; `audioMs` until it will have been played. */
  onHandedOver(playing: { playId: number; audioMs: number; symbols: number }): void;
  /** A prompt that is still wanted has no sound; `error` unless it is merely late. */
  onFailed(error: unknown): void;
}

/** Says prompts on a stream, one at a time: the sound, the marks behind it, and what a returned mark means. */
export class PromptPlayer {
  readonly #deps: PromptPlayerDeps;
  readonly #marks = new Map<string, MarkMeaning & { playId: number }>();
  #wanted: number | undefined;
  #late: Timer | undefined;

  constructor(deps: PromptPlayerDeps) {
    this.#deps = deps;
  }

  /** At once when the sound is there, else when it comes, unless another prompt or a `clear` came first. */
  play(playId: number, prompt: Prompt): void {
    this.#forget();
    this.#wanted = playId;
    const plan = this.#deps.prompts.plan(prompt);
    if (plan instanceof Promise) {
      this.#late = this.#deps.clock.after(this.#deps.speechMs, () => this.#fail(playId, undefined));
      void this.#sayLater(playId, plan);
    } else {
      this.#say(playId, plan);
    }
  }

  /** Throws away what was not played yet. */
  clear(): void {
    this.#forget();
    this.#deps.stream.clear();
  }

  /** Sends nothing any more. */
  stop(): void {
    this.#forget();
  }

  /** What a returned mark stands for; each counts once, and one that nobody set stands for nothing. */
  take(name: string): (MarkMeaning & { playId: number }) | undefined {
    const mark = this.#marks.get(name);
    this.#marks.delete(name);
    return mark;
  }

  async #sayLater(playId: number, plan: Promise<Plan>): Promise<void> {
    try {
      const ready = await plan;
      if (this.#wanted === playId) this.#say(playId, ready);
    } catch (error) {
      this.#fail(playId, error);
    }
  }

  #say(playId: number, plan: Plan): void {
    this.#late?.cancel();
    const { stream } = this.#deps;
    const { symbols } = plan;
    // Before the marks, which a stream with nothing to play may return at once.
    this.#deps.onHandedOver({ playId, audioMs: plan.audioMs + stream.bufferedMs, symbols });
    if (this.#wanted !== playId) return;
    plan.pieces.forEach((piece, index) => {
      if (piece.mulaw.length > 0) stream.send(piece.mulaw);
      const name = `p${playId}-${index}`;
      this.#marks.set(name, { playId, ...piece.mark });
      stream.mark(name);
    });
  }

  #fail(playId: number, error: unknown): void {
    if (this.#wanted !== playId) return;
    this.#forget();
    this.#deps.onFailed(error);
  }

  #forget(): void {
    this.#late?.cancel();
    this.#wanted = undefined;
  }
}
