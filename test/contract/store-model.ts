import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { E164, Limit, PinId } from '../../src/domain/types.ts';
import {
  applicationId,
  attempt,
  newDelivery,
  NUMBER,
  operation,
  OTHER_NUMBER,
  pinId,
  pinRequest,
  type Current,
} from '../support/store-fixtures.ts';

type Action =
  | { readonly do: 'create'; readonly number: number; readonly supersede: boolean }
  | { readonly do: 'add'; readonly pin: number }
  | { readonly do: 'attempt'; readonly pin: number; readonly right: boolean };

/** Actions of one step arrive together; then time goes on by `thenMs`. */
interface Step {
  readonly together: readonly Action[];
  readonly thenMs: number;
}

interface Setup {
  readonly ttlMs: number;
  readonly attempts: number;
  readonly allowMultiple: boolean;
  readonly perApplication: Limit;
  readonly perNumber: Limit;
  readonly verifyLimit: Limit;
  readonly failureCap: Limit | undefined;
}

const limit = (maxAttempts: number) =>
  fc.record({
    attempts: fc.integer({ min: 1, max: maxAttempts }),
    windowMs: fc.integer({ min: 50, max: 600 }),
  });

const setup: fc.Arbitrary<Setup> = fc.record({
  ttlMs: fc.integer({ min: 100, max: 800 }),
  attempts: fc.integer({ min: 1, max: 4 }),
  allowMultiple: fc.boolean(),
  perApplication: limit(6),
  perNumber: limit(4),
  verifyLimit: limit(6),
  failureCap: fc.option(limit(4), { nil: undefined }),
});

const pinIndex = fc.integer({ min: 0, max: 5 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      number: fc.integer({ min: 0, max: 1 }),
      supersede: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('add' as const), pin: pinIndex }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('attempt' as const), pin: pinIndex, right: fc.boolean() }),
  },
);

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    together: fc.array(action, { minLength: 1, maxLength: 5 }),
    thenMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 })),
  }),
  { minLength: 1, maxLength: 25 },
);

interface ModelPin {
  readonly id: PinId;
  readonly number: E164;
  readonly expiresAt: number;
  used: number;
  verified: boolean;
  superseded: boolean;
  comparisons: number;
}

/** The rules once more, as plainly as they can be said: lists of times, no indices, no erasure. */
class Model {
  readonly pins: ModelPin[] = [];
  readonly #setup: Setup;
  readonly #events = new Map<string, number[]>();

  constructor(setup: Setup) {
    this.#setup = setup;
  }

  create(request: { id: PinId; number: E164; supersede: boolean }, now: number): string {
    if (!this.#admitSend(request.number, now)) return 'limited';
    for (const pin of this.pins) {
      if (request.supersede && pin.number === request.number && this.#end(pin, now) === undefined) {
        pin.superseded = true;
      }
    }
    this.pins.push({
      id: request.id,
      number: request.number,
      expiresAt: now + this.#setup.ttlMs,
      used: 0,
      verified: false,
      superseded: false,
      comparisons: 0,
    });
    return 'created';
  }

  add(pin: ModelPin | undefined, now: number): string {
    if (!pin || this.#end(pin, now) !== undefined) return 'dead';
    return this.#admitSend(pin.number, now) ? 'created' : 'limited';
  }

  attempt(pin: ModelPin | undefined, right: boolean, now: number): string {
    if (!pin) return 'unknown';
    if (!this.#free(`v${pin.number}`, this.#setup.verifyLimit, now)) return 'limited';
    this.#note(`v${pin.number}`, now);
    const end = this.#end(pin, now);
    if (end) return end;
    const { failureCap } = this.#setup;
    const failures = `f${pin.number}`;
    if (failureCap && !this.#free(failures, failureCap, now)) return 'capped';
    pin.used++;
    pin.comparisons++;
    if (right) {
      pin.verified = true;
      this.#events.delete(failures);
      return 'verified';
    }
    this.#note(failures, now);
    return 'wrong';
  }

  #end(pin: ModelPin, now: number): string | undefined {
    if (pin.verified && !this.#setup.allowMultiple) return 'used';
    if (pin.used >= this.#setup.attempts) return 'exhausted';
    if (pin.superseded) return 'superseded';
    return now >= pin.expiresAt ? 'expired' : undefined;
  }

  #admitSend(number: E164, now: number): boolean {
    const { perApplication, perNumber } = this.#setup;
    if (!this.#free('a', perApplication, now) || !this.#free(`n${number}`, perNumber, now)) return false;
    this.#note('a', now);
    this.#note(`n${number}`, now);
    return true;
  }

  #free(key: string, { attempts, windowMs }: Limit, now: number): boolean {
    const inside = (this.#events.get(key) ?? []).filter(at => at + windowMs > now);
    return inside.length < attempts;
  }

  #note(key: string, now: number): void {
    this.#events.set(key, [...(this.#events.get(key) ?? []), now]);
  }
}

export function modelCases(current: Current): void {
  describe('model', () => {
    it('answers as the plain rules do, whatever is asked in whatever order', async () => {
      const harness = current();
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(setup, steps, async (config, plan) => {
          const { store } = harness;
          const model = new Model(config);
          const application = applicationId();

          const act = (
            step: Action,
            now: number,
          ): { expected: string; real: Promise<{ outcome: string }> } => {
            if (step.do === 'create') {
              const number = step.number === 0 ? NUMBER : OTHER_NUMBER;
              const { ttlMs, attempts, allowMultiple, perApplication, perNumber } = config;
              const limits = { perApplication, perNumber };
              const { supersede } = step;
              const options = { ttlMs, attempts, allowMultiple, limits, supersede };
              const request = pinRequest({ ...options, applicationId: application, to: number });
              const expected = model.create({ id: request.pin.pinId, number, supersede }, now);
              return { expected, real: store.createPin(request) };
            }
            const pin = model.pins[step.pin];
            const id = pin?.id ?? pinId();
            if (step.do === 'add') {
              const request = {
                opId: operation(),
                pinId: id,
                delivery: newDelivery({ pinId: id, applicationId: application, to: pin?.number ?? NUMBER }),
                limits: { perApplication: config.perApplication, perNumber: config.perNumber },
                timers: [],
                events: [],
              };
              return { expected: model.add(pin, now), real: store.addDelivery(request) };
            }
            const { verifyLimit, failureCap } = config;
            const options = { verifyLimit, ...(failureCap && { failureCap }) };
            return {
              expected: model.attempt(pin, step.right, now),
              real: attempt(store, id, step.right, options),
            };
          };

          for (const { together, thenMs } of plan) {
            const now = await store.now();
            const acts = [];
            for (const step of together) {
              const each = act(step, now);
              acts.push(each);
              if (harness.anyOrder) await each.real;
            }
            const real = await Promise.all(acts.map(each => each.real));
            const outcomes = real.map(({ outcome }) => outcome);
            expect(outcomes).toEqual(acts.map(each => each.expected));
            for (const outcome of outcomes) seen.add(outcome);
            // On a clock of its own a store would drift from the model between the steps.
            if (harness.exactTime) await harness.advance(thenMs);
          }
          for (const pin of model.pins) {
            const stored = await store.getPin(pin.id);
            expect(stored).toMatchObject({ attemptsUsed: pin.used });
            expect(await harness.comparisons(pin.id)).toBe(pin.comparisons);
          }
        }),
        { seed: 4, numRuns: harness.exactTime ? 100 : 20 },
      );
      const outcomes = ['created', 'limited', 'dead', 'unknown', 'wrong', 'verified', 'used', 'exhausted'];
      if (harness.exactTime) outcomes.push('expired', 'superseded', 'capped');
      for (const outcome of outcomes) expect(seen).toContain(outcome);
    });
  });
}
