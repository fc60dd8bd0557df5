import type { Clock } from '../../src/clock.ts';
import { createNodes, type Nodes } from '../../src/delivery/node-bus.ts';
import { createLogger } from '../../src/log.ts';

/** The line between nodes of one test process: what one says, all hear, unless it is cut. */
export class NodeHub {
  readonly said: string[] = [];
  /** Nothing gets through while true. */
  cut = false;
  readonly #clock: Clock;
  readonly #listeners: ((text: string) => void)[] = [];
  readonly #holds = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get held(): readonly string[] {
    return [...this.#holds].filter(([, until]) => until > this.#clock.monotonic()).map(([id]) => id);
  }

  /** As somebody who is no node of ours might. */
  say(text: string): void {
    for (const listener of this.#listeners) listener(text);
  }

  node(nodeId: string): Nodes {
    return createNodes({
      nodeId,
      log: createLogger('silent'),
      link: {
        send: async text => {
          if (this.cut) return;
          this.said.push(text);
          this.say(text);
        },
        listen: handler => void this.#listeners.push(handler),
        hold: async (id, ms) => void this.#holds.set(id, this.#clock.monotonic() + ms),
        isHeld: async id => this.held.includes(id),
        close: async () => undefined,
      },
    });
  }
}
