import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { verificationState, type VerificationState } from '../../src/domain/plan.ts';
import type { CallRef, PinRecord } from '../../src/domain/types.ts';
import type { AdvanceRun } from '../../src/store/plan-store.ts';
import {
  advanceRequest,
  applicationId,
  attempt,
  createdPin,
  operation,
  refOf,
  type Current,
} from '../support/store-fixtures.ts';

type Action =
  | { readonly do: 'create'; readonly supersede: boolean; readonly short: boolean }
  | {
      readonly do: 'advance';
      readonly pin: number;
      /** Behind the turn that it is decided upon. */
      readonly behind: number;
      readonly by: 'call' | 'text' | 'nothing';
    }
  | { readonly do: 'again'; readonly pin: number }
  | { readonly do: 'attempt'; readonly pin: number; readonly right: boolean }
  | { readonly do: 'end'; readonly pin: number }
  | { readonly do: 'cancel'; readonly pin: number };

const pin = fc.integer({ min: 0, max: 3 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      supersede: fc.boolean(),
      short: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      pin,
      behind: fc.constantFrom(0, 0, 0, 1),
      by: fc.constantFrom('call' as const, 'text' as const, 'nothing' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('again' as const), pin }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('attempt' as const), pin, right: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), pin }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), pin }) },
);

/** Actions of one step arrive together; then time goes on by `thenMs`. */
const steps = fc.array(
  fc.record({
    together: fc.array(action, { minLength: 1, maxLength: 6 }),
    thenMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 })),
  }),
  { minLength: 2, maxLength: 20 },
);

const ATTEMPTS = 2;
const SHORT_MS = 400;

/** One verification as the rules tell it: what became of the PIN, and which deliveries its turns have. */
interface Run {
  readonly pin: PinRecord;
  used: number;
  verified: boolean;
  over: 'superseded' | 'cancelled' | undefined;
  turn: number;
  live: CallRef | undefined;
  /** Calls and texts; `true`: a call that is not over. */
  readonly started: Map<CallRef, boolean>;
  last: { readonly request: AdvanceRun; readonly replaced: CallRef | undefined } | undefined;
}

function stateOf(run: Run, now: number): VerificationState {
  if (run.verified) return 'verified';
  if (run.over) return run.over;
  if (run.used >= ATTEMPTS) return 'exhausted';
  return now >= run.pin.expiresAt ? 'expired' : 'pending';
}

const liveCalls = ({ started }: Run): CallRef[] =>
  [...started].filter(([, isLive]) => isLive).map(([ref]) => ref);

export function planModelCases(current: Current): void {
  describe('model of runs', () => {
    it('never two turns from one, nothing for a PIN that is over, in whatever order', async () => {
      const harness = current();
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(steps, fc.boolean(), async (plan, allowMultiple) => {
          const { store } = harness;
          const application = applicationId();
          const runs: Run[] = [];

          async function create({ supersede, short }: Extract<Action, { do: 'create' }>, now: number) {
            if (runs.length > 3) return;
            if (supersede) {
              for (const run of runs) {
                const alive = run.used < ATTEMPTS && (!run.verified || allowMultiple);
                if (alive && run.over === undefined && now < run.pin.expiresAt) run.over = 'superseded';
              }
            }
            const options = { applicationId: application, plan: true, attempts: ATTEMPTS, allowMultiple };
            const ttlMs = short ? SHORT_MS : 3_600_000;
            const created = await createdPin(store, { ...options, supersede, ttlMs });
            const { callRef } = created.delivery;
            runs.push({
              pin: created.pin,
              used: 0,
              verified: false,
              over: undefined,
              turn: 1,
              live: callRef,
              started: new Map([[callRef, true]]),
              last: undefined,
            });
          }

          function advance(run: Run, { behind, by }: Extract<Action, { do: 'advance' }>, now: number) {
            const request = advanceRequest(run.pin, { turn: run.turn - behind, by });
            const real = store.advanceRun(request);
            if (stateOf(run, now) !== 'pending') return { real, expected: { outcome: 'dead' } };
            if (behind > 0) return { real, expected: { outcome: 'stale', run: { turn: run.turn } } };
            const replaced = run.live;
            run.turn++;
            run.live = refOf(request);
            if (run.live !== undefined) {
              run.started.set(run.live, by === 'call');
              run.last = { request, replaced };
            }
            return {
              real,
              expected: { outcome: 'advanced', replaced, run: { turn: run.turn, live: run.live } },
            };
          }

          /** What was asked last, once more: the same answer, whatever has come in between. */
          function again(run: Run) {
            const { request, replaced } = run.last ?? {};
            if (!request) return undefined;
            const real = store.advanceRun({ ...request, opId: operation() });
            return { real, expected: { outcome: 'advanced', replaced, run: { turn: run.turn } } };
          }

          function check(run: Run, right: boolean, now: number) {
            const real = attempt(store, run.pin.pinId, right);
            if (run.verified && !allowMultiple && run.over === undefined) {
              return { real, expected: { outcome: 'used' } };
            }
            if (run.used >= ATTEMPTS) return { real, expected: { outcome: 'exhausted' } };
            if (run.over) return { real, expected: { outcome: run.over } };
            if (now >= run.pin.expiresAt) return { real, expected: { outcome: 'expired' } };
            run.used++;
            if (!right) return { real, expected: { outcome: 'wrong' } };
            run.verified = true;
            return { real, expected: { outcome: 'verified', live: liveCalls(run) } };
          }

          function cancel(run: Run, now: number) {
            const real = store.cancelPin({ opId: operation(), pinId: run.pin.pinId, events: [] });
            if (stateOf(run, now) !== 'pending') return { real, expected: { outcome: 'over' } };
            run.over = 'cancelled';
            return { real, expected: { outcome: 'cancelled', live: liveCalls(run) } };
          }

          function end(run: Run) {
            const ref = run.live;
            if (ref === undefined || run.started.get(ref) !== true) return undefined;
            run.started.set(ref, false);
            return { real: store.transition({ ref, to: 'ended' }), expected: { applied: true } };
          }

          function act(step: Exclude<Action, { do: 'create' }>, now: number) {
            const run = runs[step.pin];
            if (!run) return undefined;
            switch (step.do) {
              case 'advance':
                return advance(run, step, now);
              case 'again':
                return again(run);
              case 'attempt':
                return check(run, step.right, now);
              case 'cancel':
                return cancel(run, now);
              case 'end':
                return end(run);
              default:
                return undefined;
            }
          }

          for (const { together, thenMs } of plan) {
            const now = await store.now();
            const acts = [];
            for (const step of together) {
              if (step.do === 'create') await create(step, now);
              else acts.push(act(step, now));
            }
            for (const each of acts) {
              if (!each) continue;
              const real = await each.real;
              expect(real).toMatchObject(each.expected);
              if ('outcome' in real) seen.add(real.outcome);
            }
            // On a clock of its own a store would drift from the model between the steps.
            if (harness.exactTime) await harness.advance(thenMs);
          }

          for (const run of runs) {
            const record = await store.getVerification(run.pin.pinId);
            if (!record?.run) throw new Error('the run is gone');
            expect(record.run).toMatchObject({ turn: run.turn, live: run.live });
            const refs = [
              ...record.calls.map(({ callRef }) => callRef),
              ...record.messages.map(({ ref }) => ref),
            ];
            expect(refs.toSorted()).toEqual([...run.started.keys()].toSorted());
            const entries = record.run.entries.flatMap(entry =>
              entry.kind === 'started' ? [entry.ref] : [],
            );
            expect(entries).toEqual([...run.started.keys()]);
            expect(verificationState(record.pin, record.now)).toBe(stateOf(run, record.now));
          }
        }),
        { seed: 7, numRuns: harness.exactTime ? 150 : 20 },
      );
      const outcomes = ['advanced', 'stale', 'dead', 'wrong', 'verified', 'cancelled', 'over', 'exhausted'];
      if (harness.exactTime) outcomes.push('used', 'superseded', 'expired');
      for (const outcome of outcomes) expect(seen).toContain(outcome);
    });
  });
}
