/** `1:05`, `12:00`. */
export function minutes(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** `14:05` today, `3 Nov, 14:05` before. */
export function when(iso: string, now: Date = new Date()): string {
  const date = new Date(iso);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}, ${time}`;
}

/** `+41793026727` from what a person typed; undefined for what is no number. */
export function parseNumber(text: string): string | undefined {
  const digits = text.replaceAll(/[\s().-]/g, '').replace(/^(\+|00)/, '');
  return /^[1-9]\d{2,14}$/.test(digits) ? `+${digits}` : undefined;
}

/** The numbers of `/phones/+41…,+49…`. */
export function numbersIn(path: string): readonly string[] {
  const list = /^\/phones\/([^/]+)\/?$/.exec(path)?.[1] ?? '';
  const parts = decodeURIComponent(list).split(',');
  return [...new Set(parts.flatMap(part => parseNumber(part) ?? []))];
}

export function phonesPath(numbers: readonly string[]): string {
  return `/phones/${numbers.join(',')}`;
}
