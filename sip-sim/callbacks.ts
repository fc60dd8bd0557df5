import { randomBytes } from 'node:crypto';

import type { SimClock } from './clock.ts';
import type { EventLog } from './events.ts';
import { HttpFailure, type HttpClient, type SignedRequest } from './http-client.ts';
import { newSid, type Random } from './random.ts';
import type { Faults, Injected } from './settings.ts';

export interface Callback {
  readonly kind: 'call-status' | 'amd-status' | 'stream-status' | 'message-status';
  /** Sid of the call or message it tells of; the callbacks of one subject leave one after the other. */
  readonly subject: string;
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly parameters: Readonly<Record<string, string>>;
}

export interface CallbackDeps {
  readonly clock: SimClock;
  readonly http: HttpClient;
  readonly events: EventLog;
  readonly random: () => Random;
  readonly faults: () => Faults['callbacks'];
  readonly injected: Injected;
}

const MAX_REPLY = 64 * 1024;

/**
 * Sends callbacks, in order for each subject, and spoils them as the settings ask. What the customer answers is
 * ignored, as Twilio ignores it.
 */
export class Callbacks {
  readonly #deps: CallbackDeps;
  readonly #chains = new Map<string, { tail: Promise<void> }>();

  constructor(deps: CallbackDeps) {
    this.#deps = deps;
  }

  send(callback: Callback): void {
    const faults = this.#deps.faults();
    const spoiled = isOn(faults) && this.#deps.random().chance(faults.rate);
    if (!spoiled) return this.#inOrder(callback, [callback]);
    this.#deps.injected.callbacks++;
    if (faults.mute) return;
    if (faults.forge !== 'none') this.#later(0, callback, forged(callback, faults.forge));
    if (faults.strangers) this.#later(0, callback, stranger(callback));
    const copies = Array.from({ length: 1 + faults.duplicate }, () => callback);
    if (!faults.reorder && faults.delayMs === 0) return this.#inOrder(callback, copies);
    for (const copy of copies) {
      const wait = faults.delayMs + (faults.reorder ? this.#deps.random().next() * faults.windowMs : 0);
      this.#later(wait, callback, copy);
    }
  }

  /** Resolves when nothing is on its way any more; delayed callbacks are not waited for. */
  async idle(): Promise<void> {
    while (this.#chains.size > 0) await Promise.all([...this.#chains.values()].map(chain => chain.tail));
  }

  #inOrder(callback: Callback, requests: readonly Outgoing[]): void {
    const { subject } = callback;
    const chain: { tail: Promise<void> } = { tail: Promise.resolve() };
    chain.tail = this.#sendAll(callback, requests, this.#chains.get(subject)?.tail, chain);
    this.#chains.set(subject, chain);
  }

  async #sendAll(
    callback: Callback,
    requests: readonly Outgoing[],
    before: Promise<void> | undefined,
    own: { tail: Promise<void> },
  ): Promise<void> {
    await before;
    for (const request of requests) await this.#post(callback, request);
    if (this.#chains.get(callback.subject) === own) this.#chains.delete(callback.subject);
  }

  #later(ms: number, callback: Callback, request: Outgoing): void {
    this.#deps.clock.after(ms, () => void this.#post(callback, request));
  }

  /** Never rejects. */
  async #post(callback: Callback, request: Outgoing): Promise<void> {
    const started = performance.now();
    let status: number | undefined;
    let error: number | undefined;
    try {
      status = (await this.#deps.http.send({ ...request, maxBytes: MAX_REPLY })).status;
    } catch (failure) {
      error = failure instanceof HttpFailure ? failure.code : 11200;
    }
    this.#deps.events.emit('callback', {
      kind: callback.kind,
      subject: callback.subject,
      status: status ?? null,
      error: error ?? null,
      tookMs: Math.round(performance.now() - started),
    });
  }
}

type Outgoing = Omit<SignedRequest, 'maxBytes'>;

function isOn(faults: Faults['callbacks']): boolean {
  const { mute, duplicate, reorder, delayMs, strangers, forge } = faults;
  return mute || duplicate > 0 || reorder || delayMs > 0 || strangers || forge !== 'none';
}

/** The same callback of a call or message that never was, properly signed. */
function stranger(callback: Callback): Outgoing {
  const parameters = Object.fromEntries(
    Object.entries(callback.parameters).map(([name, value]) =>
      value === callback.subject ? [name, newSid(value.startsWith('CA') ? 'CA' : 'SM')] : [name, value],
    ),
  );
  return { ...callback, parameters };
}

/** The same callback claiming failure, from someone without the key. */
function forged(callback: Callback, how: 'unsigned' | 'wrong-key' | 'tampered'): Outgoing {
  const lie = Object.fromEntries(
    Object.keys(callback.parameters)
      .filter(name => /^(Call|Message|Sms)Status$/.test(name))
      .map(name => [name, 'failed']),
  );
  if (how === 'tampered') return { ...callback, method: 'POST', tamper: { ...lie, Forged: '1' } };
  const authToken = how === 'unsigned' ? null : randomBytes(16).toString('hex');
  return { ...callback, parameters: { ...callback.parameters, ...lie }, authToken };
}
