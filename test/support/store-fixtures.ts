import { createHash } from 'node:crypto';

import { newApplicationId, newCallRef, newMessageId, newPinId } from '../../src/domain/ids.ts';
import { DEFAULT_CONFIGURATION } from '../../src/domain/limits.ts';
import type { DeliveryPlan } from '../../src/domain/plan.ts';
import type {
  Application,
  ApplicationId,
  CallRef,
  CallScript,
  E164,
  Limit,
  PinId,
  PinRecord,
  Template,
} from '../../src/domain/types.ts';
import type { NewPinMessage } from '../../src/store/pin-message-store.ts';
import type { AdvanceRun, NewRun } from '../../src/store/plan-store.ts';
import type {
  AttemptPin,
  AttemptResult,
  CreatePin,
  CreatePinResult,
  NewDelivery,
  NewTimer,
  SendLimits,
  Store,
} from '../../src/store/store.ts';
import { seededRandom } from './seeded-random.ts';

/** A store under the contract. */
export interface StoreHarness {
  /** The store as it is now: another object after `reopen`. */
  readonly store: Store;
  /** Whether `advance` moves time by exactly so much; a store on a clock of its own really waits, and is late. */
  readonly exactTime: boolean;
  /** Nobody else can have the data: to open it again ends every lease at once. */
  readonly soleOwner: boolean;
  /** What is asked at once may be done in another order: the model asks one thing at a time. */
  readonly anyOrder?: boolean;
  /** Moves the store's time forward. */
  advance(ms: number): Promise<void>;
  /** How often a PIN's digests were compared, read past the port. */
  comparisons(pinId: PinId): Promise<number>;
  /** Closes, and opens the same data again. */
  reopen(): Promise<void>;
  dispose(): Promise<void>;
}

/** The store of the running test. */
export type Current = () => StoreHarness;

let random = seededRandom('store-fixtures');
let operations = 0;

/** Another sequence of ids, for a process that shares a store's file with others. */
export function seedFixtures(seed: string | number): void {
  random = seededRandom(seed);
}

export const UNLIMITED: Limit = { attempts: 1_000_000, windowMs: 1000 };
export const NO_SEND_LIMITS: SendLimits = { perApplication: UNLIMITED, perNumber: UNLIMITED };
export const NUMBER = '+41790000001' as E164;
export const OTHER_NUMBER = '+41790000002' as E164;

export const newApplication = (createdAt = 1): Application => ({
  applicationId: newApplicationId(random),
  name: 'shop',
  enabled: true,
  configuration: DEFAULT_CONFIGURATION,
  createdAt,
  updatedAt: createdAt,
});

export const newTemplate = (applicationId: ApplicationId, createdAt = 1): Template => ({
  messageId: newMessageId(random),
  applicationId,
  messageText: 'Your code is {{pin}}',
  pinType: 'NUMERIC',
  pinLength: 6,
  language: 'en',
  repeatDTMF: '1#',
  createdAt,
  updatedAt: createdAt,
});

export const applicationId = (): ApplicationId => newApplicationId(random);
export const pinId = (): PinId => newPinId(random, NUMBER);
export const operation = (): string => `op-${operations++}`;

export const SCRIPT: CallScript = {
  messageText: 'Your code is {{pin}}',
  placeholders: { name: 'Zoë' },
  language: 'en',
  speechRate: 1,
  dtmfTimeoutMs: 10_000,
  pauseMs: 0,
  ringTimeoutSeconds: 45,
  times: 1,
  gate: 'off',
  gateDigits: 1,
  machineDetection: 'hangup',
  digitPauseMs: 400,
  spelling: 'letters',
};

export const newDelivery = (pin: Pick<PinRecord, 'pinId' | 'applicationId' | 'to'>): NewDelivery => ({
  callRef: newCallRef(random, pin.pinId),
  pinId: pin.pinId,
  applicationId: pin.applicationId,
  channel: 'voice',
  carrier: 'simulator',
  to: pin.to as E164,
  from: '+41440000000',
  script: SCRIPT,
});

export const newPinMessage = (pin: Pick<PinRecord, 'pinId' | 'applicationId' | 'to'>): NewPinMessage => ({
  ref: newCallRef(random, pin.pinId),
  pinId: pin.pinId,
  applicationId: pin.applicationId,
  channel: 'sms',
  carrier: 'texts',
  to: pin.to,
  from: 'Saypin',
  content: { channel: 'sms', text: 'Zoë: {{pin}}', placeholders: { a: '🙂' }, lookUp: true },
});

export const PLAN: DeliveryPlan = {
  steps: [
    { channel: 'sms', carrier: 'texts', next: { onFailure: true, noReportAfterMs: 20_000 } },
    { channel: 'voice', next: { onFailure: true, notVerifiedAfterMs: 60_000 } },
    { channel: 'voice', carrier: 'simulator', next: { onFailure: false } },
  ],
};

/** The first turn of `PLAN`, with the delivery of that reference. */
export const newRun = (applicationId: ApplicationId, ref: CallRef): NewRun => ({
  plan: PLAN,
  words: {
    template: newTemplate(applicationId),
    placeholders: { name: 'Zoë "{{x}}"' },
    from: 'Saypin',
    lookUp: true,
  },
  origin: 'verify',
  position: 0,
  entries: [{ kind: 'started', step: 0, channel: 'sms', ref, carrier: 'texts', trigger: 'first' }],
});

export interface AdvanceOptions extends Partial<
  Pick<AdvanceRun, 'limits' | 'timers' | 'cancel' | 'events' | 'opId'>
> {
  readonly turn?: number;
  readonly by?: 'call' | 'text' | 'nothing';
}

/** A request for the turn behind `turn` (1), by a call, unless told otherwise. */
export function advanceRequest(
  pin: Pick<PinRecord, 'pinId' | 'applicationId' | 'to'>,
  { turn = 1, by = 'call', ...options }: AdvanceOptions = {},
): AdvanceRun {
  const rest = { opId: operation(), timers: [], cancel: [], events: [], ...options };
  const request = { ...rest, pinId: pin.pinId, expectedTurn: turn, position: turn };
  const step = { step: turn, channel: 'voice' } as const;
  if (by === 'nothing') {
    return { ...request, entries: [{ ...step, kind: 'skipped', reason: 'too-late', detail: '3 s' }] };
  }
  const skipped = { ...step, kind: 'skipped', reason: 'no-carrier' } as const;
  const started = { ...step, kind: 'started', carrier: 'simulator', trigger: 'failure' } as const;
  if (by === 'text') {
    const message = newPinMessage(pin);
    const entries = [skipped, { ...started, channel: 'sms', ref: message.ref } as const];
    return { ...request, entries, start: { message } };
  }
  const delivery = newDelivery(pin);
  return { ...request, entries: [{ ...started, ref: delivery.callRef }], start: { delivery } };
}

/** The reference of what a request starts. */
export function refOf({ start }: AdvanceRun): CallRef | undefined {
  if (!start) return undefined;
  return 'delivery' in start ? start.delivery.callRef : start.message.ref;
}

export interface PinOptions {
  /** With `PLAN`. */
  readonly plan?: boolean;
  readonly applicationId?: ApplicationId;
  readonly to?: E164;
  readonly ttlMs?: number;
  readonly attempts?: number;
  readonly allowMultiple?: boolean;
  readonly limits?: Partial<SendLimits>;
  readonly supersede?: boolean;
  readonly timers?: readonly NewTimer[];
  readonly events?: CreatePin['events'];
}

/** A request to create a PIN: one number, one hour, 10 attempts, many uses, no limits, unless told otherwise. */
export function pinRequest(options: PinOptions = {}): CreatePin {
  const pin = {
    pinId: newPinId(random, options.to ?? NUMBER),
    applicationId: options.applicationId ?? applicationId(),
    messageId: newMessageId(random),
    to: options.to ?? NUMBER,
    pinType: 'NUMERIC',
    pinLength: 6,
    seed: random(64),
    keyId: 'k1',
    step: 42,
    attemptsAllowed: options.attempts ?? 10,
    allowMultiple: options.allowMultiple ?? true,
    expiresInMs: options.ttlMs ?? 3_600_000,
  } as const;
  const delivery = newDelivery(pin);
  return {
    opId: operation(),
    pin,
    delivery,
    ...(options.plan && { run: newRun(pin.applicationId, delivery.callRef) }),
    limits: { ...NO_SEND_LIMITS, ...options.limits },
    supersede: options.supersede ?? false,
    timers: options.timers ?? [],
    events: options.events ?? [],
  };
}

type Created = Extract<CreatePinResult, { outcome: 'created' }>;

/** Creates a PIN that must not be refused. */
export async function createdPin(store: Store, options: PinOptions = {}): Promise<Created> {
  const result = await store.createPin(pinRequest(options));
  if (result.outcome !== 'created') throw new Error(`not created: ${result.outcome}`);
  return result;
}

export interface AttemptOptions {
  readonly verifyLimit?: Limit;
  readonly failureCap?: Limit;
  readonly opId?: string;
  readonly events?: AttemptPin['events'];
  readonly exhaustedEvents?: AttemptPin['events'];
}

const RIGHT = createHash('sha256').update('right').digest();
const WRONG = createHash('sha256').update('wrong').digest();

/** An attempt with digests that match (`right`) or do not. */
export const attemptRequest = (id: PinId, right: boolean, options: AttemptOptions = {}): AttemptPin => ({
  opId: options.opId ?? operation(),
  pinId: id,
  expected: RIGHT,
  candidate: right ? RIGHT : WRONG,
  verifyLimit: options.verifyLimit ?? UNLIMITED,
  failureCap: options.failureCap,
  events: options.events ?? [],
  ...(options.exhaustedEvents && { exhaustedEvents: options.exhaustedEvents }),
});

export function attempt(
  store: Store,
  id: PinId,
  right: boolean,
  options?: AttemptOptions,
): Promise<AttemptResult> {
  return store.attemptPin(attemptRequest(id, right, options));
}

/** How many of each outcome. */
export function tally(results: readonly { outcome: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

export function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
