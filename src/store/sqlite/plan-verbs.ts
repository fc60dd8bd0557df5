import type { EventStore } from '../event-store.ts';
import type { PlanStore } from '../plan-store.ts';
import { createEventLog, LOG_CHUNK } from './event-log.ts';
import { createIdempotency } from './idempotency.ts';
import type { createOnce } from './once.ts';
import { createPolicies } from './policies.ts';
import { createVerificationRecords } from './verification-records.ts';
import { createVerifications } from './verifications.ts';
import type { Writer } from './writer.ts';

type Deps = Parameters<typeof createVerifications>[0] & {
  readonly writer: Writer;
  readonly once: ReturnType<typeof createOnce>;
};

/** The verbs of delivery plans and of events to customers. */
export function createPlanVerbs(deps: Deps): PlanStore & EventStore {
  const { db, now, writer, once, runs, sendLimits, outbox } = deps;
  const verifications = createVerifications(deps);
  const records = createVerificationRecords(deps);
  const policies = createPolicies(db);
  const idempotency = createIdempotency(db, now);
  const events = createEventLog(deps);

  return {
    getRun: pinId => writer.read(() => runs.get(pinId)),
    advanceRun: request =>
      once(
        `advance:${request.opId}`,
        () => writer.write(() => verifications.advance(request)),
        result => () => writer.read(() => verifications.recall(result)),
      ),
    cancelPin: request =>
      once(`cancel:${request.opId}`, () => writer.write(() => verifications.cancel(request))),

    getVerification: pinId => records.get(pinId),
    listVerificationRecords: filter => records.list(filter),
    sendAllowedIn: request => writer.read(() => sendLimits.allowedIn(request, request.limits)),

    putPolicy: request => writer.write(() => policies.put(request)),
    getPolicy: owner => writer.read(() => policies.get(owner)),
    policyFor: request => writer.read(() => policies.for(request)),

    openIdempotency: request => writer.write(() => idempotency.open(request)),
    closeIdempotency: request => writer.write(() => idempotency.close(request)),
    dropIdempotency: request => writer.write(() => idempotency.drop(request)),

    putEndpoint: endpoint => writer.write(() => events.putEndpoint(endpoint)),
    getEndpoint: id => writer.read(() => events.getEndpoint(id)),
    listEndpoints: () => writer.read(() => events.listEndpoints()),
    removeEndpoint: id => writer.write(() => events.removeEndpoint(id)),
    emitEvents: request => writer.write(() => outbox.emit(request)),
    publishEvents: request => writer.write(() => events.publish(request)),
    getLoggedEvent: id => writer.read(() => events.get(id)),
    listLoggedEvents: filter => events.list(filter),
    async sweepLoggedEvents({ retentionMs }) {
      for (let total = 0; ;) {
        const deleted = await writer.write(() => events.sweepSome(retentionMs));
        total += deleted;
        if (deleted < LOG_CHUNK) return total;
      }
    },
  };
}
