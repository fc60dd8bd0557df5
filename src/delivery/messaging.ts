import type {
  Bulk,
  BulkStatus,
  Message,
  MessageChannel,
  MessageFace,
  NotifyTarget,
  Outcome,
  RetryPlan,
  SendingSpeed,
  SmsContent,
  TimeWindow,
  VoiceContent,
} from '../domain/message.ts';

/** What the faces for voice messages and SMS call. Shapes are checked by then; what is left are rules. */
export interface Messaging {
  /**
   * Accepts a bulk in one durable write; each destination has its own outcome (`pending`, or `rejected` with a registry
   * status, for a bad number, language, SSML, audio URL, a used messageId …). Nothing is sent before it resolves.
   * @throws ServiceError badRequest (bulkId taken), unavailable
   */
  submit(request: SubmitBulk): Promise<SubmittedBulk>;
  getBulk(channel: MessageChannel, bulkId: string): Promise<Bulk | undefined>;
  /** Only while PAUSED (infobip-api.md 3.6). @throws ServiceError notFound, badRequest */
  reschedule(channel: MessageChannel, bulkId: string, sendAt: number): Promise<Bulk>;
  /** PAUSED, PENDING/PROCESSING (resume), CANCELED (what is unsent). @throws ServiceError notFound, badRequest */
  setStatus(channel: MessageChannel, bulkId: string, status: BulkStatus): Promise<Bulk>;
  /** Final reports of the last 48 h, oldest first, each handed out once over all pulls. */
  takeReports(filter: ReportFilter): Promise<readonly Message[]>;
  /** The last 48 h, newest first. */
  logs(filter: LogFilter): Promise<{ messages: readonly Message[]; nextCursor?: string }>;
}

export interface SubmitBulk {
  readonly face: MessageFace;
  readonly channel: MessageChannel;
  readonly bulkId?: string;
  /** ms since the epoch; absent: now. */
  readonly sendAt?: number;
  readonly speed?: SendingSpeed;
  readonly messages: readonly SubmitMessage[];
}

export interface SubmitMessage {
  readonly destinations: readonly { readonly to: string; readonly messageId?: string }[];
  readonly from?: string;
  readonly content: VoiceContent | SmsContent;
  /** tts/3 schedules per message; wins over the bulk's. */
  readonly sendAt?: number;
  readonly speed?: SendingSpeed;
  readonly window?: TimeWindow;
  readonly retry?: RetryPlan;
  readonly validityMs?: number;
  readonly notify?: NotifyTarget;
  readonly callbackData?: string;
  readonly platform?: Message['platform'];
  readonly campaignReferenceId?: string;
  /** A problem of the whole message that the face found: every destination gets it. */
  readonly rejection?: Extract<Outcome, { kind: 'rejected' }>;
}

export interface SubmittedBulk {
  readonly bulkId: string;
  /** One a destination, in the request's order. */
  readonly messages: readonly {
    readonly to: string;
    readonly messageId: string;
    readonly outcome: Outcome;
    readonly smsCount?: number;
  }[];
}

export interface ReportFilter {
  readonly channel: MessageChannel;
  readonly bulkIds?: readonly string[];
  readonly messageIds?: readonly string[];
  readonly limit: number;
  readonly entityId?: string;
  readonly applicationId?: string;
  readonly campaignReferenceIds?: readonly string[];
}

export interface LogFilter {
  readonly channel: MessageChannel;
  readonly from?: string;
  readonly to?: string;
  readonly bulkIds?: readonly string[];
  readonly messageIds?: readonly string[];
  /** Infobip's group names. */
  readonly generalStatus?: 'ACCEPTED' | 'PENDING' | 'UNDELIVERABLE' | 'DELIVERED' | 'EXPIRED' | 'REJECTED';
  readonly sentSince?: number;
  readonly sentUntil?: number;
  readonly limit: number;
  readonly cursor?: string;
  readonly mcc?: string;
  readonly mnc?: string;
  readonly entityId?: string;
  readonly applicationId?: string;
  readonly campaignReferenceIds?: readonly string[];
}
