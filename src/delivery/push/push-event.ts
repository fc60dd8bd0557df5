import type { NewEvent, StoredEvent } from '../../store/store.ts';

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

export interface PushBody {
  readonly body: string | Buffer;
  readonly contentType: string;
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

/** The part of the data that the pusher needs; undefined if it is not there. */
export function pushData({ data }: StoredEvent): PushData | undefined {
  const { url, contentType, kind } = data;
  if (typeof url !== 'string' || typeof contentType !== 'string' || typeof kind !== 'string')
    return undefined;
  return { ...data, url, contentType, kind };
}
