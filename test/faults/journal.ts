import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * What happened, as the world outside of the service saw it (faults.md): what the client was answered, what the carrier took and
 * told, what the customer received, what was broken on purpose. Never a PIN.
 */
export type Fact =
  /** `lost`: no answer came. `id` only where it was acknowledged. */
  | { what: 'send'; number: string; answer: number | 'lost'; id?: string }
  /** An application with a template, acknowledged. */
  | { what: 'template'; applicationId: string; messageId: string }
  | { what: 'check'; id: string; answer: string; attemptsLeft?: number }
  | { what: 'taken'; kind: 'text' | 'call'; number: string; sid: string }
  | { what: 'callback'; number: string; status: string; forged: boolean; answer: number | 'lost' }
  | { what: 'event'; webhookId: string; type: string; id: string; verificationId: string }
  | { what: 'fault'; name: string }
  /** `first`: of a new store, with clips to be made. `date`: when it was, if that was noticed by somebody else. */
  | { what: 'ready'; afterMs: number; first?: boolean; date?: number; queuedMs?: number };

/** `at`: monotonic ms of the test; `date`: ms since the epoch. */
export type Entry = Fact & { readonly at: number; readonly date: number };
export type EntryOf<What extends Fact['what']> = Extract<Entry, { what: What }>;

/** Append-only: one JSON line a fact. */
export class Journal {
  readonly path: string;
  readonly #file: number;
  #closed = false;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'ax', 0o600);
  }

  note(fact: Fact): void {
    // What is still on its way when a test has failed is of no interest any more.
    if (this.#closed) return;
    writeSync(this.#file, `${JSON.stringify({ at: performance.now(), date: Date.now(), ...fact })}\n`);
  }

  /** From the file: what was not written down did not happen. */
  read(): readonly Entry[] {
    const lines = readFileSync(this.path, 'utf8').split('\n').slice(0, -1);
    return lines.map(line => JSON.parse(line) as Entry);
  }

  close(): void {
    this.#closed = true;
    closeSync(this.#file);
  }
}

/** The entries of one kind, in the order in which they were written. */
export function only<What extends Fact['what']>(entries: readonly Entry[], what: What): EntryOf<What>[] {
  return entries.filter((entry): entry is EntryOf<What> => entry.what === what);
}

export function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  return Map.groupBy(items, key);
}
