import type { Clock } from '../../clock.ts';
import { isEmailTemplate } from '../../domain/email-template.ts';
import type { CallRef, PinId } from '../../domain/types.ts';
import type { Logger } from '../../log.ts';
import type { CreatePinMessageResult } from '../pin-message-store.ts';
import type { AddDeliveryResult, CreatePinResult, Store } from '../store.ts';
import { createAttempts } from './attempts.ts';
import { createAuthRecords } from './auth-records.ts';
import { createBacklog } from './backlog.ts';
import { createBulks, settleMessages } from './bulks.ts';
import { createCatalog } from './catalog.ts';
import { createDeliveries } from './deliveries.ts';
import { createLanes } from './lanes.ts';
import { createLookups } from './lookups.ts';
import { createMessageReports, SWEEP_STEP } from './message-reports.ts';
import { createMessageReader } from './message-rows.ts';
import { createMessages } from './messages.ts';
import { createOnce } from './once.ts';
import { openDatabase, type OpenDatabase } from './open-database.ts';
import { createOutbox, DROP_CHUNK } from './outbox.ts';
import { createPinMessages } from './pin-messages.ts';
import { createPins } from './pins.ts';
import { createPlanRuns } from './plan-runs.ts';
import { createPlanVerbs } from './plan-verbs.ts';
import { createSendLimiter } from './send-limiter.ts';
import { dropLeases, settleFuture, storeClock } from './store-clock.ts';
import { createSweep } from './sweep.ts';
import { createTimers } from './timers.ts';
import { createWindows } from './windows.ts';
import { Writer } from './writer.ts';

export interface SqliteStoreOptions {
  /** The file, created with mode 0600 if it is not there; `-wal`, `-shm` and `.lock` appear beside it. */
  readonly path: string;
  readonly clock: Clock;
  readonly log?: Pick<Logger, 'info' | 'warn'>;
  /** How long to wait for another process that has the file, at the start and for a lock. */
  readonly busyTimeoutMs?: number;
}

/**
 * The embedded store: one process, one SQLite file, every write durable when its promise resolves.
 * @throws StoreOpenError with a line for the operator
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, clock, log, busyTimeoutMs = 1000 } = options;
  const database = openDatabase({ path, busyTimeoutMs });
  if (database.created) log?.info({ path }, 'created a new store');
  return createSqliteStore({ database, clock, log });
}

/** The store over a database that is open already. */
export function createSqliteStore(deps: {
  database: OpenDatabase;
  clock: Clock;
  log?: Pick<Logger, 'info' | 'warn'> | undefined;
}): Store {
  const { database, log } = deps;
  const { db } = database;
  const now = storeClock(deps.clock);
  settleFuture(db, now());
  dropLeases(db);
  settleMessages(db, now());

  const writer = new Writer(db);
  const windows = createWindows(db);
  const timers = createTimers(db, now);
  const outbox = createOutbox(db, now);
  const catalog = createCatalog(db);
  const reader = createMessageReader();
  const lanes = createLanes(db);
  const messages = createMessages({ db, now, lanes, outbox, timers, reader });
  const bulks = createBulks({ db, now, writer, lanes, messages });
  const reports = createMessageReports(db, now, reader);
  const deliveries = createDeliveries({ db, now, timers, outbox, messageSteps: messages.step });
  const pinMessages = createPinMessages({ db, now, timers, outbox });
  const sendLimits = createSendLimiter({ now, windows });
  const runs = createPlanRuns(db, now);
  const sending = { db, now, sendLimits, runs, deliveries, messages: pinMessages, timers, outbox };
  const pins = createPins(sending);
  const attempt = createAttempts({ db, now, windows, outbox, liveCalls: deliveries.liveOf });
  const auth = createAuthRecords(db, now);
  const lookups = createLookups(db, now, outbox);
  const sweep = createSweep({ db, now, writer, log });
  const backlog = createBacklog(db, now);
  const once = createOnce(now);
  const planVerbs = createPlanVerbs({ ...sending, writer, once });
  const touch = db.prepare('UPDATE decoy SET tries = tries + 1, touched_at = ? WHERE id = 2');
  let closed = false;

  /** A repeated send is answered from the rows, so that no seed outlives its erasure in memory. */
  const readAgain =
    <Result>(outcome: string, pinId: PinId, callRef: CallRef) =>
    (): Promise<Result> =>
      writer.read(
        () => ({ outcome, pin: pins.get(pinId), delivery: deliveries.ofPin(callRef, pinId) }) as Result,
      );
  const recallSent = <Result extends CreatePinResult | AddDeliveryResult>(result: Result) =>
    result.outcome === 'created'
      ? readAgain<Result>(result.outcome, result.pin.pinId, result.delivery.callRef)
      : keep(result);

  const recallMessage =
    <Result extends CreatePinMessageResult | { readonly outcome: 'dead' }>(result: Result) =>
    (): Promise<Result> =>
      writer.read(() => {
        if (result.outcome !== 'created') return result;
        const { outcome, pin, message } = result;
        return { outcome, pin: pins.get(pin.pinId), message: pinMessages.get(message.ref) } as Result;
      });

  return {
    ...planVerbs,
    putApplication: application => writer.write(() => catalog.putApplication(application)),
    getApplication: id => writer.read(() => catalog.getApplication(id)),
    listApplications: () => writer.read(() => catalog.listApplications()),
    putTemplate: template => writer.write(() => catalog.putTemplate(template)),
    getTemplate: (application, id) =>
      writer.read(() => {
        const found = catalog.getTemplate(application, id);
        return found && !isEmailTemplate(found) ? found : undefined;
      }),
    putEmailTemplate: template => writer.write(() => catalog.putTemplate(template)),
    getEmailTemplate: (application, id) =>
      writer.read(() => {
        const found = catalog.getTemplate(application, id);
        return found && isEmailTemplate(found) ? found : undefined;
      }),
    listTemplates: application => writer.read(() => catalog.listTemplates(application)),

    createPin: request =>
      once(`create:${request.opId}`, () => writer.write(() => pins.create(request)), recallSent),
    addDelivery: request =>
      once(`add:${request.opId}`, () => writer.write(() => pins.addDelivery(request)), recallSent),
    createPinMessage: request =>
      once(
        `create:${request.opId}`,
        () => writer.write(() => pins.createMessage(request)),
        recallMessage<CreatePinMessageResult>,
      ),
    addPinMessage: request =>
      once(
        `add:${request.opId}`,
        () => writer.write(() => pins.addMessage(request)),
        recallMessage<CreatePinMessageResult | { readonly outcome: 'dead' }>,
      ),
    getPinMessage: ref => writer.read(() => pinMessages.get(ref)),
    stepPinMessage: step => writer.write(() => pinMessages.step(step)),
    claimPinMessage: request => writer.write(() => pinMessages.claim(request)),
    getPin: id => writer.read(() => pins.get(id)),
    attemptPin: request => once(`attempt:${request.opId}`, () => writer.write(() => attempt(request))),
    listVerifications: filter => writer.read(() => pins.listVerifications(filter)),

    getDelivery: ref => writer.read(() => deliveries.get(ref)),
    transition: request => writer.write(() => deliveries.transition(request)),
    claimRedial: request => writer.write(() => deliveries.claimRedial(request)),
    issueMediaToken: request => writer.write(() => deliveries.issueToken(request)),
    async redeemMediaToken(tokenHash) {
      // A stranger's guess costs no write.
      const known = await writer.read(() => deliveries.hasToken(tokenHash));
      return known ? writer.write(() => deliveries.redeemToken(tokenHash)) : undefined;
    },

    addBulk: request => bulks.add(request),
    getBulk: (channel, bulkId) => writer.read(() => bulks.get(channel, bulkId)),
    rescheduleBulk: request => writer.write(() => bulks.reschedule(request)),
    switchBulk: request => writer.write(() => bulks.switch(request)),
    getMessage: ref => writer.read(() => messages.get(ref)),
    claimMessages: request => writer.write(() => messages.claim(request)),
    claimStaleMessages: request => writer.write(() => messages.claimStale(request)),
    nextMessageIn: channels => writer.read(() => messages.nextIn(channels)),
    settleMessages: request => writer.write(() => messages.settle(request)),
    startCall: request => writer.write(() => messages.startCall(request, deliveries.insert)),
    stepMessage: step => writer.write(() => messages.step(step)),
    knowsCarrierId: request => writer.read(() => messages.knowsCarrierId(request)),
    takeReports: filter => writer.write(() => reports.take(filter)),
    listMessages: filter => writer.read(() => reports.list(filter)),
    async sweepMessages({ retentionMs }) {
      for (let total = 0; ;) {
        const deleted = await writer.write(() => reports.sweep(retentionMs));
        total += deleted;
        if (deleted < SWEEP_STEP) return total;
      }
    },

    claimTimers: request => writer.write(() => timers.claim(request)),
    completeTimer: id => writer.write(() => timers.complete(id)),
    nextTimerIn: () => writer.read(() => timers.nextIn()),
    claimEvents: request => writer.write(() => outbox.claim(request)),
    ackEvent: id => writer.write(() => outbox.ack(id)),
    deferEvent: request => writer.write(() => outbox.defer(request)),
    nextEventIn: request => writer.read(() => outbox.nextIn(request)),
    async dropEvents(request) {
      for (let total = 0; ;) {
        const dropped = await writer.write(() => outbox.dropSome(request));
        total += dropped;
        if (dropped < DROP_CHUNK) return total;
      }
    },
    disableAddress: request => writer.write(() => outbox.disable(request)),
    disabledAddresses: addresses => writer.read(() => outbox.disabled(addresses)),

    addLookups: request => writer.write(() => lookups.add(request)),
    finishLookups: request => writer.write(() => lookups.finish(request)),
    lookupsOf: bulkId => writer.read(() => lookups.ofBulk(bulkId)),
    listLookups: filter => writer.read(() => lookups.list(filter)),

    createKey: key => writer.write(() => auth.createKey(key)),
    listKeys: () => writer.read(() => auth.listKeys()),
    findKey: hash => writer.read(() => auth.findKey(hash)),
    revokeKey: id => writer.write(() => auth.revokeKey(id)),
    touchKey: id => writer.write(() => auth.touchKey(id)),
    createUser: user => writer.write(() => auth.createUser(user)),
    listUsers: () => writer.read(() => auth.listUsers()),
    findUser: username => writer.read(() => auth.findUser(username)),
    removeUser: username => writer.write(() => auth.removeUser(username)),
    createToken: token => writer.write(() => auth.createToken(token)),
    async useToken(token) {
      const found = await writer.read(() => auth.findToken(token));
      const { extendByMs } = found ?? {};
      if (extendByMs === undefined) return found?.user;
      return (await writer.write(() => auth.extendToken(token, extendByMs))) ? found?.user : undefined;
    },
    endToken: token => writer.write(() => auth.endToken(token)),

    sweep,
    now: () => writer.read(now),
    ping: () => writer.write(() => void touch.run(now())),
    backlog: () => writer.read(backlog),
    async close() {
      if (closed) return;
      closed = true;
      writer.close();
      database.close();
    },
  };
}

function keep<Result>(result: Result): () => Promise<Result> {
  return () => Promise.resolve(result);
}
