import type { NewEvent, StoredEvent } from '../outbox-store.ts';
import type { Reply } from './script.ts';

/** Sorts before any origin, and an empty `after` before it. */
const NO_TARGET = '-';

/** Events as `outbox_emit` of lua/include/outbox.lua takes them, for any script that writes some; '' for none. */
export function packEvents(events: readonly NewEvent[]): string {
  if (events.length === 0) return '';
  return JSON.stringify(
    events.map(({ id, type, data, target, batch }) => [
      id,
      type,
      target ?? targetOf(data['url']),
      batch ?? '',
      JSON.stringify(data),
    ]),
  );
}

/** An event of the outbox; `order`: its place among all, as text. */
export interface ReadEvent {
  readonly order: string;
  readonly event: StoredEvent;
}

/** What `outbox_read` of lua/include/outbox.lua returns. */
export function readEvent(reply: Reply): ReadEvent {
  const [id, type, target, batch, data, createdAt, tries, order, more] = reply as readonly Reply[];
  const followers = (more as readonly Reply[]).map(follower => readEvent(follower).event);
  return {
    order: String(order),
    event: {
      id: String(id),
      type: String(type),
      target: String(target),
      ...(batch !== '' && { batch: String(batch) }),
      data: JSON.parse(String(data)) as StoredEvent['data'],
      createdAt: Number(createdAt),
      tries: Number(tries),
      ...(followers.length > 0 && { followers }),
    },
  };
}

/** Whose turn a push to this URL takes: its origin. */
export function targetOf(url: unknown): string {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : NO_TARGET;
}
