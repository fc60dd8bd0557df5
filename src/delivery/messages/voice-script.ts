import { DEFAULT_DIGIT_PAUSE_MS } from '../../../ivr/index.ts';
import type { VoiceContent } from '../../domain/message.ts';
import type { CallScript } from '../../domain/types.ts';

/** A voice message's text holds no placeholders: braces are spoken as they stand, that is, not at all. */
export function spokenText(text: string): string {
  return text.replaceAll('{{', '{ {').replaceAll('}}', '} }');
}

/** How a voice message is spoken: a call script without a PIN, a gate or a second reading. */
export function scriptOf(content: VoiceContent): CallScript {
  const { language, voiceName, gender, repeatDtmf, maxDtmf, machineDetection, audioFileUrl } = content;
  return {
    messageText: spokenText(content.text ?? ''),
    placeholders: {},
    language,
    ...(voiceName !== undefined && { voiceName }),
    ...(gender && { gender }),
    speechRate: Math.min(Math.max(content.speechRate, 0.5), 2),
    ...(repeatDtmf !== undefined && { repeatDtmf }),
    ...(maxDtmf !== undefined && { maxDtmf }),
    dtmfTimeoutMs: content.dtmfTimeoutSeconds * 1000,
    pauseMs: content.pauseSeconds * 1000,
    ringTimeoutSeconds: content.ringTimeoutSeconds,
    ...(content.callTimeoutSeconds !== undefined && { callTimeoutMs: content.callTimeoutSeconds * 1000 }),
    times: 1,
    gate: 'off',
    gateDigits: 1,
    machineDetection,
    // Digits that the author spaced are read one by one, like a PIN's (voice-dialogue.md section 1).
    digitPauseMs: DEFAULT_DIGIT_PAUSE_MS,
    spelling: 'letters',
    transient: true,
    ...(audioFileUrl !== undefined && { audioFileUrl }),
  };
}
