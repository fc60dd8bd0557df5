/** What a check has found. Never a secret: no key, no password, no token, no URL with one in it. */
export interface Finding {
  /** Which check: `data-dir`, `store`, `public-url` … */
  readonly check: string;
  readonly level: Level;
  readonly text: string;
  /** What to do; always there where something is wrong. */
  readonly fix?: string;
}

/** `skipped`: could not be looked at, and the text says why. */
export type Level = 'ok' | 'skipped' | 'warning' | 'error';

/** The findings of one check, in order. */
export interface Findings {
  ok(text: string): void;
  skipped(text: string): void;
  warning(text: string, fix: string): void;
  error(text: string, fix: string): void;
}

export function collect(check: string, into: Finding[]): Findings {
  const add =
    (level: Level) =>
    (text: string, fix?: string): void =>
      void into.push({ check, level, text: oneLine(text), ...(fix !== undefined && { fix: oneLine(fix) }) });
  return { ok: add('ok'), skipped: add('skipped'), warning: add('warning'), error: add('error') };
}

export function worst(findings: readonly Finding[]): 'ok' | 'warning' | 'error' {
  if (findings.some(({ level }) => level === 'error')) return 'error';
  return findings.some(({ level }) => level === 'warning') ? 'warning' : 'ok';
}

/** Our own errors end with what to do behind their last colon. */
export function splitAdvice(message: string, otherwise: string): readonly [text: string, fix: string] {
  const colon = message.lastIndexOf(': ');
  const fix = message.slice(colon + 2);
  return colon > 0 && ADVICE.test(fix) ? [message.slice(0, colon), fix] : [message, otherwise];
}

const ADVICE = /^(set|use|give|write|wait|look|restore|stop|leave|remove)\b/;

/** What others say of themselves must not steer the terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/\p{C}/gu, '?').trim();
}
