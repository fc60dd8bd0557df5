/** Twilio's words for a call. */
export type CallStatus =
  | 'queued'
  | 'ringing'
  | 'in-progress'
  | 'completed'
  | 'busy'
  | 'failed'
  | 'no-answer'
  | 'canceled';
/** The telephone's. */
export type CallState = 'queued' | 'dialing' | 'ringing' | 'answered' | 'ended';
export type EndStatus = Exclude<CallStatus, 'queued' | 'ringing' | 'in-progress'>;
export type EndedBy = 'phone' | 'customer' | 'document' | 'carrier' | 'reset';

/** What the phone's network says of an end, unless the phone says it itself. */
export const SIP_CODES = {
  completed: 200,
  busy: 486,
  'no-answer': 487,
  canceled: 487,
  failed: 404,
} as const satisfies Record<EndStatus, number>;
