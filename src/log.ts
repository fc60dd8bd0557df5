import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child' | 'level'>;

/** Field names whose values never reach a log line, at the top level or one object down. */
const SECRET_FIELDS = [
  'pin',
  'digits',
  'Digits',
  'keys',
  'key',
  'digit',
  'dtmf',
  'dtmfCodes',
  'authorization',
  'Authorization',
  'apiKey',
  'authToken',
  'token',
  'seed',
  'masterKey',
  'placeholders',
  'text',
  'messageText',
  'payload',
];

/** The service's log: JSON lines on stdout (or `destination`), secret fields removed whole. */
export function createLogger(level: string, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    redact: { paths: SECRET_FIELDS.flatMap(field => [field, `*.${field}`]), remove: true },
    base: undefined,
  };
  return destination ? pino(options, destination) : pino(options);
}

/** `+41793026727` as `+4179****727`: enough to tell two calls apart, not enough to ring either. */
export function maskNumber(e164: string): string {
  const digits = e164.replace(/^\+/, '');
  if (digits.length < 8) return '*'.repeat(digits.length);
  return `+${digits.slice(0, 4)}${'*'.repeat(digits.length - 7)}${digits.slice(-3)}`;
}

/** Runs a promise nobody waits for; its failure is logged under `what`, never lost. */
export function background(log: Logger, what: string, work: Promise<unknown>): void {
  work.catch((error: unknown) => log.error({ err: error }, `${what} failed`));
}
