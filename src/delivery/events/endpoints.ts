import type { Clock } from '../../clock.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import type { Keyring } from '../../domain/pin.ts';
import type { ApplicationId } from '../../domain/types.ts';
import { webhookSecret } from '../../domain/webhook-secret.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import type { NewLoggedEvent, WebhookEndpoint } from '../../store/event-store.ts';
import type { Store } from '../../store/store.ts';
import { vetUrl, type GuardSettings } from '../push/index.ts';

export interface EndpointsDeps {
  readonly store: Pick<
    Store,
    'putEndpoint' | 'getEndpoint' | 'listEndpoints' | 'removeEndpoint' | 'getApplication'
  >;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** What an endpoint's URLs may name. */
  readonly guard: GuardSettings;
}

export interface NewEndpoint {
  readonly url: string;
  readonly secondaryUrl?: string | undefined;
  readonly types: readonly string[];
  readonly applicationId?: ApplicationId | undefined;
  readonly description?: string | undefined;
}

/** What is absent stays; null takes away. */
export interface EndpointChange {
  readonly url?: string | undefined;
  readonly secondaryUrl?: string | null | undefined;
  readonly types?: readonly string[] | undefined;
  readonly applicationId?: ApplicationId | null | undefined;
  readonly description?: string | null | undefined;
  readonly enabled?: boolean | undefined;
}

/** The addresses of customers, with their secrets. A list that is read for each push is up to `MAX_AGE_MS` old. */
export interface Endpoints {
  /** Of the last second: what another node changes shows by then, what this one changes at once. */
  recent(): Promise<readonly WebhookEndpoint[]>;
  list(): Promise<readonly WebhookEndpoint[]>;
  get(id: string): Promise<WebhookEndpoint | undefined>;
  /** @throws ServiceError badRequest (naming the field), conflict (too many) */
  create(endpoint: NewEndpoint): Promise<{ endpoint: WebhookEndpoint; secret: string }>;
  /** Undefined: unknown. @throws ServiceError badRequest */
  update(id: string, change: EndpointChange): Promise<WebhookEndpoint | undefined>;
  remove(id: string): Promise<boolean>;
  /** A new secret; the one before signs too for `overlapMs`. Undefined: unknown. */
  rotate(
    id: string,
    request: { overlapMs: number },
  ): Promise<{ endpoint: WebhookEndpoint; secret: string } | undefined>;
  /** Its URL answered 410. Nothing happens to an endpoint that has another URL by now. */
  markGone(id: string, url: string): Promise<void>;
  /** What signs for it now, the newest first. @throws Error when its master key is not in the keyring */
  secretsOf(endpoint: WebhookEndpoint): readonly string[];
}

const MAX_AGE_MS = 1_000;
/** Every event is matched against all of them, and may be written once for each. */
export const MAX_ENDPOINTS = 100;
const ID_BYTES = 16;

export function createEndpoints(deps: EndpointsDeps): Endpoints {
  const { store, keyring, clock, random } = deps;
  let cached: { readonly at: number; readonly list: Promise<readonly WebhookEndpoint[]> } | undefined;

  async function put(endpoint: WebhookEndpoint): Promise<WebhookEndpoint> {
    await store.putEndpoint(endpoint);
    cached = undefined;
    return endpoint;
  }

  async function checkNames(names: EndpointChange): Promise<void> {
    const { url, secondaryUrl, applicationId } = names;
    checkUrl('url', url, deps.guard);
    checkUrl('secondaryUrl', secondaryUrl, deps.guard);
    if (typeof applicationId === 'string' && !(await store.getApplication(applicationId))) {
      throw fieldError('applicationId', 'must be an application');
    }
  }

  function secretOf({ id, secretVersion, keyId }: WebhookEndpoint, version = secretVersion): string {
    return webhookSecret(keyring, { endpointId: id, version, keyId });
  }

  /** Whether secrets of this master key can still be made. */
  function knowsKey(keyId: string): boolean {
    try {
      return keyring.secret(keyId).length > 0;
    } catch {
      return false;
    }
  }

  return {
    async recent() {
      const now = clock.monotonic();
      if (cached && now - cached.at < MAX_AGE_MS) return await cached.list;
      const list = store.listEndpoints();
      const mine = { at: now, list };
      cached = mine;
      try {
        return await list;
      } catch (error) {
        if (cached === mine) cached = undefined;
        throw error;
      }
    },

    list: async () => await store.listEndpoints(),
    get: async id => await store.getEndpoint(id),

    async create({ url, secondaryUrl, types, applicationId, description }) {
      await checkNames({ url, secondaryUrl, applicationId });
      if ((await store.listEndpoints()).length >= MAX_ENDPOINTS) {
        throw new ServiceError('conflict', { reason: 'too-many-webhooks' });
      }
      const now = clock.now();
      const endpoint = await put({
        id: `wh_${random(ID_BYTES).toString('hex')}`,
        url,
        ...(secondaryUrl !== undefined && { secondaryUrl }),
        types: [...new Set(types)],
        ...(applicationId !== undefined && { applicationId }),
        ...(description !== undefined && { description }),
        enabled: true,
        keyId: keyring.current,
        secretVersion: 1,
        createdAt: now,
        updatedAt: now,
      });
      return { endpoint, secret: secretOf(endpoint) };
    },

    async update(id, change) {
      await checkNames(change);
      const endpoint = await store.getEndpoint(id);
      return endpoint && (await put({ ...changed(endpoint, change), updatedAt: clock.now() }));
    },

    async remove(id) {
      const removed = await store.removeEndpoint(id);
      cached = undefined;
      return removed;
    },

    async rotate(id, { overlapMs }) {
      const before = await store.getEndpoint(id);
      if (!before) return undefined;
      const now = clock.now();
      // Both secrets of an overlap are made of one master key; without an overlap the endpoint moves to the current one.
      const overlaps = overlapMs > 0 && knowsKey(before.keyId);
      const { previousUntil: _, ...rest } = before;
      const endpoint = await put({
        ...rest,
        keyId: overlaps ? before.keyId : keyring.current,
        secretVersion: before.secretVersion + 1,
        ...(overlaps && { previousUntil: now + overlapMs }),
        updatedAt: now,
      });
      return { endpoint, secret: secretOf(endpoint) };
    },

    async markGone(id, url) {
      const endpoint = await store.getEndpoint(id);
      if (!endpoint?.enabled || endpoint.url !== url) return;
      await put({ ...endpoint, enabled: false, disabledReason: 'gone', updatedAt: clock.now() });
    },

    secretsOf(endpoint) {
      const { secretVersion, previousUntil } = endpoint;
      const overlaps = previousUntil !== undefined && previousUntil > clock.now();
      return overlaps ? [secretOf(endpoint), secretOf(endpoint, secretVersion - 1)] : [secretOf(endpoint)];
    },
  };
}

/** Whether an endpoint is to get such events. */
export function wants(
  { enabled, types, applicationId }: WebhookEndpoint,
  event: Pick<NewLoggedEvent, 'type' | 'applicationId'>,
): boolean {
  if (!enabled) return false;
  if (applicationId !== undefined && applicationId !== event.applicationId) return false;
  return types.includes('*') || types.includes(event.type);
}

function checkUrl(field: string, url: string | null | undefined, guard: GuardSettings): void {
  if (typeof url !== 'string') return;
  const vetted = vetUrl(url, guard);
  if (typeof vetted === 'string') throw fieldError(field, `is not allowed: ${vetted}`);
}

function changed(endpoint: WebhookEndpoint, change: EndpointChange): WebhookEndpoint {
  const { secondaryUrl, applicationId, description, disabledReason, ...rest } = endpoint;
  const { url = endpoint.url, types = endpoint.types, enabled = endpoint.enabled } = change;
  const reason = change.enabled === false ? 'operator' : disabledReason;
  const kept = {
    secondaryUrl: change.secondaryUrl === undefined ? secondaryUrl : change.secondaryUrl,
    applicationId: change.applicationId === undefined ? applicationId : change.applicationId,
    description: change.description === undefined ? description : change.description,
  };
  return {
    ...rest,
    url,
    types: [...new Set(types)],
    enabled,
    ...(typeof kept.secondaryUrl === 'string' && { secondaryUrl: kept.secondaryUrl }),
    ...(typeof kept.applicationId === 'string' && { applicationId: kept.applicationId }),
    ...(typeof kept.description === 'string' && { description: kept.description }),
    ...(!enabled && reason !== undefined && { disabledReason: reason }),
  };
}
