import type { Verifications, VerificationView } from '../../delivery/verifications.ts';
import { numberCountry } from '../../domain/phone.ts';
import type { E164 } from '../../domain/types.ts';
import type { Clock } from '../../clock.ts';
import type { TimelineStep } from '../verify/schemas.ts';
import { verificationBody } from '../verify/view.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How far back, and how finely. */
export const RANGES = {
  hour: { ms: HOUR_MS, bucketMs: 5 * MINUTE_MS },
  day: { ms: 24 * HOUR_MS, bucketMs: HOUR_MS },
  week: { ms: 7 * 24 * HOUR_MS, bucketMs: 6 * HOUR_MS },
  month: { ms: 30 * 24 * HOUR_MS, bucketMs: 24 * HOUR_MS },
} as const;
export type Range = keyof typeof RANGES;

/** Looked at for one answer: the newest. */
export const MOST_COUNTED = 5_000;
const PAGE = 100;
const KEPT_MS = 10_000;
const MOST_COUNTRIES = 12;
const MOST_BLOCKS = 50;

type Channel = TimelineStep['channel'];
const CHANNELS = ['sms', 'voice', 'email'] as const satisfies Channel[];

interface Tally {
  sends: number;
  delivered: number;
  failed: number;
  /** Over or not, nobody can tell. */
  open: number;
}

/** By when it began: `sent` and `delivered` count deliveries, the others verifications. */
export interface Bucket {
  readonly at: string;
  started: number;
  verified: number;
  readonly sent: Record<Channel, number>;
  readonly delivered: Record<Channel, number>;
}

export interface Block {
  readonly id: string;
  readonly at: string;
  readonly to: string;
  readonly channel: Channel;
  readonly reason: string;
  readonly detail?: string;
}

export interface CarrierTally extends Tally {
  readonly carrier: string;
  lastDeliveredAt?: string;
  lastFailedAt?: string;
  lastReason?: string;
}

/** What verifications of a stretch of time came to. Instants are ISO 8601. */
export interface Activity {
  readonly range: Range;
  readonly since: string;
  readonly until: string;
  readonly bucketMs: number;
  /** False: there were more than are counted, and these are the newest. */
  readonly complete: boolean;
  readonly verifications: number;
  readonly states: Readonly<Record<string, number>>;
  readonly undeliverable: number;
  /** From the request to the right PIN; absent: nobody got that far. */
  readonly medianVerifyMs?: number;
  readonly buckets: readonly Bucket[];
  readonly channels: readonly (Tally & { readonly channel: Channel; readonly verified: number })[];
  readonly countries: readonly {
    readonly country: string;
    readonly started: number;
    readonly verified: number;
  }[];
  readonly carriers: readonly CarrierTally[];
  /** How much of the code was heard, over ended calls. */
  readonly heard: Readonly<Record<string, number>>;
  /** Steps that were passed over, and verifications that ended by a limit: why, and how many. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  readonly blocks: readonly Block[];
}

/**
 * Counts what the verify API lists. One answer reads at most `MOST_COUNTED` verifications, a page at a time; whoever asks for the
 * same range within ten seconds gets the same answer, and whoever asks meanwhile waits for it.
 */
export function createActivity(deps: { verifications: Pick<Verifications, 'list'>; clock: Clock }) {
  const { verifications, clock } = deps;
  const kept = new Map<Range, { at: number; activity: Promise<Activity> }>();

  async function count(range: Range): Promise<Activity> {
    const { ms, bucketMs } = RANGES[range];
    const until = clock.now();
    // Whole buckets, so that the picture does not shift with every look.
    const since = Math.ceil((until - ms) / bucketMs) * bucketMs;
    const counting = new Counting(range, since, until);
    let cursor: string | undefined;
    let complete = true;
    do {
      const { views, nextCursor } = await verifications.list({
        limit: PAGE,
        since,
        ...(cursor !== undefined && { cursor }),
      });
      for (const view of views) counting.add(view);
      cursor = nextCursor;
      if (cursor !== undefined && counting.size >= MOST_COUNTED) {
        complete = false;
        break;
      }
    } while (cursor !== undefined);
    return counting.result(complete);
  }

  return async (range: Range): Promise<Activity> => {
    const known = kept.get(range);
    const now = clock.monotonic();
    if (known && now - known.at < KEPT_MS) return await known.activity;
    const activity = count(range);
    kept.set(range, { at: now, activity });
    try {
      return await activity;
    } catch (error) {
      if (kept.get(range)?.activity === activity) kept.delete(range);
      throw error;
    }
  };
}

const DELIVERED = new Set<TimelineStep['state']>(['delivered']);
const FAILED = new Set<TimelineStep['state']>(['undelivered', 'failed']);

class Counting {
  readonly #range: Range;
  readonly #since: number;
  readonly #until: number;
  readonly #bucketMs: number;
  readonly #buckets: Bucket[] = [];
  readonly #channels = new Map(CHANNELS.map(channel => [channel, { ...emptyTally(), verified: 0 }]));
  readonly #countries = new Map<string, { started: number; verified: number }>();
  readonly #carriers = new Map<string, CarrierTally>();
  readonly #states: Record<string, number> = {};
  readonly #heard: Record<string, number> = {};
  readonly #reasons = new Map<string, number>();
  readonly #blocks: Block[] = [];
  readonly #verifyMs: number[] = [];
  #undeliverable = 0;
  size = 0;

  constructor(range: Range, since: number, until: number) {
    this.#range = range;
    this.#since = since;
    this.#until = until;
    this.#bucketMs = RANGES[range].bucketMs;
    for (let at = since; at <= until; at += this.#bucketMs) {
      this.#buckets.push({
        at: new Date(at).toISOString(),
        started: 0,
        verified: 0,
        sent: perChannel(),
        delivered: perChannel(),
      });
    }
  }

  add(view: VerificationView): void {
    const body = verificationBody(view);
    this.size++;
    bump(this.#states, body.state);
    if (body.undeliverable) this.#undeliverable++;
    if (body.state === 'exhausted' || body.state === 'superseded') this.#block(body.state);
    const verified = body.verifiedAt !== undefined;
    if (body.verifiedAt !== undefined) {
      this.#verifyMs.push(Date.parse(body.verifiedAt) - Date.parse(body.createdAt));
      const tally = body.channel && this.#channels.get(body.channel);
      if (tally) tally.verified++;
    }
    const bucket = this.#bucketOf(body.createdAt);
    if (bucket) {
      bucket.started++;
      if (verified) bucket.verified++;
    }
    const country = body.to.startsWith('+') ? (numberCountry(body.to as E164) ?? '??') : '@';
    const place = this.#countries.get(country) ?? { started: 0, verified: 0 };
    place.started++;
    if (verified) place.verified++;
    this.#countries.set(country, place);
    for (const step of body.timeline) this.#step(step, body);
  }

  #step(step: TimelineStep, { id, to }: { id: string; to: string }): void {
    const { state, channel, reason = 'other' } = step;
    if (state === 'skipped') {
      this.#block(reason);
      if (this.#blocks.length < MOST_BLOCKS)
        this.#blocks.push({
          id,
          at: step.at,
          to,
          channel,
          reason,
          ...(step.detail && { detail: step.detail }),
        });
      return;
    }
    const bucket = this.#bucketOf(step.at);
    if (bucket) {
      bucket.sent[channel]++;
      if (DELIVERED.has(state)) bucket.delivered[channel]++;
    }
    if (channel === 'voice' && step.codeHeard !== undefined) bump(this.#heard, step.codeHeard);
    const name = step.carrier ?? 'unknown';
    const carrier = this.#carriers.get(name) ?? { carrier: name, ...emptyTally() };
    this.#carriers.set(name, carrier);
    for (const tally of [this.#channels.get(channel), carrier]) {
      if (!tally) continue;
      tally.sends++;
      tally[fieldOf(state)]++;
    }
    const endedAt = step.endedAt ?? step.at;
    if (DELIVERED.has(state)) carrier.lastDeliveredAt = later(carrier.lastDeliveredAt, endedAt);
    if (FAILED.has(state) && later(carrier.lastFailedAt, endedAt) === endedAt) {
      carrier.lastFailedAt = endedAt;
      carrier.lastReason = [step.reason, step.carrierReason].filter(Boolean).join(' · ');
    }
  }

  result(complete: boolean): Activity {
    const sorted = this.#verifyMs.toSorted((one, other) => one - other);
    const median = sorted[Math.floor(sorted.length / 2)];
    return {
      range: this.#range,
      since: new Date(this.#since).toISOString(),
      until: new Date(this.#until).toISOString(),
      bucketMs: this.#bucketMs,
      complete,
      verifications: this.size,
      states: this.#states,
      undeliverable: this.#undeliverable,
      ...(median !== undefined && { medianVerifyMs: median }),
      buckets: this.#buckets,
      channels: [...this.#channels].map(([channel, tally]) => ({ channel, ...tally })),
      countries: [...this.#countries]
        .map(([country, tally]) => ({ country, ...tally }))
        .toSorted((one, other) => other.started - one.started)
        .slice(0, MOST_COUNTRIES),
      carriers: [...this.#carriers.values()],
      heard: this.#heard,
      reasons: [...this.#reasons]
        .map(([reason, count]) => ({ reason, count }))
        .toSorted((one, other) => other.count - one.count),
      blocks: this.#blocks.toSorted((one, other) => other.at.localeCompare(one.at)),
    };
  }

  #block(reason: string): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  #bucketOf(at: string): Bucket | undefined {
    return this.#buckets[Math.floor((Date.parse(at) - this.#since) / this.#bucketMs)];
  }
}

function emptyTally(): Tally {
  return { sends: 0, delivered: 0, failed: 0, open: 0 };
}

function perChannel(): Record<Channel, number> {
  return { sms: 0, voice: 0, email: 0 };
}

function fieldOf(state: TimelineStep['state']): 'delivered' | 'failed' | 'open' {
  if (DELIVERED.has(state)) return 'delivered';
  return FAILED.has(state) ? 'failed' : 'open';
}

/** ISO 8601 in UTC sorts as text. */
function later(one: string | undefined, other: string): string {
  return one === undefined || other > one ? other : one;
}

function bump(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
