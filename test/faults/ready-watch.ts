import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** When the address first answered 200, in ms since the epoch. */
export interface ReadyAt {
  readonly url: string;
  readonly date: number;
}

/**
 * Tells when a service is ready: when `/health/ready` first answers 200, as a load balancer would see it. It looks from a thread of its
 * own, since ours is busy with the clients, the carrier and the customer, and would see it late.
 */
export class ReadyWatch {
  readonly #worker = new Worker(new URL('ready-watch-worker.ts', import.meta.url));
  #starts = 0;

  constructor() {
    this.#worker.unref();
  }

  /** Call it before the service is started, so that the question is open by then. Resolves when it is ready. */
  async ready(serviceUrl: string): Promise<ReadyAt> {
    // The number tells one start from the next.
    const url = `${serviceUrl}/health/ready?start=${this.#starts++}`;
    this.#worker.postMessage(url);
    for (;;) {
      const [answer] = (await once(this.#worker, 'message')) as [ReadyAt];
      if (answer.url === url) return answer;
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
