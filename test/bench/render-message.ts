import { buildMessage, toSegments } from '../../ivr/index.ts';
import { decodeMulaw } from '../../src/speech/g711.ts';
import type { Speech } from '../../src/speech/speech.ts';

/** What a phone would hear of a PIN message: one reading, through mu-law and back, 8 kHz. */
export async function renderMessage(
  speech: Speech,
  message: {
    text: string;
    pin: string;
    language: string;
    rate: number;
    digitPauseMs?: number;
    voiceName?: string;
  },
): Promise<Int16Array> {
  const utterances = buildMessage({
    text: message.text,
    pin: message.pin,
    placeholders: {},
    digitPauseMs: message.digitPauseMs ?? 400,
  });
  const { language, rate, voiceName } = message;
  const segments = toSegments(utterances, { language, rate, spelling: 'letters' });
  const { voice } = speech.chooseVoice({ language, voiceName });
  const parts = await speech.render(segments, voice);
  return decodeMulaw(Buffer.concat(parts.map(part => part.mulaw)));
}
