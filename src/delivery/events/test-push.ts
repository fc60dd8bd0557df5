import type { Clock } from '../../clock.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import type { WebhookEndpoint } from '../../store/event-store.ts';
import { createWebhookSigner, GuardedFetchError, type GuardedFetch } from '../push/index.ts';
import type { CustomerEvent } from './customer-event.ts';
import type { Endpoints } from './endpoints.ts';

/** The type of events that are sent to try an endpoint. */
export const TEST_TYPE = 'webhook.test';

export interface TestPushDeps {
  readonly endpoints: Pick<Endpoints, 'secretsOf'>;
  readonly fetch: Pick<GuardedFetch, 'guardedFetch'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export interface TestAnswer {
  readonly which: 'url' | 'secondaryUrl';
  /** Whether a push would count as delivered. */
  readonly accepted: boolean;
  readonly durationMs: number;
  readonly status?: number;
  /** The beginning of the answer's body. */
  readonly body?: string;
  /** Why there was no answer. */
  readonly error?: string;
}

const TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 1_024;
const ID_BYTES = 16;

/**
 * Sends one event to all URLs of an endpoint at once, signed as real ones are and never repeated, and says what each of them
 * answered. An endpoint that is switched off can be tried too.
 */
export function createTestPush({ endpoints, fetch, clock, random }: TestPushDeps) {
  return async (
    endpoint: WebhookEndpoint,
  ): Promise<{ event: CustomerEvent; answers: readonly TestAnswer[] }> => {
    const event: CustomerEvent = {
      id: `evt_${random(ID_BYTES).toString('hex')}`,
      type: TEST_TYPE,
      timestamp: new Date(clock.now()).toISOString(),
      data: { webhookId: endpoint.id },
    };
    const body = JSON.stringify(event);
    const signer = createWebhookSigner(endpoints.secretsOf(endpoint));

    async function ask(which: TestAnswer['which'], url: string): Promise<TestAnswer> {
      const since = clock.monotonic();
      const took = (): number => Math.round(clock.monotonic() - since);
      try {
        const { status, body: answer } = await fetch.guardedFetch({
          url,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...signer.headers({ id: `${event.id}-${endpoint.id}`, at: clock.now(), body }),
          },
          body,
          timeoutMs: TIMEOUT_MS,
          maxBytes: MAX_BODY_BYTES,
        });
        const accepted = status >= 200 && status < 300;
        return { which, accepted, durationMs: took(), status, body: answer.toString('utf8') };
      } catch (error) {
        if (!(error instanceof GuardedFetchError)) throw error;
        return { which, accepted: false, durationMs: took(), error: error.message };
      }
    }

    const { url, secondaryUrl } = endpoint;
    const asked = [ask('url', url)];
    if (secondaryUrl !== undefined) asked.push(ask('secondaryUrl', secondaryUrl));
    return { event, answers: await Promise.all(asked) };
  };
}

export type TestPush = ReturnType<typeof createTestPush>;
