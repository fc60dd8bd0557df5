import type { EndStatus } from './call-state.ts';
import { Call, type CallDeps } from './call.ts';
import type { CallRequest } from './call-request.ts';
import type { Phones } from './phone.ts';

export interface CallLimits {
  readonly finishedCalls: number;
  readonly audioBytes: number;
}

/** All calls, oldest first; finished ones are kept up to a number and a weight of audio. */
export class Calls {
  readonly #deps: CallDeps;
  readonly #phones: Phones;
  readonly #limits: CallLimits;
  readonly #calls = new Map<string, Call>();
  #live = 0;
  #idle: (() => void)[] = [];

  constructor(deps: CallDeps, phones: Phones, limits: CallLimits) {
    this.#deps = deps;
    this.#phones = phones;
    this.#limits = limits;
  }

  get live(): number {
    return this.#live;
  }

  get size(): number {
    return this.#calls.size;
  }

  place(request: CallRequest): Call {
    const call = new Call(this.#deps, request, this.#phones.get(request.to), () => this.#ended());
    this.#calls.set(call.sid, call);
    this.#live++;
    return call;
  }

  get(sid: string): Call | undefined {
    return this.#calls.get(sid);
  }

  /** Newest first. */
  all(): readonly Call[] {
    return [...this.#calls.values()].toReversed();
  }

  /** Calls to this number, oldest first. */
  to(number: string): readonly Call[] {
    return [...this.#calls.values()].filter(call => call.request.to === number);
  }

  /** Ends every call and forgets all of them. */
  reset(): void {
    for (const call of this.#calls.values()) endNow(call);
    this.#calls.clear();
  }

  /** Resolves when no call is live. */
  async idle(): Promise<void> {
    if (this.#live === 0) return;
    await new Promise<void>(resolve => this.#idle.push(resolve));
  }

  #ended(): void {
    this.#live--;
    this.#trim();
    if (this.#live === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** The oldest audio goes first, then the oldest calls. */
  #trim(): void {
    const finished = [...this.#calls.values()].filter(call => call.state === 'ended');
    let bytes = finished.reduce((sum, call) => sum + call.recording.bytes, 0);
    for (const call of finished) {
      if (bytes <= this.#limits.audioBytes) break;
      bytes -= call.recording.bytes;
      call.recording.drop();
    }
    const surplus = Math.max(0, finished.length - this.#limits.finishedCalls);
    for (const call of finished.slice(0, surplus)) this.#calls.delete(call.sid);
  }
}

function endNow(call: Call): void {
  const status: EndStatus = call.state === 'answered' ? 'completed' : 'canceled';
  call.end(status, 'reset');
}
