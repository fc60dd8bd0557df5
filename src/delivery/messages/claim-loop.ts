import type { Message, MessageChannel } from '../../domain/message.ts';
import { background } from '../../log.ts';
import { WorkLoop } from '../work-loop.ts';
import type { MessagingDeps, MessagingLimits } from './context.ts';
import type { TextDispatch } from './text-dispatch.ts';
import type { VoiceDispatch } from './voice-dispatch.ts';

/** Longer than any dispatch takes: a file's download, a carrier's answer. */
const LEASE_MS = 60_000;
/** How soon a text whose fate is unclear is looked at again. */
const RECOVERY_MS = 5_000;
const SETTLED_AT_ONCE = 200;
const RECOVERED_AT_ONCE = 64;
const CHANNELS: readonly MessageChannel[] = ['voice', 'sms'];

export interface ClaimLoopDeps
  extends Pick<MessagingDeps, 'store' | 'clock' | 'log' | 'calls'>, MessagingLimits {
  readonly voice: Pick<VoiceDispatch, 'send' | 'recover'>;
  readonly texts: Pick<TextDispatch, 'send' | 'recover'>;
}

/**
 * The one place that takes messages out of the store: claims what may be sent as long as there is room, ends what
 * expired, and looks after what an earlier life left behind.
 */
export class ClaimLoop {
  readonly #deps: ClaimLoopDeps;
  readonly #inFlight: Readonly<Record<MessageChannel, Set<string>>> = { voice: new Set(), sms: new Set() };
  readonly #loop: WorkLoop;
  /** A channel had no room at the last look: the end of a dispatch is a reason to look again. */
  #starved = false;
  #idle: (() => void)[] = [];

  constructor(deps: ClaimLoopDeps) {
    this.#deps = deps;
    const { clock, log, pollMs } = deps;
    this.#loop = new WorkLoop({
      clock,
      log,
      name: 'messages',
      pollMs,
      takeSome: async () => await this.#takeSome(),
      nextIn: async () => await this.#nextIn(),
    });
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    await this.#loop.start();
  }

  /** Looks at once instead of when it meant to. */
  wake(): void {
    this.#loop.wake();
  }

  /** Claims nothing more; resolves when no dispatch is under way, or after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await this.#loop.stop();
    if (this.#busy() === 0) return;
    await new Promise<void>(resolve => {
      const late = this.#deps.clock.after(graceMs, resolve);
      this.#idle.push(() => {
        late.cancel();
        resolve();
      });
    });
  }

  /** One look takes all that there is room for; only of what has ended there may be more. */
  async #takeSome(): Promise<boolean> {
    const { store } = this.#deps;
    const [voice, sms, stale, settled] = await Promise.all([
      this.#claim('voice'),
      this.#claim('sms'),
      store.claimStaleMessages({ limit: RECOVERED_AT_ONCE, leaseMs: RECOVERY_MS }),
      store.settleMessages({ limit: SETTLED_AT_ONCE }),
    ]);
    for (const message of [...voice, ...sms]) this.#dispatch(message, 'send');
    for (const message of stale) if (!this.#isInFlight(message)) this.#dispatch(message, 'recover');
    return settled === SETTLED_AT_ONCE;
  }

  async #nextIn(): Promise<number | undefined> {
    const channels = this.#channelsWithRoom();
    this.#starved = channels.length < CHANNELS.length;
    return await this.#deps.store.nextMessageIn(channels);
  }

  async #claim(channel: MessageChannel): Promise<readonly Message[]> {
    const limit = this.#room(channel);
    if (limit <= 0) return [];
    return await this.#deps.store.claimMessages({ channel, limit, leaseMs: LEASE_MS });
  }

  #room(channel: MessageChannel): number {
    const { requests, liveCalls, calls } = this.#deps;
    const free = requests - this.#inFlight[channel].size;
    // A call counts from its claim on: until it is placed it is only in flight.
    return channel === 'sms' ? free : Math.min(free, liveCalls - calls.liveCalls - this.#inFlight.voice.size);
  }

  #channelsWithRoom(): MessageChannel[] {
    return CHANNELS.filter(channel => this.#room(channel) > 0);
  }

  #isInFlight({ channel, ref }: Message): boolean {
    return this.#inFlight[channel].has(ref);
  }

  #dispatch(message: Message, what: 'send' | 'recover'): void {
    const { channel, ref } = message;
    const flying = this.#inFlight[channel];
    flying.add(ref);
    const dispatch = channel === 'voice' ? this.#deps.voice : this.#deps.texts;
    const work = dispatch[what](message).finally(() => {
      flying.delete(ref);
      if (this.#starved || what === 'recover') this.wake();
      if (this.#busy() === 0) for (const resolve of this.#idle.splice(0)) resolve();
    });
    background(this.#deps.log, 'sending a message', work);
  }

  #busy(): number {
    return this.#inFlight.voice.size + this.#inFlight.sms.size;
  }
}
