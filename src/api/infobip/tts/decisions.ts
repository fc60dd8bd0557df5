import type { VoiceContent } from '../../../domain/message.ts';

/**
 * What the voice-message face does where Infobip's documents are silent ([U] in infobip-api.md 3), in one place;
 * what all faces do alike is in `shared/decisions.ts`.
 *
 * 400 or a REJECTED status (3.5)? A wrong shape (type, missing field, length, a number outside a documented range, a
 * word outside a documented list that has no status of its own) is a 400 that names the field, and nothing of the
 * request is taken. Where the registry has a status for the field (53 to 64, 87, 91), the request is taken and every
 * destination of that message is answered with it, since that is what the status is for; the same holds for a single
 * bad number. What is judged where: `judge.ts` here, and `delivery/messages/admission.ts`.
 */

export const MAX_CALLBACK_DATA_LENGTH = 700;
export const MAX_LANGUAGE_LENGTH = 32;
/** Keys that one input may have: the limit of IVR's collect; more is as good as this. */
export const MAX_DTMF_KEYS = 64;

/** Where a field is absent; documented but for `speedUnit`, which is SMS's. */
export const DEFAULTS = {
  language: 'en',
  speechRate: 1,
  dtmfTimeoutSeconds: 10,
  ringTimeoutSeconds: 45,
  pauseSeconds: 0,
  notifyContentVersion: 2,
  speedUnit: 'minute',
} as const;

/** Given values are drawn into this range; it is no error to leave it. */
export const SPEECH_RATE = { min: 0.5, max: 2 } as const;
export const MAX_PAUSE_SECONDS = 10;

/** Self-hosted: nothing is charged, and clients expect the object. */
export const PRICE = { pricePerSecond: 0, currency: 'EUR' } as const;
export const FEATURE = 'Voice-message';

/** `hangup` and `continue` are documented; nothing asked for is no detection. */
export const MACHINE_DETECTION: Readonly<Record<string, VoiceContent['machineDetection']>> = {
  hangup: 'hangup',
  continue: 'continue',
};

/** Engines as `supplier` names them; others by their id. */
export const SUPPLIERS: Readonly<Record<string, string>> = { flite: 'Flite', espeak: 'eSpeak NG' };
