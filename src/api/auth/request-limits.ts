import type { WindowLimit } from './sliding-windows.ts';

/** Operations of the same name share their window. */
export interface RequestLimit extends WindowLimit {
  readonly name: string;
}

const TEN_MINUTES = 600_000;
const MINUTE = 60_000;
const SECOND = 1_000;

/** infobip-api.md 1.4, per account. A route takes its row as `config.rate`; those without have no limit published. */
export const REQUEST_LIMITS = {
  listApplications: { name: 'list applications', requests: 50, windowMs: TEN_MINUTES },
  createApplication: { name: 'create application', requests: 20, windowMs: TEN_MINUTES },
  getApplication: { name: 'get application', requests: 100, windowMs: TEN_MINUTES },
  updateApplication: { name: 'update application', requests: 40, windowMs: TEN_MINUTES },
  createEmailTemplate: { name: 'create email template', requests: 20, windowMs: TEN_MINUTES },
  updateEmailTemplate: { name: 'update email template', requests: 40, windowMs: TEN_MINUTES },
  sendVoice: { name: 'send voice messages', requests: 2_000, windowMs: SECOND },
  voiceLogs: { name: 'voice logs', requests: 120, windowMs: MINUTE },
  smsLogs: { name: 'sms logs', requests: 120, windowMs: MINUTE },
  numberLogs: { name: 'number logs', requests: 60, windowMs: MINUTE },
} as const satisfies Record<string, RequestLimit>;
