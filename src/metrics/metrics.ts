/**
 * What the service counts and measures: the port. Every layer may be handed it (or a part of it); only src/app.ts knows
 * what is behind it. Arguments are words of closed lists or of the configuration, never a number, an id, or a text that
 * somebody sent: what is not on a list is counted as `other`. Milliseconds in, seconds out.
 */
export interface Metrics {
  /** The store took a send: a PIN's, or a message's of a bulk. */
  sent(send: { what: SentWhat; channel: string; carrier: string }): void;
  /** A send that a limit of the application or the number refused. */
  sendLimited(limit: string): void;
  /** A delivery came to its end. `deliveredMs`: from the send until the phone was answered or the text received. */
  delivered(end: {
    what: SentWhat;
    channel: string;
    carrier: string;
    outcome: string;
    deliveredMs?: number | undefined;
  }): void;
  /** How much of the code an ended call of a PIN brought (`codeHeard` of its report). */
  heard(call: { carrier: string; codeHeard: string }): void;
  /** What an attempt at a PIN came to. */
  attempted(outcome: string): void;
  /** A PIN was verified for the first time; the channel and carrier are those of its last delivery. */
  verified(pin: { channel: string; carrier: string; tookMs: number }): void;
  /** Something that leaves no trace elsewhere: `Counted` of the delivery, `PushCounted` of the pushes. */
  counted(what: string): void;
  /** `failed`: the store could not (it does not count what it refused). */
  storeVerb(verb: { verb: string; ms: number; failed: boolean }): void;
  /** A due timer was handed out this long after its time. */
  timerClaimed(lateMs: number): void;
  request(request: { kind: string; status: number; ms: number }): void;
  /** A request that was refused because there was too much to do. */
  shed(refusal: { kind: string; reason: string }): void;
  loopLag(ms: number): void;
}

export type SentWhat = 'pin' | 'message';

/** What is asked for when the page is, rather than counted as it happens. All optional: a part may be absent. */
export interface Gauges {
  liveCalls?(): number;
  mediaSockets?(): number;
  /** Requests that are being worked on, and that wait for their turn, by kind. */
  requests?(): readonly { kind: string; running: number; waiting: number }[];
  /** 0 to 1 by kind: the part of the requests that is let in. */
  admission?(): readonly { kind: string; share: number }[];
  /** Whether carriers are taken to be down, by what they are used for. */
  circuits?(): readonly { carrier: string; use: string; state: 'closed' | 'half-open' | 'open' }[];
  ready?(): Promise<boolean>;
  backlog?(): Promise<StoreBacklog | undefined>;
}

/** What waits in the store. Ages in ms; 0 where nothing waits. Counts stop at `BACKLOG_CAP`. */
export interface StoreBacklog {
  /** Armed timers, due or not. */
  readonly timers: number;
  /** How late the oldest timer is that is due and not claimed. */
  readonly oldestTimerMs: number;
  /** Events of the outbox: pushes under way or waiting for their next try included. */
  readonly events: number;
  readonly oldestEventMs: number;
  /** Messages of bulks that wait to be sent. */
  readonly messages: number;
}

/** The page for a Prometheus server. */
export interface MetricsPage {
  readonly contentType: string;
  /** Never rejects for a gauge that cannot be had: its line is left out. */
  text(): Promise<string>;
}

/** For whoever is handed none. */
export const noMetrics: Metrics = {
  sent() {},
  sendLimited() {},
  delivered() {},
  heard() {},
  attempted() {},
  verified() {},
  counted() {},
  storeVerb() {},
  timerClaimed() {},
  request() {},
  shed() {},
  loopLag() {},
};
