import { languageOf } from '../../../../ivr/languages.ts';
import type { CallTransfer, VoiceContent } from '../../../domain/message.ts';
import { parseMsisdn, toMsisdn } from '../../../domain/phone.ts';
import { given } from '../shared/given.ts';
import { DEFAULTS, MACHINE_DETECTION, MAX_DTMF_KEYS, SPEECH_RATE } from './decisions.ts';
import type { AdvancedMessage } from './send-schemas.ts';

/** A message of any of the three calls: the shorter ones leave out most of it. */
export type AnyMessage = Partial<Omit<AdvancedMessage, 'destinations'>>;

/** What is said and how the call behaves: defaults and clamps of infobip-api.md 3.4. */
export function voiceContent(message: AnyMessage): VoiceContent {
  const { voice } = message;
  const voiceName = given(voice?.name);
  const gender = genderOf(given(voice?.gender));
  const repeatDtmf = given(message.repeatDtmf);
  const { maxDtmf, callTimeout } = message;
  return {
    ...sayOrPlay(message),
    language: languageForm(given(message.language) ?? DEFAULTS.language),
    ...(voiceName !== undefined && { voiceName }),
    ...(gender !== undefined && { gender }),
    speechRate: clamp(message.speechRate ?? DEFAULTS.speechRate, SPEECH_RATE),
    ...(repeatDtmf !== undefined && { repeatDtmf: repeatDtmf.toUpperCase() }),
    ...(maxDtmf != null && { maxDtmf: Math.min(maxDtmf, MAX_DTMF_KEYS) }),
    dtmfTimeoutSeconds: message.dtmfTimeout ?? DEFAULTS.dtmfTimeoutSeconds,
    ringTimeoutSeconds: message.ringTimeout ?? DEFAULTS.ringTimeoutSeconds,
    ...(callTimeout != null && { callTimeoutSeconds: callTimeout }),
    pauseSeconds: message.pause ?? DEFAULTS.pauseSeconds,
    machineDetection: machineDetectionOf(message.machineDetection) ?? 'off',
    callTransfers: (message.callTransfers ?? []).map(transfer => transferOf(transfer)).filter(present),
  };
}

/** The text as it came: its blanks may be meant. */
function sayOrPlay({ text, audioFileUrl }: AnyMessage): Pick<VoiceContent, 'text' | 'audioFileUrl'> {
  const url = given(audioFileUrl);
  if (url !== undefined) return { audioFileUrl: url };
  return given(text) === undefined ? {} : { text: text ?? '' };
}

/** The 2FA form where there is one, else as given. */
export function languageForm(code: string): string {
  return languageOf(code) ?? code;
}

/** Undefined: a word that means nothing. */
export function machineDetectionOf(
  word: string | null | undefined,
): VoiceContent['machineDetection'] | undefined {
  const asked = given(word)?.toLowerCase();
  if (asked === undefined) return 'off';
  return Object.hasOwn(MACHINE_DETECTION, asked) ? MACHINE_DETECTION[asked] : undefined;
}

/** Undefined: one that cannot be carried out (REJECTED_INVALID_ACTIONS). */
export function transferOf(
  asked: NonNullable<AdvancedMessage['callTransfers']>[number],
): CallTransfer | undefined {
  const number = parseMsisdn(asked.transferTo);
  const on = TRANSFER_CONDITIONS.get(asked.if.trim().toLowerCase());
  const maxDurationSeconds = asked.callTransferMaxDuration ?? undefined;
  if (!number || !on || (maxDurationSeconds !== undefined && maxDurationSeconds < 1)) return undefined;
  const limit = maxDurationSeconds !== undefined && { maxDurationSeconds };
  const transferTo = toMsisdn(number);
  if (on === 'anyDtmf') return { transferTo, on, ...limit };
  const equals = given(asked.equals)?.toUpperCase();
  return equals !== undefined && KEYS.test(equals) ? { transferTo, on, equals, ...limit } : undefined;
}

/** Their own example writes `DTMF`. */
const TRANSFER_CONDITIONS: ReadonlyMap<string, CallTransfer['on']> = new Map([
  ['dtmf', 'dtmf'],
  ['anydtmf', 'anyDtmf'],
]);
const KEYS = /^[0-9*A-D]+$/;

function genderOf(word: string | undefined): VoiceContent['gender'] {
  const gender = word?.toLowerCase();
  return gender === 'male' || gender === 'female' ? gender : undefined;
}

function clamp(value: number, { min, max }: { min: number; max: number }): number {
  return Math.min(Math.max(value, min), max);
}

function present<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}
