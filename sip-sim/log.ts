/**
 * Where the simulator says what went wrong with itself. Audio, keys, message texts and URLs are never given to it: they may hold
 * a PIN or a token.
 */
export interface SimLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLog: SimLog = { info: () => {}, warn: () => {}, error: () => {} };

/** What may be logged of a failure: its class and code, not its text. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as NodeJS.ErrnoException;
  return code ? `${error.name} ${code}` : error.name;
}
