/** `14:05:09`. */
export function clockTime(iso: string | number): string {
  return new Date(iso).toLocaleTimeString('en-GB');
}

/** `14:05` today, `3 Nov, 14:05` before. */
export function when(iso: string, now: Date = new Date()): string {
  const date = new Date(iso);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}, ${time}`;
}

/** `3 min ago`, `now`. */
export function ago(iso: string, now: number = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1_000));
  if (seconds < 10) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

/** `0.4 s`, `41 s`, `3 min 20 s`. */
export function span(ms: number): string {
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `42 %`, `–` of nothing. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`;
}

const REGIONS = new Intl.DisplayNames(['en'], { type: 'region' });
const LANGUAGES = new Intl.DisplayNames(['en'], { type: 'language' });

export function country(code: string): string {
  if (code === '@') return 'E-mail';
  return /^[A-Z]{2}$/.test(code) ? (REGIONS.of(code) ?? code) : 'Elsewhere';
}

/** `pt_br` → `Brazilian Portuguese`. */
export function languageName(code: string): string {
  return LANGUAGES.of(code.replace('_', '-')) ?? code;
}

/** `no-report` → `No report`. */
export function words(id: string): string {
  const spaced = id.replaceAll(/[-_]/g, ' ');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

export const CHANNEL_NAMES = { sms: 'SMS', voice: 'Voice', email: 'E-mail' } as const;
