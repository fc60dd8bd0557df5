import { LRUCache } from 'lru-cache';

import type { Clock } from '../clock.ts';
import { lazily } from '../lazily.ts';
import type { Store } from './store.ts';

/**
 * Applications, templates and plans as sends and checks read them: as they were within the last second. What another node changes holds here by then,
 * what this one changes at once. Whoever changes them, or shows them, reads the store itself.
 */
export type RecentCatalog = Pick<Store, 'getApplication' | 'getTemplate' | 'policyFor'>;

const MAX_AGE_MS = 1_000;
/** Of each kind, the last ones used. */
const MAX_REMEMBERED = 1_000;

/**
 * A store, and what is remembered of it. That something is not there is remembered too: an unknown pinId must take as long as a known one.
 * @param store has its verbs as properties of its own, as every store here has
 * @returns `store` tells `recent` of each change: nobody may write past it
 */
export function rememberCatalog<Whole extends Store>(
  store: Whole,
  { clock }: { readonly clock: Pick<Clock, 'monotonic'> },
): { readonly store: Whole; readonly recent: RecentCatalog } {
  const applications = new Remembered(clock, store.getApplication.bind(store), id => id);
  const templates = new Remembered(clock, store.getTemplate.bind(store), (application, id) => {
    return `${application} ${id}`;
  });
  const policies = new Remembered(clock, store.policyFor.bind(store), ({ applicationId, messageId }) => {
    return `${applicationId} ${messageId}`;
  });

  /** Also when it failed: nobody knows then whether it was done. */
  const forgetting =
    <Request>(known: { forget(): void }, write: (request: Request) => Promise<void>) =>
    async (request: Request): Promise<void> => {
      try {
        await write(request);
      } finally {
        known.forget();
      }
    };
  return {
    store: {
      ...store,
      putApplication: forgetting(applications, store.putApplication.bind(store)),
      putTemplate: forgetting(templates, store.putTemplate.bind(store)),
      putPolicy: forgetting(policies, store.putPolicy.bind(store)),
    },
    recent: {
      getApplication: async id => await applications.get(id),
      getTemplate: async (application, id) => await templates.get(application, id),
      policyFor: async request => await policies.get(request),
    },
  };
}

interface Answer<Value> {
  /** When it was asked for: what it says is no older. */
  readonly at: number;
  readonly value: Promise<Value>;
}

class Remembered<Question extends readonly unknown[], Value> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #read: (...question: Question) => Promise<Value>;
  readonly #nameOf: (...question: Question) => string;
  /** It makes room for all at once: not before there is one. */
  readonly #answers = lazily(() => new LRUCache<string, Answer<Value>>({ max: MAX_REMEMBERED }));

  constructor(
    clock: Pick<Clock, 'monotonic'>,
    read: (...question: Question) => Promise<Value>,
    nameOf: (...question: Question) => string,
  ) {
    this.#clock = clock;
    this.#read = read;
    this.#nameOf = nameOf;
  }

  async get(...question: Question): Promise<Value> {
    const answers = this.#answers();
    const name = this.#nameOf(...question);
    const now = this.#clock.monotonic();
    const known = answers.get(name);
    if (known && now - known.at < MAX_AGE_MS) return await known.value;
    const answer = { at: now, value: this.#read(...question) };
    answers.set(name, answer);
    try {
      return await answer.value;
    } catch (error) {
      if (answers.peek(name) === answer) answers.delete(name);
      throw error;
    }
  }

  /** A read that is under way may be older than what was written: it is forgotten too. */
  forget(): void {
    this.#answers().clear();
  }
}
