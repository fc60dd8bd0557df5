/**
 * Infobip's timestamps. Out: `2026-11-21T08:00:00.000+0000`, the one form that every official client reads
 * (infobip-api.md 0.2). In: with `+0000`, `+01:00`, `Z` or no offset, which means UTC (0.3).
 */

export function formatDate(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '+0000');
}

const DATE = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;

/** Milliseconds since the epoch; undefined: not a date, or one that no calendar has. */
export function parseDate(text: string): number | undefined {
  const match = DATE.exec(text.trim());
  if (!match) return undefined;
  const [, day, time, fraction = '', offset = 'Z'] = match;
  const millis = fraction.slice(0, 3).padEnd(3, '0');
  const local = Date.parse(`${day}T${time}.${millis}Z`);
  // Date.parse takes the 31st of April for the 1st of May.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(`${day}T`)) return undefined;
  const shift = offsetMs(offset);
  return shift === undefined ? undefined : local - shift;
}

/** RFC 3339: at most 23:59 either way. */
function offsetMs(offset: string): number | undefined {
  if (offset === 'Z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
