import { control } from './control.ts';
import type { Outcome } from './wire.ts';

export interface Choice {
  readonly outcome: Outcome;
  readonly label: string;
  readonly hint: string;
}

/** The switches, in the order that somebody who tests a service would try them. */
export const CHOICES: readonly Choice[] = [
  { outcome: 'manual', label: 'You answer', hint: 'Rings here until you pick up' },
  { outcome: 'answer', label: 'Answers by itself', hint: 'Picks up after half a second' },
  { outcome: 'voicemail', label: 'Voicemail', hint: 'A greeting, a beep, then it listens' },
  { outcome: 'busy', label: 'Busy', hint: '486, without ringing' },
  { outcome: 'no-answer', label: 'No answer', hint: 'Rings until the caller gives up' },
  { outcome: 'reject', label: 'Rejects', hint: 'Rings once, then 603' },
  { outcome: 'fail', label: 'Unreachable', hint: 'Switched off: 480, and no texts' },
];

export const TEXT_CHOICES: readonly { readonly value: string; readonly label: string }[] = [
  { value: 'delivered', label: 'Arrive' },
  { value: 'late', label: 'Arrive a minute late' },
  { value: 'silent', label: 'Arrive without a receipt' },
  { value: 'undelivered', label: 'Are undelivered (30003)' },
  { value: 'failed', label: 'Fail (30008)' },
  { value: 'sent', label: 'Get lost' },
  { value: 'refused', label: 'Are refused (21610)' },
];

type Settings = Record<string, unknown> & { readonly outcome: Outcome; readonly smsOutcome: string };

/** Changes what a phone does and keeps the rest of what was set. */
async function change(number: string, update: (settings: Settings) => Partial<Settings>): Promise<void> {
  const path = `/phones/${encodeURIComponent(number)}`;
  const { number: _, ...settings } = await control<Settings & { number: string }>('GET', path);
  await control('PUT', path, { ...settings, ...update(settings as Settings) });
}

/** A switched-off phone gets no texts and is not on the network; any other choice undoes just that. */
export async function setOutcome(number: string, outcome: Outcome): Promise<void> {
  await change(number, settings => {
    if (outcome === 'fail') return { outcome, sipCode: 480, reachable: false, smsOutcome: 'undelivered' };
    if (settings.outcome !== 'fail') return { outcome };
    return { outcome, sipCode: null, reachable: true, smsOutcome: 'delivered' };
  });
}

export async function setTexts(number: string, smsOutcome: string): Promise<void> {
  await change(number, () => ({ smsOutcome, smsDelayMs: undefined, smsErrorCode: null }));
}

/** A WAV file that voicemail says; null is the spoken default. @throws Error where it is no WAV file */
export async function setGreeting(number: string, file: File | null): Promise<void> {
  const greetingWav = file && base64(new Uint8Array(await file.arrayBuffer()));
  await change(number, () => ({ greetingWav, outcome: 'voicemail' }));
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
