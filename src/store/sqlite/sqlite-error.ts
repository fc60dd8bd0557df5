import { ServiceError } from '../../errors.ts';

/** Primary result codes (sqlite.org/rescode.html) that blame the statement, not the storage. */
const STATEMENT_FAULTS = new Set([
  1, // ERROR
  18, // TOOBIG
  19, // CONSTRAINT
  20, // MISMATCH
  21, // MISUSE
  25, // RANGE
]);

/** SQLite's primary result code, where the error has one. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') {
    return undefined;
  }
  return error.errcode & 0xff;
}

/** Full, unreadable, busy, corrupt, out of memory: nothing that another statement would fare better with. */
export function isStorageFault(error: unknown): boolean {
  const code = resultCode(error);
  return code !== undefined && !STATEMENT_FAULTS.has(code);
}

export function unavailable(cause: unknown): ServiceError {
  return new ServiceError('unavailable', { retryAfterMs: 1000, cause });
}
