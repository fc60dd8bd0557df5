import type { MarkOutcome, MediaStream, MediaStreamEvents } from '../../src/carriers/carrier.ts';
import type { Clock, Timer } from '../../src/clock.ts';

/**
 * A media leg as the contract of `MediaStream` describes it, on a fake clock: buffers and "plays" in real time, returns
 * marks when their sound was played, reports them cleared on `clear`. The test is the carrier and the phone.
 */
export class ScriptedMediaStream implements MediaStream {
  /** Everything asked of the stream, in order: bytes sent, mark names, `clear`, `close`. */
  readonly log: ({ sent: number } | { mark: string } | 'clear' | 'close')[] = [];
  /** A carrier that never returns a mark. */
  loseMarks = false;
  readonly #clock: Clock;
  #listener: Partial<MediaStreamEvents> | undefined;
  #playedOutAt = 0;
  #pending: { name: string; timer: Timer }[] = [];
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get sentMs(): number {
    return this.log.reduce(
      (sum, entry) => sum + (typeof entry === 'object' && 'sent' in entry ? entry.sent / 8 : 0),
      0,
    );
  }

  get marks(): readonly string[] {
    return this.log.flatMap(entry => (typeof entry === 'object' && 'mark' in entry ? [entry.mark] : []));
  }

  get closed(): boolean {
    return this.#closed;
  }

  ready(carrierCallId: string | undefined = 'CA1', parameters: Readonly<Record<string, string>> = {}): void {
    this.#listener?.ready?.({ carrierCallId, parameters });
  }

  press(keys: string): void {
    for (const key of keys) this.#listener?.digit?.(key);
  }

  /** An echo out of turn. */
  echo(name: string, outcome: MarkOutcome = 'played'): void {
    this.#listener?.marked?.(name, outcome);
  }

  end(by: 'carrier' | 'us' | 'network'): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { timer } of this.#pending) timer.cancel();
    this.#pending = [];
    this.#listener?.closed?.(by);
  }

  /** As `end`, but a carrier that says it twice. */
  endAgain(by: 'carrier' | 'us' | 'network'): void {
    this.#listener?.closed?.(by);
  }

  listen(events: Partial<MediaStreamEvents>): void {
    this.#listener = events;
  }

  send(mulaw: Uint8Array): void {
    this.log.push({ sent: mulaw.length });
    this.#playedOutAt = Math.max(this.#playedOutAt, this.#clock.monotonic()) + mulaw.length / 8;
  }

  mark(name: string): void {
    this.log.push({ mark: name });
    if (this.loseMarks) return;
    const entry = {
      name,
      timer: this.#clock.after(this.bufferedMs, () => {
        this.#pending = this.#pending.filter(other => other !== entry);
        this.#listener?.marked?.(name, 'played');
      }),
    };
    this.#pending.push(entry);
  }

  clear(): void {
    this.log.push('clear');
    this.#playedOutAt = this.#clock.monotonic();
    const cleared = this.#pending;
    this.#pending = [];
    for (const { name, timer } of cleared) {
      timer.cancel();
      this.#listener?.marked?.(name, 'cleared');
    }
  }

  get bufferedMs(): number {
    return Math.max(0, this.#playedOutAt - this.#clock.monotonic());
  }

  close(): void {
    this.log.push('close');
    this.end('us');
  }
}
