import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';

/** Between tries to write down what a carrier has already done. */
const RECORD_RETRY_MS = [200, 1_000, 3_000];

/** Waiting, for whoever asks carriers for something: until the service stops. */
export class Patience {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stopping = new AbortController();

  constructor({ clock, log }: { clock: Clock; log: Logger }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Ends all pauses, and begins no more. */
  stop(): void {
    this.#stopping.abort();
  }

  /** False: we are stopping. */
  async pause(ms: number): Promise<boolean> {
    const { signal } = this.#stopping;
    if (signal.aborted) return false;
    return await new Promise<boolean>(resolve => {
      const stop = (): void => {
        timer.cancel();
        resolve(false);
      };
      const timer = this.#clock.after(ms, () => {
        signal.removeEventListener('abort', stop);
        resolve(true);
      });
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  /**
   * What a carrier has taken and nobody wrote down would be asked for again: the store gets some seconds to come back.
   * @throws what the last try throws
   */
  async insist<Result>(write: () => Promise<Result>): Promise<Result> {
    for (const wait of RECORD_RETRY_MS) {
      try {
        return await write();
      } catch (error) {
        this.#log.warn({ err: error }, 'what a carrier took could not be recorded yet');
        if (!(await this.pause(wait))) break;
      }
    }
    return await write();
  }
}
