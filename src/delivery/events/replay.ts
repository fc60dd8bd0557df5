import type { LoggedEvent, WebhookEndpoint } from '../../store/event-store.ts';
import type { Store } from '../../store/store.ts';
import { wants, type Endpoints } from './endpoints.ts';
import { endpointPush } from './event-push.ts';

export interface ReplaysDeps {
  readonly store: Pick<Store, 'listLoggedEvents' | 'emitEvents' | 'deferEvent'>;
  readonly endpoints: Pick<Endpoints, 'list'>;
  /** Pushes were written: wakes the pusher. */
  readonly pushWaits: () => void;
}

export interface ReplayRange {
  /** By when it happened: from, and before. ms since the epoch. */
  readonly since: number;
  readonly until?: number | undefined;
  /** Absent: those that the endpoint wants. */
  readonly types?: readonly string[] | undefined;
}

/** Events once more, under the ids that they had: who has seen one already can tell. */
export interface Replays {
  /** To one endpoint, whatever types it wants; or to all that want it. Returns to how many. */
  one(event: LoggedEvent, endpoint?: WebhookEndpoint): Promise<number>;
  /**
   * Oldest first. Returns how many, at most `MAX_REPLAYED`; `continueFrom` says where to go on if there are more.
   */
  range(endpoint: WebhookEndpoint, range: ReplayRange): Promise<{ count: number; continueFrom?: number }>;
}

/** Of one request: more than this a receiver should ask for bit by bit. */
export const MAX_REPLAYED = 10_000;
const PAGE = 100;

export function createReplays({ store, endpoints, pushWaits }: ReplaysDeps): Replays {
  /** A push that still waits for its next try is due now; the others are written anew. */
  async function push(events: readonly LoggedEvent[], to: readonly WebhookEndpoint[]): Promise<void> {
    const pushes = events.flatMap(event => to.map(endpoint => endpointPush(event, endpoint)));
    // Before they are written: behind it, one that is on its way already would go out twice.
    await Promise.all(pushes.map(({ id }) => store.deferEvent({ id, inMs: 0 })));
    await store.emitEvents(pushes);
    pushWaits();
  }

  return {
    async one(event, endpoint) {
      const to = endpoint ? [endpoint] : (await endpoints.list()).filter(other => wants(other, event));
      if (to.length > 0) await push([event], to);
      return to.length;
    },

    async range(endpoint, { since, until, types }) {
      const wanted: WebhookEndpoint = types ? { ...endpoint, types } : endpoint;
      const { applicationId } = endpoint;
      let count = 0;
      let cursor: string | undefined;
      do {
        const page = await store.listLoggedEvents({
          limit: PAGE,
          since,
          ...(until !== undefined && { until }),
          ...(applicationId !== undefined && { applicationId }),
          ...(cursor !== undefined && { cursor }),
        });
        const events = page.events.filter(event => wants(wanted, event));
        if (count + events.length > MAX_REPLAYED) return { count, continueFrom: events[0]!.at };
        if (events.length > 0) await push(events, [endpoint]);
        count += events.length;
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return { count };
    },
  };
}
