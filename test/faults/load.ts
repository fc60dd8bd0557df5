import { setTimeout as pause } from 'node:timers/promises';

import { seededRandom } from '../support/seeded-random.ts';
import type { Taken } from '../support/lean-carrier.ts';
import { eventually } from '../support/service.ts';
import { createTemplate } from '../support/story.ts';
import type { World } from './world.ts';

/**
 * What becomes of a number: its eighth digit says it, so that the carrier and the client know without talking to each other.
 *
 * - 0 the text arrives, one wrong guess, the right one
 * - 1 the text is undelivered: a call, at once
 * - 2 of the text nothing is ever heard: a call, after a second
 * - 3 the text arrives, nobody types anything in
 * - 4 the text arrives, more guesses at once than there are attempts
 * - 5 the text is undelivered, and verified in the same moment
 * - 6 as 1, through Infobip's face
 * - 7 a call from the beginning, through Infobip's face; nobody answers, and it expires
 */
export type Destiny = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
export const destinyOf = (number: string): Destiny => Number(number.charAt(5)) as Destiny;
/** One call each, if nobody verified before. */
export const FALLBACKS: readonly Destiny[] = [1, 2, 6];
/** The wait of destiny 2. */
export const NO_REPORT_MS = 1_000;

/** Between the sends somebody makes an application, now and then. */
const TEMPLATES_OF_256 = 8;
const PATIENCE_MS = 60_000;
const TEXT_WAIT_MS = 3_000;
const AFTER_REFUSAL_MS = 50;
const CALLBACK_TRIES = 300;

export interface CheckBody {
  readonly verified: boolean;
  readonly reason?: string;
  readonly attemptsLeft: number;
  readonly pinError?: string;
  readonly attemptsRemaining?: number;
}

/** Clients (64 unless told otherwise) and the carrier's side of what they ask for, until it is stopped. */
export class Load {
  readonly world: World;
  /** Sends answered 2xx so far. */
  acknowledged = 0;
  readonly #random: (count: number) => Buffer;
  readonly #texts = new Map<string, () => void>();
  readonly #callbacks = new Set<Promise<void>>();
  #workers: Promise<void>[] = [];
  #running = false;
  #next = 0;

  constructor(world: World, seed: string | number = 1) {
    this.world = world;
    this.#random = seededRandom(seed);
    world.carrier.onTaken = taken => this.#taken(taken);
  }

  start(clients = 64): void {
    this.#running = true;
    this.#workers = Array.from({ length: clients }, async () => {
      while (this.#running) {
        await this.world.up;
        await this.#story();
      }
    });
  }

  /** Resolves when so many more sends were acknowledged: a slow machine is no reason for a vacuous run. */
  async progress(sends: number): Promise<void> {
    const enough = this.acknowledged + sends;
    await eventually(`${sends} more sends`, async () => this.acknowledged >= enough, PATIENCE_MS);
  }

  /** Lets what was begun come to an end. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#workers);
  }

  /** Resolves when the carrier has said everything. */
  async quiet(): Promise<void> {
    while (this.#callbacks.size > 0) await Promise.all(this.#callbacks);
  }

  async story(destiny: Destiny): Promise<string> {
    const number = `+4179${destiny}${String(100_000 + this.#next++)}`;
    if (destiny >= 6) await this.#sendByInfobip(number, destiny);
    else await this.#verification(number, destiny);
    return number;
  }

  async #story(): Promise<void> {
    if (this.#random(1)[0]! < TEMPLATES_OF_256) await this.#template();
    await this.story((this.#random(1)[0]! % 8) as Destiny);
  }

  async #template(): Promise<void> {
    try {
      this.world.journal.note({ what: 'template', ...(await createTemplate(this.world.service)) });
    } catch {
      // Not acknowledged whole, so nothing is expected of it.
    }
  }

  async #sendByInfobip(number: string, destiny: Destiny): Promise<void> {
    const { world } = this;
    const path = destiny === 7 ? '/2fa/2/pin/voice' : '/2fa/2/pin';
    const ids = destiny === 7 ? world.short : world.ids;
    const answer = await this.#ask<{ pinId: string }>('POST', path, { ...ids, to: number.slice(1) });
    this.#sent(number, answer?.status, answer?.status === 200 ? answer.body.pinId : undefined);
  }

  async #verification(number: string, destiny: Destiny): Promise<void> {
    const id = await this.create(number, destiny);
    if (id === undefined || ![0, 4, 5].includes(destiny)) return;
    const pin = await this.pin(number);
    if (pin === undefined) return;
    const wrong = pin.replace(/.$/, last => String((Number(last) + 1) % 10));
    if (destiny === 4) await Promise.all(Array.from({ length: 8 }, () => this.check(id, wrong)));
    if (destiny === 0) await this.check(id, wrong);
    if (destiny === 0 || destiny === 5) await this.check(id, pin);
  }

  /** A send that was not answered is asked for again with its Idempotency-Key: it must be the same one (F28). */
  async create(number: string, destiny: Destiny): Promise<string | undefined> {
    const { world } = this;
    const next = destiny === 2 ? { noReportAfterSeconds: NO_REPORT_MS / 1_000 } : {};
    const { applicationId, messageId: template } = world.ids;
    const plan = { steps: [{ channel: 'sms', next }, { channel: 'voice' }] };
    const body = { to: number, applicationId, template, plan };
    for (let tries = 0; tries < 4; tries++) {
      const headers = { 'idempotency-key': `send-${number.slice(1)}` };
      const answer = await this.#ask<{ id: string }>('POST', '/v1/verifications', body, headers);
      const id = answer?.status === 201 ? answer.body.id : undefined;
      this.#sent(number, answer?.status, id);
      if (id !== undefined) return id;
      await pause(AFTER_REFUSAL_MS);
      await world.up;
    }
    return undefined;
  }

  async check(id: string, pin: string): Promise<string> {
    const answer = await this.#ask<CheckBody>('POST', `/v1/verifications/${id}/check`, { pin });
    const said = whatWasSaid(answer);
    const left = answer?.status === 200 ? { attemptsLeft: answer.body.attemptsLeft } : {};
    this.world.journal.note({ what: 'check', id, answer: said, ...left });
    return said;
  }

  #sent(number: string, status: number | undefined, id: string | undefined): void {
    if (id !== undefined) this.acknowledged++;
    const known = id === undefined ? {} : { id };
    this.world.journal.note({ what: 'send', number, answer: status ?? 'lost', ...known });
  }

  /** Undefined: nobody answered. */
  async #ask<Body>(method: string, path: string, body: unknown, headers: Record<string, string> = {}) {
    const { world } = this;
    try {
      return await world.service.api<Body>(method, path, body, headers);
    } catch {
      return undefined;
    }
  }

  /** Waits for the text, which leaves after its send was answered, through a kill and the next life, but not for ever. */
  async pin(number: string): Promise<string | undefined> {
    const known = this.world.pinOf(number);
    if (known !== undefined) return known;
    await Promise.race([new Promise<void>(resolve => this.#texts.set(number, resolve)), pause(TEXT_WAIT_MS)]);
    this.#texts.delete(number);
    return this.world.pinOf(number);
  }

  #taken(taken: Taken): void {
    const { kind, to: number, sid } = taken;
    this.world.journal.note({ what: 'taken', kind, number, sid });
    const work = (kind === 'text' ? this.#afterText(taken) : this.#afterCall(taken)).finally(() =>
      this.#callbacks.delete(work),
    );
    this.#callbacks.add(work);
    if (kind === 'text') this.#texts.get(number)?.();
  }

  async #afterText(taken: Taken): Promise<void> {
    const destiny = destinyOf(taken.to);
    if (destiny === 2) return;
    if (destiny !== 5) await pause(10 + this.#random(1)[0]! / 8);
    const failed = destiny === 1 || destiny === 5 || destiny === 6;
    await this.#forge(taken, failed ? 'delivered' : 'undelivered');
    if (failed) await this.#insist(taken, 'undelivered', { ErrorCode: '30003' });
    else await this.#insist(taken, 'delivered');
    // Again, and a word that should have come before.
    await this.#insist(taken, 'sent');
    await this.#insist(taken, failed ? 'undelivered' : 'delivered', failed ? { ErrorCode: '30003' } : {});
  }

  async #afterCall(taken: Taken): Promise<void> {
    await pause(20 + this.#random(1)[0]! / 8);
    await this.#forge(taken, 'completed');
    await this.#insist(taken, 'ringing');
    await this.#insist(taken, 'busy', { SipResponseCode: '486' });
    await this.#insist(taken, 'ringing');
  }

  /** As carriers do where they try again, and not before the service lives. */
  async #insist(taken: Taken, status: string, more: Record<string, string> = {}): Promise<void> {
    for (let tries = 0; tries < CALLBACK_TRIES; tries++) {
      await this.world.up;
      const took = await this.world.carrier.report(taken, status, more);
      this.#called(taken.to, status, false, took ? 204 : 'lost');
      if (took) return;
      await pause(100);
    }
  }

  /** What would change the end, with a signature of somebody else. */
  async #forge(taken: Taken, status: string): Promise<void> {
    await this.world.up;
    const { sid, to, from, kind, statusUrl } = taken;
    const about: Record<string, string> =
      kind === 'text' ? { MessageSid: sid, MessageStatus: status } : { CallSid: sid, CallStatus: status };
    try {
      const reply = await fetch(statusUrl, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-twilio-signature': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=',
        },
        body: new URLSearchParams({ ...about, To: to, From: from }).toString(),
      });
      await reply.arrayBuffer();
      this.#called(to, status, true, reply.status);
    } catch {
      this.#called(to, status, true, 'lost');
    }
  }

  #called(number: string, status: string, forged: boolean, answer: number | 'lost'): void {
    this.world.journal.note({ what: 'callback', number, status, forged, answer });
  }
}

export function whatWasSaid(answer: { status: number; body: CheckBody } | undefined): string {
  if (!answer) return 'lost';
  if (answer.status !== 200) return `http ${answer.status}`;
  return answer.body.verified ? 'verified' : (answer.body.reason ?? 'none');
}
