import { concatBytes, silence, tone } from './audio.ts';
import { decodeGreeting, type Behaviour } from './phone.ts';
import type { Spoken } from './say.ts';
import type { Say } from './twiml.ts';

/** What a voicemail sounds after its greeting, as mu-law at 8 kHz. */
export const BEEP = concatBytes([silence(200), tone([1000], 400, 0.4)]);

const VOICEMAIL_GREETING: Say = {
  verb: 'Say',
  voice: 'alice',
  language: 'en-US',
  loop: 1,
  content: ['The person you have called is not available. Please leave a message after the tone.'],
};

/** What a phone was given to say when it answers; empty: nothing. */
export function ownGreeting({ greetingWav }: Pick<Behaviour, 'greetingWav'>): Uint8Array {
  return (greetingWav !== null && decodeGreeting(greetingWav)) || new Uint8Array();
}

/** Its own, or the one that every voicemail has. */
export async function voicemailGreeting(
  behaviour: Pick<Behaviour, 'greetingWav'>,
  renderSay: (say: Say) => Promise<Spoken>,
): Promise<Uint8Array> {
  if (behaviour.greetingWav !== null) return ownGreeting(behaviour);
  return (await renderSay(VOICEMAIL_GREETING)).audio;
}
