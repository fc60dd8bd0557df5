import type { NewEvent, StoredEvent } from '../../store/store.ts';
import type { WebhookSigner } from './signature.ts';

/** The type under which events for customers' URLs wait in the outbox. */
export const PUSH_EVENT = 'customer.push';

/** What the pusher itself reads of an event's data; the rest is the renderer's. */
export interface PushData {
  /** Where to, as the customer gave it. */
  readonly url: string;
  readonly contentType: string;
  /** Which renderer writes the body. */
  readonly kind: string;
  readonly [more: string]: unknown;
}

/** Which schedule a push keeps when it is not taken: absent, Infobip's (domain/push-schedule.ts). */
export type PushSchedule = 'standard';

export interface PushBody {
  readonly body: string | Buffer;
  readonly contentType: string;
  /** Absent: to the `url` of the event's data, signed with the secrets of the deployment. */
  readonly route?: PushRoute;
}

/** Where a push goes and who signs it, found out anew for each try. */
export interface PushRoute {
  /** The next one is asked at once when the one before did not take it; all together they are one try. */
  readonly urls: readonly string[];
  readonly signer: WebhookSigner;
  /** The first of the URLs answered 410. */
  gone(): Promise<void>;
}

/**
 * Writes the body of a push at the time of each try, from the event and its `followers`. Undefined: there is nothing
 * left to tell. Rejects where it may do better later.
 */
export type PushRenderer = (event: StoredEvent) => Promise<PushBody | undefined>;

/**
 * An event for the outbox, to be written with what it tells of. Events of the same kind, content type, URL and `batch`
 * may share a push; their renderer must then write the event's `followers` too.
 */
export function pushEvent(event: { id: string; data: PushData; batch?: string }): NewEvent {
  const { id, data, batch } = event;
  const { kind, contentType, url } = data;
  return {
    id,
    type: PUSH_EVENT,
    data,
    ...(batch !== undefined && { batch: [batch, kind, contentType, url].join('\n') }),
  };
}

/** What the pusher needs of an event's data. */
export interface PushHead {
  readonly kind: string;
  /** Absent: the renderer brings the route. */
  readonly url: string | undefined;
  readonly schedule: PushSchedule | undefined;
}

/** Undefined if there is no telling what to push, or where. */
export function pushHead({ data }: StoredEvent): PushHead | undefined {
  const { url, contentType, kind, schedule, endpointId } = data;
  if (typeof contentType !== 'string' || typeof kind !== 'string') return undefined;
  if (typeof url !== 'string' && typeof endpointId !== 'string') return undefined;
  return {
    kind,
    url: typeof url === 'string' ? url : undefined,
    schedule: schedule === 'standard' ? schedule : undefined,
  };
}
