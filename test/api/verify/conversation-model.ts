import { expect } from 'vitest';

import type { Check, DeliveryPlan, Verification } from '../../../src/client/index.ts';
import { MIN_LIFE_MS, type PlanChannel } from '../../../src/domain/plan.ts';

/** What the verify API allows (docs/VERIFY-API.md), in as few words as possible and with none of the service's own code. */

export interface Rules {
  readonly ttlMs: number;
  readonly attempts: number;
  readonly allowMultiple: boolean;
  /** Sends that are asked for, per number. */
  readonly sends: number;
}

export type Verdict = 'done' | 'limited' | 'conflict' | 'gone';

type Started = Verification['timeline'][number];

const FINAL = new Set(['delivered', 'undelivered', 'failed', 'unclear', 'withdrawn', 'skipped']);
const FAILED = new Set(['undelivered', 'failed', 'withdrawn', 'unclear']);

/** One verification as it must be. */
export class Modelled {
  readonly id: string;
  readonly pin: string;
  readonly #plan: DeliveryPlan;
  readonly #rules: Rules;
  readonly #expiresAt: number;
  #attemptsUsed = 0;
  #verified = false;
  #cancelled = false;
  /** From when on nothing may be started any more. */
  #overAt = Infinity;
  /** Deliveries that were asked for after the first. */
  #asked: { channel: PlanChannel; trigger: 'request' | 'resend' }[] = [];
  #seen: Started[] = [];

  constructor(made: Verification, pin: string, rules: Rules) {
    this.id = made.id;
    this.pin = pin;
    this.#rules = rules;
    this.#plan = made.plan!;
    this.#expiresAt = Date.parse(made.createdAt) + rules.ttlMs;
  }

  state(now: number): Verification['state'] {
    if (this.#verified) return 'verified';
    if (this.#cancelled) return 'cancelled';
    if (this.#attemptsUsed >= this.#rules.attempts) return 'exhausted';
    return this.#expiresAt <= now ? 'expired' : 'pending';
  }

  check(right: boolean, now: number): Pick<Check, 'verified' | 'reason'> {
    const { attempts, allowMultiple } = this.#rules;
    if (this.#verified && !allowMultiple) return { verified: false, reason: 'used' };
    if (this.#attemptsUsed >= attempts) return { verified: false, reason: 'exhausted' };
    if (this.#cancelled) return { verified: false, reason: 'cancelled' };
    if (this.#expiresAt <= now) return { verified: false, reason: 'expired' };
    this.#attemptsUsed++;
    if (right) this.#verified = true;
    if (right || this.#attemptsUsed >= attempts) this.#overAt = Math.min(this.#overAt, now);
    return right ? { verified: true } : { verified: false, reason: 'wrong' };
  }

  cancel(now: number): Verdict {
    if (this.state(now) !== 'pending') return 'conflict';
    this.#cancelled = true;
    this.#overAt = Math.min(this.#overAt, now);
    return 'done';
  }

  /** "Call me instead": the next step, or the next one over a channel, or once more over it. */
  next(channel: PlanChannel | undefined, now: number, sendsLeft: number): Verdict {
    if (this.state(now) !== 'pending') return 'conflict';
    const wanted = channel ?? this.#plan.steps[this.#position() + 1]?.channel;
    if (wanted === undefined || this.#expiresAt - now < MIN_LIFE_MS) return 'conflict';
    if (sendsLeft === 0) return 'limited';
    this.#asked.push({ channel: wanted, trigger: 'request' });
    return 'done';
  }

  /** Infobip's. One that may be verified again may also be sent again, where its words are still known. */
  resend(now: number, sendsLeft: number): readonly Verdict[] {
    if (this.state(now) === 'pending') {
      if (this.#expiresAt - now < MIN_LIFE_MS) return ['conflict'];
      return [sendsLeft === 0 ? 'limited' : 'done'];
    }
    const again = this.#verified && this.#rules.allowMultiple && this.#attemptsUsed < this.#rules.attempts;
    if (!again || this.#expiresAt <= now) return ['gone'];
    return ['gone', sendsLeft === 0 ? 'limited' : 'done'];
  }

  resent(channel: PlanChannel): void {
    this.#asked.push({ channel, trigger: 'resend' });
  }

  /** Where its plan stands: the last thing of it that was begun. */
  #position(): number {
    return this.#seen.findLast(({ step }) => step !== undefined)?.step ?? 0;
  }

  /** Holds what is shown against what may be. */
  observe(shown: Verification, now: number): void {
    const state = this.state(now);
    expect(shown.state).toBe(state);
    expect(shown.attemptsLeft).toBe(state === 'pending' ? this.#rules.attempts - this.#attemptsUsed : 0);
    expect(Date.parse(shown.expiresAt)).toBe(this.#expiresAt);
    expect('verifiedAt' in shown).toBe(this.#verified);
    if (state !== 'pending')
      for (const field of ['nextStepAt', 'nextSmsAllowedAt', 'nextVoiceAllowedAt'])
        expect(shown, field).not.toHaveProperty(field);
    this.#history(shown.timeline);
  }

  /** Only ever added to, each step for a reason that holds, none once it is over. */
  #history(timeline: readonly Started[]): void {
    for (const [index, before] of this.#seen.entries()) {
      const now = timeline[index]!;
      const { at, step, channel, trigger } = before;
      expect({ at, step, channel, trigger }).toStrictEqual({
        at: now.at,
        step: now.step,
        channel: now.channel,
        trigger: now.trigger,
      });
      if (FINAL.has(before.state)) expect(now.state).toBe(before.state);
    }
    const asked = timeline.filter(({ trigger }) => trigger === 'request' || trigger === 'resend');
    expect(asked.map(({ channel, trigger }) => ({ channel, trigger }))).toStrictEqual(this.#asked);
    expect(timeline[0]).toMatchObject({ trigger: 'first', step: 0 });
    expect(timeline.filter(({ trigger }) => trigger === 'first')).toHaveLength(1);
    for (const [index, step] of timeline.entries()) this.#transition(step, timeline[index - 1]);
    this.#seen = [...timeline];
  }

  /** One that the plan took by itself. */
  #transition(step: Started, before: Started | undefined): void {
    const { trigger } = step;
    if (trigger === 'first' || trigger === 'request' || trigger === 'resend' || !before) return;
    const at = Date.parse(step.at);
    expect(at).toBeLessThanOrEqual(this.#overAt);
    if (step.state !== 'skipped') expect(at).toBeLessThanOrEqual(this.#expiresAt - MIN_LIFE_MS);
    expect(step.step).toBe((before.step ?? 0) + 1);
    const rule = this.#plan.steps[before.step ?? 0]?.next;
    if (trigger === 'failure') {
      expect(FAILED).toContain(before.state);
      expect(rule?.onFailure ?? true).toBe(true);
      expect(Date.parse(before.endedAt ?? '')).toBeLessThanOrEqual(at);
    } else if (trigger === 'no-report') {
      expect(at - Date.parse(before.at)).toBeGreaterThanOrEqual(
        (rule?.noReportAfterSeconds ?? Infinity) * 1_000,
      );
    } else if (trigger === 'not-verified') {
      const waitMs = (rule?.notVerifiedAfterSeconds ?? Infinity) * 1_000;
      expect(at - Date.parse(before.at)).toBeGreaterThanOrEqual(waitMs);
    }
  }

  /** Deliveries that a carrier was asked for, by channel. */
  started(channel: PlanChannel): number {
    return this.#seen.filter(step => step.channel === channel && step.state !== 'skipped').length;
  }
}
