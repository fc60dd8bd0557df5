import { createHash } from 'node:crypto';

import { z } from 'zod';

import { beside } from '../../domain/ids.ts';
import { callOutcome, messageOutcome, type StepOutcome } from '../../domain/plan.ts';
import type { PinMessageReport } from '../../domain/pin-message.ts';
import type { ApplicationId, CallReport, PinId } from '../../domain/types.ts';
import type { NewLoggedEvent } from '../../store/event-store.ts';
import type { StoredEvent } from '../../store/outbox-store.ts';
import { VERIFICATION_EVENTS } from './sources.ts';

/**
 * What customers are told. An event of the outbox is taken apart here and what may leave the house is named field by field:
 * a report of a call holds the keys that were pressed, and they stay.
 */

/** `ended`: over, and nobody can tell whether it arrived. */
const DELIVERY_TYPES = ['started', 'delivered', 'failed', 'ended'] as const;

export const CUSTOMER_EVENT_TYPES: readonly string[] = [
  ...VERIFICATION_EVENTS.map(kind => `verification.${kind}`),
  ...DELIVERY_TYPES.map(kind => `delivery.${kind}`),
];

/** The body of a webhook, and an event of our API. */
export interface CustomerEvent {
  readonly id: string;
  readonly type: string;
  /** When it happened: ISO 8601, UTC. */
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function customerEvent(event: Pick<NewLoggedEvent, 'id' | 'type' | 'data' | 'at'>): CustomerEvent {
  const { id, type, data, at } = event;
  return { id, type, timestamp: new Date(at).toISOString(), data };
}

const verification = z.object({
  pinId: z.string().min(1),
  applicationId: z.string().min(1),
  to: z.string(),
  at: z.number().optional(),
});
const started = verification.extend({
  channel: z.enum(['sms', 'voice', 'email']),
  carrier: z.string(),
  ref: z.string(),
  trigger: z.string(),
});
const delivery = z.object({
  pinId: z.string().min(1),
  applicationId: z.string().min(1),
  to: z.string(),
  from: z.string().optional(),
  carrier: z.string(),
});
const call = delivery.extend({
  callRef: z.string(),
  report: z.object({
    cause: z.string(),
    carrierCause: z.string().optional(),
    sipCode: z.number().optional(),
    answeredAt: z.number().optional(),
    endedAt: z.number(),
    codeHeard: z.enum(['full', 'partial', 'none', 'unknown']),
    repeats: z.number(),
    gate: z.enum(['passed', 'failed', 'none']),
    answeredBy: z.enum(['human', 'machine', 'unknown']),
  }),
});
const message = delivery.extend({
  ref: z.string(),
  channel: z.enum(['sms', 'email']),
  report: z.object({ cause: z.string(), carrierCode: z.string().optional(), endedAt: z.number() }),
});

/**
 * An event of the outbox as customers get it; its id is made of the source's and begins with the shard of its PIN.
 * Undefined: it is not what its type says, or of a type that is not told.
 */
export function toCustomerEvent(source: StoredEvent): NewLoggedEvent | undefined {
  switch (source.type) {
    case 'delivery.started':
      return startedEvent(source);
    case 'voice.report':
      return callEvent(source);
    case 'sms.report':
    case 'email.report':
      return messageEvent(source);
    default:
      return CUSTOMER_EVENT_TYPES.includes(source.type) ? verificationEventOf(source) : undefined;
  }
}

function verificationEventOf(source: StoredEvent): NewLoggedEvent | undefined {
  const { data } = verification.safeParse(source.data);
  if (!data) return undefined;
  return logged(source, { ...data, type: source.type, at: data.at ?? source.createdAt, about: {} });
}

function startedEvent(source: StoredEvent): NewLoggedEvent | undefined {
  const { data } = started.safeParse(source.data);
  if (!data) return undefined;
  const { channel, carrier, ref, trigger, at = source.createdAt } = data;
  const about = { deliveryId: ref, channel, carrier, trigger };
  return logged(source, { ...data, type: source.type, at, about });
}

function callEvent(source: StoredEvent): NewLoggedEvent | undefined {
  const { data } = call.safeParse(source.data);
  if (!data) return undefined;
  const { callRef, from, carrier, report } = data;
  const { cause, carrierCause, sipCode, answeredAt, endedAt, codeHeard, repeats, gate, answeredBy } = report;
  return logged(source, {
    ...data,
    type: endType(callOutcome(report as CallReport)),
    at: endedAt,
    about: {
      deliveryId: callRef,
      channel: 'voice',
      carrier,
      from,
      reason: cause,
      carrierReason: short(carrierCause),
      sipCode,
      answeredAt: answeredAt === undefined ? undefined : new Date(answeredAt).toISOString(),
      codeHeard,
      repeats,
      gate,
      answeredBy,
    },
  });
}

function messageEvent(source: StoredEvent): NewLoggedEvent | undefined {
  const { data } = message.safeParse(source.data);
  if (!data) return undefined;
  const { ref, channel, from, carrier, report } = data;
  const { cause, carrierCode, endedAt } = report;
  return logged(source, {
    ...data,
    type: endType(messageOutcome(report as PinMessageReport)),
    at: endedAt,
    about: {
      deliveryId: ref,
      channel,
      carrier,
      from,
      reason: cause,
      carrierReason: short(carrierCode),
    },
  });
}

function endType(outcome: StepOutcome): string {
  return outcome === 'unclear' ? 'delivery.ended' : `delivery.${outcome}`;
}

function logged(
  source: StoredEvent,
  event: {
    type: string;
    pinId: string;
    applicationId: string;
    to: string;
    at: number;
    about: Readonly<Record<string, unknown>>;
  },
): NewLoggedEvent {
  const { type, pinId, applicationId, to, at, about } = event;
  const data = { verificationId: pinId, applicationId, to, ...about };
  const digest = createHash('sha256').update(source.id).digest('hex').slice(0, 32);
  return {
    id: `evt_${beside(pinId, digest)}`,
    type,
    applicationId: applicationId as ApplicationId,
    pinId: pinId as PinId,
    data: Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined)),
    at,
  };
}

const MAX_CARRIER_REASON = 100;

/** A carrier's own word: whatever it writes there, it stays a word. */
function short(text: string | undefined): string | undefined {
  const printable = text?.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').trim();
  return printable ? printable.slice(0, MAX_CARRIER_REASON) : undefined;
}
