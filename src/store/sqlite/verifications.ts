import { verificationState } from '../../domain/plan.ts';
import type { CallRef, PinId, PinRecord } from '../../domain/types.ts';
import type { AdvanceRun, AdvanceRunResult, CancelPinResult, PlanStore } from '../plan-store.ts';
import type { PinDeps } from './pins.ts';
import { pinFromRow } from './rows.ts';

type Advanced = Extract<AdvanceRunResult, { outcome: 'advanced' }>;

/** What moves a verification on, or ends it: the next turn of its plan, and cancellation. */
export function createVerifications(deps: PinDeps) {
  const { db, now, sendLimits, runs, deliveries, messages, timers, outbox } = deps;
  const find = db.prepare('SELECT * FROM pin WHERE pin_id = ?');
  const cancel = db.prepare("UPDATE pin SET state = 'cancelled', seed = NULL WHERE pin_id = ?");

  const getPin = (id: PinId): PinRecord | undefined => {
    const row = find.get(id);
    return row && pinFromRow(row);
  };

  /** A delivery that is there already, whichever it is. */
  function brought(
    pinId: PinId,
    ref: CallRef | undefined,
  ): Pick<Advanced, 'delivery' | 'message'> | undefined {
    if (ref === undefined) return undefined;
    const delivery = deliveries.ofPin(ref, pinId);
    if (delivery) return { delivery };
    const message = messages.get(ref);
    return message?.pinId === pinId ? { message } : undefined;
  }

  function bring(start: AdvanceRun['start']): Pick<Advanced, 'delivery' | 'message'> {
    if (!start) return {};
    return 'delivery' in start
      ? { delivery: deliveries.insert(start.delivery) }
      : { message: messages.insert(start.message) };
  }

  return {
    advance(request: AdvanceRun): AdvanceRunResult {
      const { pinId, start } = request;
      const pin = getPin(pinId);
      const run = runs.get(pinId);
      if (!pin || !run) return { outcome: 'dead' };
      const ref = refOf(start);
      const known = brought(pinId, ref);
      if (known && ref !== undefined) {
        return { outcome: 'advanced', run, pin, ...known, replaced: runs.replacedBy(pinId, ref) };
      }
      if (!startable(pin, now())) return { outcome: 'dead' };
      if (run.turn !== request.expectedTurn) return { outcome: 'stale', run };
      const hit = request.limits && sendLimits.admit(pin, request.limits);
      if (hit) return hit;
      const delivered = bring(start);
      const next = runs.advance(run, request, ref);
      timers.cancel(request.cancel);
      timers.arm(request.timers);
      outbox.emit(request.events);
      return { outcome: 'advanced', run: next, pin, ...delivered, replaced: run.live };
    },

    /** The same answer, of the records as they are now. */
    recall(result: AdvanceRunResult): AdvanceRunResult {
      if (result.outcome !== 'advanced') return result;
      const { pinId } = result.pin;
      const pin = getPin(pinId);
      const run = runs.get(pinId);
      if (!pin || !run) return { outcome: 'dead' };
      const ref = result.delivery?.callRef ?? result.message?.ref;
      return { ...result, pin, run, ...brought(pinId, ref) };
    },

    cancel({ pinId, events }: Parameters<PlanStore['cancelPin']>[0]): CancelPinResult {
      const pin = getPin(pinId);
      if (!pin) return { outcome: 'unknown' };
      if (verificationState(pin, now()) !== 'pending') return { outcome: 'over' };
      cancel.run(pinId);
      outbox.emit(events);
      return { outcome: 'cancelled', live: deliveries.liveOf(pinId) };
    },
  };
}

function refOf(start: AdvanceRun['start']): CallRef | undefined {
  if (!start) return undefined;
  return 'delivery' in start ? start.delivery.callRef : start.message.ref;
}

/** Whether something may still be started for it: nothing is once it was verified, be it for another use. */
function startable(pin: PinRecord, at: number): boolean {
  return pin.seed !== undefined && verificationState(pin, at) === 'pending';
}
