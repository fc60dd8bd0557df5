import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log.ts';
import type { StoredEvent } from '../../store/store.ts';
import { GuardedFetchError, type GuardedFetch } from './guarded-fetch.ts';
import type { PushBody, PushRoute } from './push-event.ts';
import { retryAfterMs } from './retry-after.ts';

export interface OfferDeps {
  readonly fetch: Pick<GuardedFetch, 'guardedFetch'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Offer {
  readonly event: StoredEvent;
  readonly body: PushBody;
  readonly route: Pick<PushRoute, 'urls' | 'signer'>;
  readonly signal: AbortSignal;
}

/** What came of one try. */
export type OfferOutcome =
  | { readonly kind: 'taken' }
  /** Cut off by the signal. */
  | { readonly kind: 'aborted' }
  /** The first URL answered 410. */
  | { readonly kind: 'gone' }
  /** No URL is allowed, and none will be later. */
  | { readonly kind: 'blocked' }
  /** `retryAfterMs`: as soon as the first of the URLs could take it; 0 where one has no wish. */
  | { readonly kind: 'refused'; readonly retryAfterMs: number };

interface Refusal {
  readonly permanent: boolean;
  readonly gone: boolean;
  readonly retryAfterMs: number;
}

/** Of one URL. */
const TIMEOUT_MS = 15_000;

/** One try: POSTs to the URLs of the route in turn, until one takes it. Only a 2xx is success. */
export async function offer(deps: OfferDeps, request: Offer): Promise<OfferOutcome> {
  const refusals: Refusal[] = [];
  for (const url of request.route.urls) {
    const answer = await ask(deps, request, url);
    if (answer === 'taken' || answer === 'aborted') return { kind: answer };
    // The word of a second URL does not speak for the first.
    if (answer.gone && refusals.length === 0) return { kind: 'gone' };
    refusals.push(answer);
  }
  if (refusals.every(({ permanent }) => permanent)) return { kind: 'blocked' };
  return { kind: 'refused', retryAfterMs: Math.min(...refusals.map(refusal => refusal.retryAfterMs)) };
}

async function ask(
  { fetch, clock, log }: OfferDeps,
  { event, body: { body, contentType }, route, signal }: Offer,
  url: string,
): Promise<'taken' | 'aborted' | Refusal> {
  try {
    const { status, headers } = await fetch.guardedFetch({
      url,
      method: 'POST',
      headers: {
        'content-type': contentType,
        ...route.signer.headers({ id: event.id, at: clock.now(), body }),
      },
      body,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    if (status >= 200 && status < 300) return 'taken';
    if (status !== 410) log.info({ ...about(event), status }, 'push: not accepted');
    return {
      permanent: false,
      gone: status === 410,
      retryAfterMs: retryAfterMs(headers, clock.now()) ?? 0,
    };
  } catch (error) {
    if (!(error instanceof GuardedFetchError)) throw error;
    const { reason, permanent, message } = error;
    if (reason === 'aborted') return 'aborted';
    if (permanent) log.warn({ ...about(event), reason: message }, 'push: the address is not allowed');
    else log.info({ ...about(event), reason: message }, 'push: no answer');
    return { permanent, gone: false, retryAfterMs: 0 };
  }
}

/** For the log: neither URL nor body. */
export function about({ id, target, tries }: StoredEvent) {
  return { event: id, target, tries };
}
