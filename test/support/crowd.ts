import { setTimeout as pause } from 'node:timers/promises';

import { LeanClient } from './lean-client.ts';
import type { Service } from './service.ts';

export interface Answer {
  readonly kind: 'send' | 'verify';
  readonly status: number;
  /** Of `performance.now()`. */
  readonly startedAt: number;
  readonly ms: number;
  /** 503 with a time to come back after. */
  readonly comeBack: boolean;
}

/** How long after its send somebody types the code in. */
const VERIFY_AFTER_MS = 300;
const NO_PIN = 'x';

interface Acknowledged {
  /** As the last verification said. */
  left: number | undefined;
}

/** Many people who ask for PINs and type in wrong ones, over connections of their own for each kind: who verifies does not wait behind those who send. */
export class Crowd {
  readonly answers: Answer[] = [];
  readonly acknowledged = new Map<string, Acknowledged>();
  readonly #service: Service;
  readonly #ids: object;
  readonly #clients: Readonly<Record<Answer['kind'], LeanClient>>;
  #number = 0;

  constructor(service: Service, ids: object) {
    this.#service = service;
    this.#ids = ids;
    const port = Number(new URL(service.url).port);
    this.#clients = { send: new LeanClient(port, 768), verify: new LeanClient(port, 256) };
  }

  /** They come at this rate, whatever becomes of those before them. */
  async come(perSecond: number, seconds: number): Promise<Answer[]> {
    const first = this.answers.length;
    const under = new Set<Promise<void>>();
    const start = performance.now();
    for (let sent = 0; performance.now() - start < seconds * 1_000;) {
      const due = Math.floor(((performance.now() - start) / 1_000) * perSecond);
      for (; sent < due; sent++) {
        const one = this.#sendAndVerify().finally(() => under.delete(one));
        under.add(one);
      }
      await pause(2);
    }
    await Promise.all(under);
    return this.answers.slice(first);
  }

  /** So many, each after the other. */
  async work(workers: number, seconds: number): Promise<Answer[]> {
    const first = this.answers.length;
    const end = performance.now() + seconds * 1_000;
    const one = async (): Promise<void> => {
      while (performance.now() < end) {
        const pinId = await this.#send();
        if (pinId !== undefined) await this.verify(pinId);
      }
    };
    await Promise.all(Array.from({ length: workers }, one));
    return this.answers.slice(first);
  }

  /** One send after the other, without verifications. */
  async one(sends: number): Promise<Answer[]> {
    const first = this.answers.length;
    for (let sent = 0; sent < sends; sent++) await this.#send();
    return this.answers.slice(first);
  }

  /** With a wrong PIN. */
  async verify(pinId: string): Promise<Answer> {
    const { answer, text } = await this.#call('verify', `/2fa/2/pin/${pinId}/verify`, { pin: NO_PIN });
    this.answers.push(answer);
    const known = this.acknowledged.get(pinId);
    if (answer.status === 200 && known) {
      known.left = (JSON.parse(text) as { attemptsRemaining: number }).attemptsRemaining;
    }
    return answer;
  }

  close(): void {
    for (const client of Object.values(this.#clients)) client.close();
  }

  async #sendAndVerify(): Promise<void> {
    const pinId = await this.#send();
    if (pinId === undefined) return;
    await pause(VERIFY_AFTER_MS);
    await this.verify(pinId);
  }

  async #send(): Promise<string | undefined> {
    const to = `4179${String(this.#number++ % 10_000_000).padStart(7, '0')}`;
    const { answer, text } = await this.#call('send', '/2fa/2/pin/voice', { ...this.#ids, to });
    this.answers.push(answer);
    if (answer.status !== 200) return undefined;
    const { pinId } = JSON.parse(text) as { pinId: string };
    this.acknowledged.set(pinId, { left: undefined });
    return pinId;
  }

  async #call(kind: Answer['kind'], path: string, body: object): Promise<{ answer: Answer; text: string }> {
    const startedAt = performance.now();
    const { status, head, text } = await this.#clients[kind].post(path, JSON.stringify(body), {
      authorization: `App ${this.#service.apiKey}`,
      'content-type': 'application/json',
    });
    const comeBack = status === 503 && /\r\nretry-after: [1-9]/.test(head);
    return { answer: { kind, status, startedAt, ms: performance.now() - startedAt, comeBack }, text };
  }
}
