import type { DatabaseSync } from 'node:sqlite';

import { isStorageFault, unavailable } from './sqlite-error.ts';

/**
 * So that a burst does not keep the event loop from live calls (some 20 ms): the rest goes into the next turn. Behind a pause of the loop
 * (a collection of garbage, with the service at its peak) some 250 wait.
 */
export const MAX_BATCH = 256;

interface Job {
  /** Runs inside the transaction; returns what to do once it is committed. */
  run(): () => void;
  reject(error: unknown): void;
}

/**
 * Group commit: all writes that arrive in one turn of the event loop share one transaction, hence one fsync. Each
 * runs in a savepoint of its own, so that one failure leaves the others alone. A promise resolves only after COMMIT;
 * when that fails, or the storage does on the way, every write of the batch is undone and rejects `unavailable`.
 *
 * Nothing else may write: a statement outside `#tx` would commit by itself, and `.get()` on such an
 * `UPDATE … RETURNING` returns its row even when that commit fails (DESIGN decision 3).
 */
export class Writer {
  readonly #db: DatabaseSync;
  readonly #sql: Record<'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'undo', () => void>;
  #queue: Job[] = [];
  #scheduled = false;
  #closed = false;

  constructor(db: DatabaseSync) {
    this.#db = db;
    const prepared = (sql: string) => {
      const statement = db.prepare(sql);
      return () => void statement.run();
    };
    this.#sql = {
      begin: prepared('BEGIN IMMEDIATE'),
      commit: prepared('COMMIT'),
      rollback: prepared('ROLLBACK'),
      savepoint: prepared('SAVEPOINT op'),
      release: prepared('RELEASE op'),
      undo: prepared('ROLLBACK TO op'),
    };
  }

  /** Resolves with what `work` returned once that is durable. @throws ServiceError unavailable, or what `work` threw */
  write<Result>(work: () => Result): Promise<Result> {
    if (this.#closed) return Promise.reject(unavailable(new Error('the store is closed')));
    return new Promise<Result>((resolve, reject) => {
      const run = () => {
        const result = work();
        return () => resolve(result);
      };
      this.#queue.push({ run, reject });
      this.#schedule();
    });
  }

  /** Only what is committed. @throws ServiceError unavailable */
  async read<Result>(work: () => Result): Promise<Result> {
    if (this.#closed) throw unavailable(new Error('the store is closed'));
    try {
      return work();
    } catch (error) {
      throw isStorageFault(error) ? unavailable(error) : error;
    }
  }

  /** Commits what is queued and takes nothing more. */
  close(): void {
    this.#closed = true;
    while (this.#queue.length > 0) this.#flush();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    const batch = this.#queue.splice(0, MAX_BATCH);
    if (batch.length === 0) return;
    let settle: (() => void)[];
    try {
      settle = this.#tx(() => batch.map(job => this.#runOne(job)));
    } catch (error) {
      const failure = unavailable(error);
      for (const job of batch) job.reject(failure);
      return;
    }
    for (const done of settle) done();
  }

  #tx<Result>(work: () => Result): Result {
    this.#sql.begin();
    try {
      const result = work();
      this.#sql.commit();
      return result;
    } catch (error) {
      // SQLite has rolled back already after some errors (full, I/O, out of memory).
      if (this.#db.isTransaction) this.#sql.rollback();
      throw error;
    }
  }

  #runOne(job: Job): () => void {
    this.#sql.savepoint();
    try {
      const done = job.run();
      this.#sql.release();
      return done;
    } catch (error) {
      if (isStorageFault(error) || !this.#db.isTransaction) throw error;
      this.#sql.undo();
      this.#sql.release();
      return () => job.reject(error);
    }
  }
}
