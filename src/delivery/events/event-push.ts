import type { NewLoggedEvent, WebhookEndpoint } from '../../store/event-store.ts';
import type { NewEvent } from '../../store/outbox-store.ts';
import { createWebhookSigner, PUSH_EVENT, type PushRenderer } from '../push/index.ts';
import { customerEvent } from './customer-event.ts';
import type { Endpoints } from './endpoints.ts';

/** The `kind` of pushes that bring an event to an endpoint. */
export const EVENT_PUSH = 'event';
const JSON_TYPE = 'application/json';

/**
 * An event on its way to an endpoint. The id is the `webhook-id` of every try and every replay; it holds no full stop, which
 * separates the parts of what is signed. Each endpoint is a target of its own: one that is slow holds up no other, be they on
 * one server.
 */
export function endpointPush(event: NewLoggedEvent, endpoint: Pick<WebhookEndpoint, 'id'>): NewEvent {
  return {
    id: `${event.id}-${endpoint.id}`,
    type: PUSH_EVENT,
    target: endpoint.id,
    data: {
      kind: EVENT_PUSH,
      contentType: JSON_TYPE,
      schedule: 'standard',
      endpointId: endpoint.id,
      body: JSON.stringify(customerEvent(event)),
    },
  };
}

/**
 * Writes the pushes of `endpointPush`, with the URLs and secrets that the endpoint has at each try. Nothing for an endpoint that
 * is gone or switched off: such pushes are dropped, and the log of events has them for a replay.
 */
export function createEventRenderer({
  endpoints,
}: {
  endpoints: Pick<Endpoints, 'get' | 'secretsOf' | 'markGone'>;
}): PushRenderer {
  return async ({ data: { endpointId, body } }) => {
    if (typeof endpointId !== 'string' || typeof body !== 'string') return undefined;
    // Not the list of the last second: an endpoint that another node has just made must not be taken for a removed one.
    const endpoint = await endpoints.get(endpointId);
    if (!endpoint?.enabled) return undefined;
    const { id, url, secondaryUrl } = endpoint;
    return {
      body,
      contentType: JSON_TYPE,
      route: {
        urls: secondaryUrl === undefined ? [url] : [url, secondaryUrl],
        signer: createWebhookSigner(endpoints.secretsOf(endpoint)),
        gone: async () => await endpoints.markGone(id, url),
      },
    };
  };
}
