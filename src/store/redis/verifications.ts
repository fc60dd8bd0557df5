import type { PinMessage } from '../../domain/pin-message.ts';
import { shardOf } from '../../domain/ids.ts';
import type { PlanRun } from '../../domain/plan.ts';
import type { ApplicationId, CallRef, Delivery, PinId } from '../../domain/types.ts';
import { newDeliveryRecord, newPinMessageRecord } from '../new-records.ts';
import type { AdvanceRun, AdvanceRunResult, PlanStore, VerificationRecord } from '../plan-store.ts';
import { armArguments, cancelArguments, limitArguments } from './arguments.ts';
import { callInfo, messageInfo, readRest, whole, type CallRest, type MessageRest } from './bearer-info.ts';
import type { createDeliveries } from './deliveries.ts';
import { shardOfId } from './keys.ts';
import { packEvents } from './outbox-events.ts';
import type { createPinMessages } from './pin-messages.ts';
import { packTurn, runFromFields, runOf } from './plan-runs.ts';
import { deliveryOf, pinMessageOf, pinOf } from './records.ts';
import type { Argument, Reply, ScriptRunner } from './script.ts';
import { createSendWindows } from './send-windows.ts';

type Verbs = Pick<PlanStore, 'getRun' | 'advanceRun' | 'cancelPin' | 'sendAllowedIn'>;
type Advanced = Extract<AdvanceRunResult, { outcome: 'advanced' }>;

interface Deps {
  readonly scripts: ScriptRunner;
  readonly deliveries: Pick<ReturnType<typeof createDeliveries>, 'begun'>;
  readonly messages: Pick<ReturnType<typeof createPinMessages>, 'begun'>;
}

/** What moves a verification on, or ends it: the next turn of its plan, and cancellation. */
export function createVerifications({ scripts, deliveries, messages }: Deps): Verbs {
  const advance = scripts.mutation('plan-advance');
  const cancel = scripts.mutation('plan-cancel');
  const wait = scripts.query('window-wait');
  const windows = createSendWindows(scripts);

  async function applicationOf(pinId: PinId): Promise<ApplicationId | undefined> {
    const [text] = await scripts.texts(shardOfId(pinId), `p:${pinId}`);
    return text ? (text.split('\n', 1)[0] as ApplicationId) : undefined;
  }

  /** Runs the script, under its limits if there are any. */
  async function send(request: AdvanceRun, application: ApplicationId | undefined): Promise<Reply> {
    const { pinId, limits } = request;
    const shard = shardOfId(pinId);
    const opId = `n:${request.opId}`;
    const head = [pinId, request.expectedTurn, packTurn(request), ...startArguments(request.start)];
    const events = packEvents(request.events);
    const tail = [...cancelArguments(request.cancel), ...armArguments(request.timers)];
    if (!limits) {
      const none: Argument[] = ['', '', '', '', '', '', ''];
      return await advance({ shard, opId, args: [...head, events, ...none, ...tail] });
    }
    const applicationId = application ?? (await applicationOf(pinId));
    if (applicationId === undefined) return ['dead'];
    const counts = [
      ...limitArguments(limits.perApplication),
      ...limitArguments(limits.perNumber),
      windows.here,
    ];
    const reply = await windows.around({ opId, applicationId, limits }, refusedMs =>
      advance({ shard, opId, args: [...head, events, refusedMs, applicationId, ...counts, ...tail] }),
    );
    const [outcome, elsewhere] = reply as readonly Reply[];
    return outcome === 'elsewhere' ? await send(request, elsewhere as ApplicationId) : reply;
  }

  /** What was started: as it was written, or, for a repeated call, as it is now. */
  function startedOf(
    start: AdvanceRun['start'],
    at: number,
    before: Reply | undefined,
  ): Pick<Advanced, 'delivery' | 'message'> {
    if (!start) return {};
    if ('delivery' in start) {
      const ref = start.delivery.callRef;
      if (before !== undefined) return { delivery: callOf([ref, ...(before as readonly Reply[])]) };
      deliveries.begun(start.delivery);
      return { delivery: newDeliveryRecord(start.delivery, at) };
    }
    const { ref } = start.message;
    if (before !== undefined) return { message: textOf([ref, ...(before as readonly Reply[])]) };
    messages.begun(start.message);
    return { message: newPinMessageRecord(start.message, at) };
  }

  return {
    async getRun(pinId) {
      const fields = await scripts.record(shardOfId(pinId), `r:${pinId}`);
      return fields && runFromFields(pinId, fields);
    },

    async advanceRun(request): Promise<AdvanceRunResult> {
      const { pinId, start } = request;
      const application = start && ('delivery' in start ? start.delivery : start.message).applicationId;
      const [outcome, ...rest] = (await send(request, application)) as readonly Reply[];
      switch (outcome) {
        case 'created': {
          const [at, pin, run, replaced, before] = rest;
          return {
            outcome: 'advanced',
            run: runOf(pinId, run) as PlanRun,
            pin: pinOf(pinId, String(pin)),
            ...startedOf(start, Number(at), before),
            replaced: replaced === '' ? undefined : (replaced as CallRef),
          };
        }
        case 'stale':
          return { outcome: 'stale', run: runOf(pinId, rest[0]) as PlanRun };
        case 'limited': {
          const [limit, ms] = rest;
          return {
            outcome: 'limited',
            limit: limit === 'application' ? limit : 'number',
            retryAfterMs: Number(ms),
          };
        }
        case 'dead':
          return { outcome: 'dead' };
        default:
          throw new Error('the id of this delivery is in use');
      }
    },

    async cancelPin({ opId, pinId, events }) {
      const shard = shardOfId(pinId);
      const reply = await cancel({ shard, opId: `x:${opId}`, args: [pinId, packEvents(events)] });
      const [outcome, ...live] = reply as readonly Reply[];
      if (outcome === 'cancelled') return { outcome, live: live.map(ref => String(ref) as CallRef) };
      return { outcome: outcome === 'over' ? 'over' : 'unknown' };
    },

    async sendAllowedIn({ applicationId, to, limits }) {
      const waits = await Promise.all([
        wait(shardOf(applicationId), [applicationId, '', ...limitArguments(limits.perApplication)]),
        wait(shardOf(to), [applicationId, to, ...limitArguments(limits.perNumber)]),
      ]);
      return Math.max(...waits.map(Number));
    },
  };
}

/** What lua/verification-get.lua returns of a PIN. */
export function readVerification(reply: Reply, now: number): VerificationRecord {
  const [id, pin, run, calls, texts] = reply as readonly Reply[];
  const pinId = String(id) as PinId;
  return {
    pin: pinOf(pinId, String(pin)),
    run: runOf(pinId, run),
    calls: (calls as readonly Reply[]).map(callOf),
    messages: (texts as readonly Reply[]).map(textOf),
    now,
  };
}

/** Its ref and both of its texts: lua/include/bearer.lua. */
function callOf(reply: Reply): Delivery {
  const [ref, lines, info] = reply as readonly (string | null)[];
  return deliveryOf(ref as CallRef, lines ?? '', readRest<CallRest>(info ?? ''));
}

function textOf(reply: Reply): PinMessage {
  const [ref, lines, info] = reply as readonly (string | null)[];
  return pinMessageOf(ref as CallRef, lines ?? '', readRest<MessageRest>(info ?? ''));
}

/** Kind, ref and what never changes. */
function startArguments(start: AdvanceRun['start']): Argument[] {
  if (!start) return ['', '', ''];
  if ('delivery' in start) return ['d', start.delivery.callRef, whole(callInfo(start.delivery))];
  return ['g', start.message.ref, whole(messageInfo(start.message))];
}
