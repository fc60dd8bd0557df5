import type {
  CheckBody,
  CreateVerificationBody,
  DeliveryPlanBody,
  ListQuery,
  NextStepBody,
  VerificationBody,
} from '../api/verify/schemas.ts';
import { createHttp, type HttpOptions } from './http.ts';

export { SaypinError } from './error.ts';

export type Verification = VerificationBody;
export type CreateVerification = CreateVerificationBody;
export type Check = CheckBody;
export type DeliveryPlan = DeliveryPlanBody;
export type ClientOptions = HttpOptions;

/** Of a request. */
export interface Options {
  readonly signal?: AbortSignal;
}

/** Of a request that makes something happen. */
export interface KeyedOptions extends Options {
  /** Absent: a new one, which the client's own retries share. Give one to retry across a restart of yours. */
  readonly idempotencyKey?: string;
}

/** Absent `messageId`: the application’s own plan. */
export interface PolicyOwner {
  readonly applicationId: string;
  readonly messageId?: string;
}

export type ListFilter = Omit<ListQuery, 'limit' | 'cursor'> & {
  /** Verifications fetched at a time, 1 to 100. */
  readonly pageSize?: number;
};

/**
 * A client of the verify API (docs/VERIFY-API.md). It needs nothing but fetch (Node 20.3 or later), and no browser: the key
 * is a secret. Every method throws `SaypinError`. What can be repeated without harm is tried again when no answer comes or the
 * service is unavailable: everything but `check`, which costs an attempt.
 */
export function createClient(options: ClientOptions) {
  const send = createHttp(options);
  const pathOf = (id: string): string => `/v1/verifications/${encodeURIComponent(id)}`;

  return {
    /** Makes a PIN and starts its delivery. Resolves before it has arrived: `get` tells how it goes. */
    async create(body: CreateVerification, { idempotencyKey, signal }: KeyedOptions = {}) {
      return await send<Verification>({
        method: 'POST',
        path: '/v1/verifications',
        body,
        idempotencyKey: idempotencyKey ?? crypto.randomUUID(),
        signal,
      });
    },

    async get(id: string, { signal }: Options = {}) {
      return await send<Verification>({ method: 'GET', path: pathOf(id), signal });
    },

    /** Newest first, page after page as they are asked for. */
    async *list(filter: ListFilter = {}, { signal }: Options = {}): AsyncGenerator<Verification, void, void> {
      const { pageSize, ...query } = filter;
      let cursor: string | undefined;
      do {
        const page = await send<{ verifications: Verification[]; nextCursor?: string }>({
          method: 'GET',
          path: '/v1/verifications',
          query: { ...query, limit: pageSize, cursor },
          signal,
        });
        yield* page.verifications;
        cursor = page.nextCursor;
      } while (cursor !== undefined);
    },

    /** Never tried again by itself: each check that is compared costs one attempt. */
    async check(id: string, pin: string, { signal }: Options = {}) {
      return await send<Check>({ method: 'POST', path: `${pathOf(id)}/check`, body: { pin }, signal });
    },

    /** Ends it: the PIN is dead, and nothing more is sent. */
    async cancel(id: string, { idempotencyKey, signal }: KeyedOptions = {}) {
      return await send<Verification>({
        method: 'POST',
        path: `${pathOf(id)}/cancel`,
        idempotencyKey: idempotencyKey ?? crypto.randomUUID(),
        signal,
      });
    },

    /** The next step now: "call me instead". */
    async next(id: string, body: NextStepBody = {}, { idempotencyKey, signal }: KeyedOptions = {}) {
      return await send<Verification>({
        method: 'POST',
        path: `${pathOf(id)}/next`,
        body,
        idempotencyKey: idempotencyKey ?? crypto.randomUUID(),
        signal,
      });
    },

    /** Delivery plans of applications and their messages. They need the scope `2fa:manage`. */
    policies: {
      async put(owner: PolicyOwner, plan: DeliveryPlan, { signal }: Options = {}) {
        return await send<DeliveryPlan>({ method: 'PUT', path: policyPath(owner), body: plan, signal });
      },
      /** @throws SaypinError `not-found` where it has none of its own */
      async get(owner: PolicyOwner, { signal }: Options = {}) {
        return await send<DeliveryPlan>({ method: 'GET', path: policyPath(owner), signal });
      },
      async delete(owner: PolicyOwner, { signal }: Options = {}): Promise<void> {
        await send<undefined>({ method: 'DELETE', path: policyPath(owner), signal });
      },
    },
  };
}

export type SaypinClient = ReturnType<typeof createClient>;

function policyPath({ applicationId, messageId }: PolicyOwner): string {
  const application = `/v1/applications/${encodeURIComponent(applicationId)}`;
  if (messageId === undefined) return `${application}/delivery`;
  return `${application}/templates/${encodeURIComponent(messageId)}/delivery`;
}
