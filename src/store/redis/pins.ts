import type { PinMessage } from '../../domain/pin-message.ts';
import { shardOf } from '../../domain/ids.ts';
import type { ApplicationId, CallRef, Delivery, PinId, PinRecord } from '../../domain/types.ts';
import { newDeliveryRecord, newPinMessageRecord, newPinRecord } from '../new-records.ts';
import type { NewPinMessage, PinMessageStore } from '../pin-message-store.ts';
import type { CreatePin, LimitHit, NewDelivery, SendLimits, Store } from '../store.ts';
import { armArguments, commitTimers, limitArguments, moreArgument } from './arguments.ts';
import { callInfo, infoOfNew, messageInfo, whole, type BearerInfo } from './bearer-info.ts';
import type { createDeliveries } from './deliveries.ts';
import type { GroupCommit } from './group-commit.ts';
import { shardOfId } from './keys.ts';
import { packEvents } from './outbox-events.ts';
import type { createPinMessages } from './pin-messages.ts';
import { newRunArguments } from './plan-runs.ts';
import { newPinLines, optionalNumber, pinOf } from './records.ts';
import type { Argument, Reply, ScriptRunner } from './script.ts';
import { createSendWindows } from './send-windows.ts';
import type { Words } from './words.ts';

interface Deps {
  readonly scripts: ScriptRunner;
  readonly commits: GroupCommit;
  readonly words: Words;
  readonly deliveries: ReturnType<typeof createDeliveries>;
  readonly messages: ReturnType<typeof createPinMessages>;
}

type Pins = Pick<Store, 'createPin' | 'addDelivery' | 'getPin' | 'listVerifications'> &
  Pick<PinMessageStore, 'createPinMessage' | 'addPinMessage'>;

/** What brings a PIN, as the scripts take it. */
interface Bearer {
  readonly kind: 'd' | 'g';
  readonly ref: CallRef;
  readonly info: BearerInfo;
}

/** When it was done; `again`: it was done before, and must be read. */
interface Made {
  readonly at: number;
  readonly again: boolean;
  /** The new PIN that came with it. */
  readonly madeWith?: PinId;
}

/** Sending: a PIN with what brings it first, or with something further, under both send limits. */
export function createPins({ scripts, commits, words, deliveries, messages }: Deps): Pins {
  const add = scripts.mutation('pin-add');
  const list = scripts.query('pin-list');
  const windows = createSendWindows(scripts);

  async function getPin(id: PinId): Promise<PinRecord | undefined> {
    const [text] = await scripts.texts(shardOfId(id), `p:${id}`);
    return text ? pinOf(id, text) : undefined;
  }

  /** The PIN under its limits. */
  async function insert(
    request: Pick<CreatePin, 'opId' | 'pin' | 'limits' | 'supersede' | 'timers' | 'events' | 'run'>,
    bearer: Bearer,
  ): Promise<LimitHit | Made> {
    const { pin, limits, timers } = request;
    const shard = shardOfId(pin.pinId);
    const head = `${pin.applicationId}\n${pin.to}\n`;
    const lines = newPinLines(pin, `${bearer.kind}:${bearer.ref}`);
    const numbers = [
      Math.ceil(pin.expiresInMs),
      request.supersede ? 1 : 0,
      ...sendLimitArguments(limits),
      timers.length,
      windows.here,
    ].join(' ');
    const events = packEvents(request.events);
    const run = newRunArguments(request.run, pin);

    async function send(): Promise<Reply> {
      const carried = words.carry(shard, bearer.info);
      const info = infoOfNew(pin.pinId, carried.name, carried.rest);
      const more = moreArgument(events, ...run, carried.text);
      const args = [head, lines, info, numbers, ...commitTimers(timers), ...(more === '' ? [] : [more])];
      // No opId: a repeated one is known by its PIN.
      const reply = await commits.run({ verb: 'create', shard, opId: '', args });
      const [outcome] = reply as readonly Reply[];
      if (outcome === 'words') {
        carried.lost();
        return await send();
      }
      if (outcome === 'created') carried.kept();
      return reply;
    }

    const opId = `c:${request.opId}`;
    const window = { opId, applicationId: pin.applicationId, to: pin.to, limits, shard };
    const reply = await windows.under(window, send);
    const [outcome, ...rest] = reply as readonly Reply[];
    switch (outcome) {
      case 'created':
        return { at: Number(rest[0]), again: rest.at(-1) === 'again', madeWith: pin.pinId };
      case 'limited':
        return limitHit(rest);
      default:
        throw new Error('the id of this PIN or of what brings it is in use');
    }
  }

  /** A PIN that is still alive, counted once more. */
  async function insertFurther(
    request: { opId: string; pinId: PinId; limits: SendLimits } & Pick<CreatePin, 'timers' | 'events'>,
    application: ApplicationId | undefined,
    bearer: Bearer,
  ): Promise<LimitHit | { outcome: 'dead' } | { at: number; again: boolean; pin: PinRecord | undefined }> {
    const { pinId, limits } = request;
    const applicationId = application ?? (await getPin(pinId))?.applicationId;
    if (applicationId === undefined) return { outcome: 'dead' };
    const args: Argument[] = [
      pinId,
      applicationId,
      ...bearerArguments(bearer),
      ...sendLimitArguments(limits),
      windows.here,
      packEvents(request.events),
      ...armArguments(request.timers),
    ];
    const shard = shardOfId(pinId);
    const opId = `a:${request.opId}`;
    const reply = await windows.under({ opId, applicationId, pinId, limits, shard }, () =>
      add({ shard, opId, args }),
    );
    const [outcome, ...rest] = reply as readonly Reply[];
    switch (outcome) {
      case 'created': {
        const pin = rest[1] ? pinOf(pinId, String(rest[1])) : undefined;
        return { at: Number(rest[0]), again: rest.at(-1) === 'again', pin };
      }
      case 'limited':
        return limitHit(rest);
      case 'dead':
        return { outcome: 'dead' };
      case 'elsewhere':
        return await insertFurther(request, rest[0] as ApplicationId, bearer);
      default:
        throw new Error('the id of this delivery is in use');
    }
  }

  /** As it was written, or, for a repeated call, as it is now. */
  async function callOf(delivery: NewDelivery, { at, again, madeWith }: Made) {
    if (again) return (await deliveries.verbs.getDelivery(delivery.callRef)) as Delivery;
    deliveries.begun(delivery, madeWith);
    return newDeliveryRecord(delivery, at);
  }
  async function textOf(message: NewPinMessage, { at, again, madeWith }: Made) {
    if (again) return (await messages.verbs.getPinMessage(message.ref)) as PinMessage;
    messages.begun(message, madeWith);
    return newPinMessageRecord(message, at);
  }
  const ownPin = async (pin: CreatePin['pin'], { at, again }: Made) =>
    (again ? await getPin(pin.pinId) : newPinRecord(pin, at)) as PinRecord;

  return {
    getPin,

    async createPin(request) {
      const { delivery, pin } = request;
      const done = await insert(request, callBearer(delivery));
      if ('outcome' in done) return done;
      return { outcome: 'created', pin: await ownPin(pin, done), delivery: await callOf(delivery, done) };
    },

    async createPinMessage(request) {
      const { message, pin } = request;
      const done = await insert(request, textBearer(message));
      if ('outcome' in done) return done;
      return { outcome: 'created', pin: await ownPin(pin, done), message: await textOf(message, done) };
    },

    async addDelivery(request) {
      const { delivery } = request;
      const done = await insertFurther(request, delivery.applicationId, callBearer(delivery));
      if ('outcome' in done) return done;
      return { outcome: 'created', pin: done.pin as PinRecord, delivery: await callOf(delivery, done) };
    },

    async addPinMessage(request) {
      const { message } = request;
      const done = await insertFurther(request, message.applicationId, textBearer(message));
      if ('outcome' in done) return done;
      return { outcome: 'created', pin: done.pin as PinRecord, message: await textOf(message, done) };
    },

    async listVerifications({ applicationId, to, verified, sent }) {
      const rows = (await list(shardOf(to), [applicationId, to])) as readonly (readonly Reply[])[];
      return rows
        .map(row => ({ verifiedAt: optionalNumber(row[0]), sentAt: optionalNumber(row[1]) }))
        .filter(row => verified === undefined || (row.verifiedAt !== undefined) === verified)
        .filter(row => sent === undefined || (row.sentAt !== undefined) === sent)
        .map(row => ({ to, verified: row.verifiedAt !== undefined, ...row }));
    },
  };
}

function callBearer(delivery: NewDelivery): Bearer {
  return { kind: 'd', ref: delivery.callRef, info: callInfo(delivery) };
}

function textBearer(message: NewPinMessage): Bearer {
  return { kind: 'g', ref: message.ref, info: messageInfo(message) };
}

function bearerArguments({ kind, ref, info }: Bearer): Argument[] {
  return [kind, ref, whole(info)];
}

function sendLimitArguments({ perApplication, perNumber }: SendLimits): Argument[] {
  return [...limitArguments(perApplication), ...limitArguments(perNumber)];
}

function limitHit([limit, wait]: readonly Reply[]): LimitHit {
  return {
    outcome: 'limited',
    limit: limit === 'application' ? 'application' : 'number',
    retryAfterMs: Number(wait),
  };
}
