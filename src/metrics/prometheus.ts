import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';

import {
  ATTEMPTS,
  CARRIER_USES,
  CHANNELS,
  HEARD,
  LIMITS,
  oneOf,
  OUTCOMES,
  plainWords,
  REQUEST_KINDS,
  SHED_REASONS,
} from './labels.ts';
import type { Gauges, Metrics, MetricsPage, StoreBacklog } from './metrics.ts';

export interface PrometheusOptions {
  readonly version: string;
  /** Names of the configured carriers; others are counted as `other`. */
  readonly carriers: readonly string[];
  /** Of the process (memory, CPU, descriptors, garbage collection), counted from the first page on; absent: yes. */
  readonly processMetrics?: boolean;
}

export interface PrometheusMetrics extends Metrics, MetricsPage {
  /** From where to take what is asked for at each page. A later call replaces those that it names. */
  watch(gauges: Gauges): void;
  close(): void;
}

const MAX_VERBS = 120;
const MAX_TRACES = 60;

const STORE_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 15];
const LATE_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** A phone rings for seconds, a text may take minutes. */
const DELIVER_SECONDS = [0.5, 1, 2, 3, 5, 8, 12, 20, 30, 45, 60, 120, 300, 900];
const VERIFY_SECONDS = [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 3_600];
const CIRCUIT_STATES = { closed: 0, 'half-open': 1, open: 2 } as const;
const LAG_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5];

/** The metrics of one process, over prom-client; nothing of it leaves this folder. All names begin with `saypin_`. */
export function createMetrics(options: PrometheusOptions): PrometheusMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <Name extends string>(name: string, help: string, labelNames: readonly Name[] = []) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const histogram = <Name extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly Name[] = [],
  ) => new Histogram({ name, help, buckets: [...buckets], labelNames: [...labelNames], registers });

  const sent = counter('saypin_sends_total', 'Sends that the store took', ['what', 'channel', 'carrier']);
  const limited = counter('saypin_sends_limited_total', 'Sends of PINs that a limit refused', ['limit']);
  const ended = counter('saypin_deliveries_total', 'Deliveries that came to their end', [
    'what',
    'channel',
    'carrier',
    'outcome',
  ]);
  const heard = counter('saypin_calls_heard_total', 'Ended calls of PINs by how much of the code was heard', [
    'carrier',
    'heard',
  ]);
  const attempts = counter('saypin_verify_attempts_total', 'Attempts at PINs', ['outcome']);
  const verified = counter('saypin_pins_verified_total', 'PINs verified, by their last delivery', [
    'channel',
    'carrier',
  ]);
  const deliverTime = histogram(
    'saypin_deliver_seconds',
    'From the send until the phone was answered or the text received',
    DELIVER_SECONDS,
    ['channel', 'carrier'],
  );
  const verifyTime = histogram(
    'saypin_verify_seconds',
    'From the send until the PIN was verified',
    VERIFY_SECONDS,
    ['channel'],
  );
  const traces = counter('saypin_events_total', 'Webhooks and media refused, redials, outcomes of pushes', [
    'event',
  ]);
  const storeTime = histogram('saypin_store_seconds', 'Verbs of the store', STORE_SECONDS, ['verb']);
  const storeFailures = counter('saypin_store_failures_total', 'Verbs that the store could not do', ['verb']);
  const timerLate = histogram(
    'saypin_timer_late_seconds',
    'Lateness of timers when handed out',
    LATE_SECONDS,
  );
  const requestTime = histogram('saypin_request_seconds', 'Requests that were answered', REQUEST_SECONDS, [
    'kind',
  ]);
  const requests = counter('saypin_requests_total', 'Requests by the class of their status', [
    'kind',
    'status',
  ]);
  const shed = counter('saypin_requests_shed_total', 'Requests refused for want of room', ['kind', 'reason']);
  const lag = histogram(
    'saypin_event_loop_lag_seconds',
    'How late the event loop came to a timer',
    LAG_SECONDS,
  );

  const gauges = createGauges(registry, options.carriers);
  new Gauge({ name: 'saypin_build_info', help: 'Versions', labelNames: ['version', 'node'], registers }).set(
    { version: options.version, node: process.version },
    1,
  );
  let ofProcess: Promise<void> | undefined;

  const channel = oneOf(CHANNELS);
  const carrier = oneOf(options.carriers);
  const outcome = oneOf(OUTCOMES);
  const codeHeard = oneOf(HEARD);
  const attempt = oneOf(ATTEMPTS);
  const limit = oneOf(LIMITS);
  const kind = oneOf(REQUEST_KINDS);
  const reason = oneOf(SHED_REASONS);
  const what = oneOf(['pin', 'message']);
  const verb = plainWords(MAX_VERBS);
  const trace = plainWords(MAX_TRACES);

  return {
    contentType: registry.contentType,
    async text() {
      if (options.processMetrics !== false) await (ofProcess ??= watchProcess(registry));
      await gauges.refresh();
      return await registry.metrics();
    },
    watch: sources => gauges.watch(sources),
    close: () => registry.clear(),

    sent(send) {
      sent.inc({ what: what(send.what), channel: channel(send.channel), carrier: carrier(send.carrier) });
    },
    sendLimited: by => limited.inc({ limit: limit(by) }),
    delivered(end) {
      const where = { channel: channel(end.channel), carrier: carrier(end.carrier) };
      ended.inc({ what: what(end.what), ...where, outcome: outcome(end.outcome) });
      if (end.deliveredMs !== undefined) deliverTime.observe(where, seconds(end.deliveredMs));
    },
    heard: call => heard.inc({ carrier: carrier(call.carrier), heard: codeHeard(call.codeHeard) }),
    attempted: result => attempts.inc({ outcome: attempt(result) }),
    verified(pin) {
      verified.inc({ channel: channel(pin.channel), carrier: carrier(pin.carrier) });
      verifyTime.observe({ channel: channel(pin.channel) }, seconds(pin.tookMs));
    },
    counted: event => traces.inc({ event: trace(event) }),
    storeVerb(call) {
      storeTime.observe({ verb: verb(call.verb) }, seconds(call.ms));
      if (call.failed) storeFailures.inc({ verb: verb(call.verb) });
    },
    timerClaimed: lateMs => timerLate.observe(seconds(lateMs)),
    request(request) {
      requestTime.observe({ kind: kind(request.kind) }, seconds(request.ms));
      requests.inc({ kind: kind(request.kind), status: statusClass(request.status) });
    },
    shed: refusal => shed.inc({ kind: kind(refusal.kind), reason: reason(refusal.reason) }),
    loopLag: ms => lag.observe(seconds(ms)),
  };
}

/** From the first page on: nobody reads them before. */
async function watchProcess(register: Registry): Promise<void> {
  const { default: collectDefaultMetrics } = await import('prom-client/lib/defaultMetrics.js');
  collectDefaultMetrics({ register, prefix: 'saypin_' });
}

/** Values that are read when the page is asked for. One that cannot be had is left out, so that nobody reads an old one. */
function createGauges(
  registry: Registry,
  carriers: readonly string[],
): { watch(gauges: Gauges): void; refresh(): Promise<void> } {
  const registers = [registry];
  const gauge = <Name extends string>(name: string, help: string, labelNames: readonly Name[] = []) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers });
  const single = {
    liveCalls: gauge('saypin_live_calls', 'Calls that are not over, on this process'),
    mediaSockets: gauge('saypin_media_sockets', 'Open media sockets of this process'),
    ready: gauge('saypin_ready', '1: ready, 0: not'),
    timers: gauge('saypin_timers', 'Timers armed in the store'),
    oldestTimer: gauge(
      'saypin_timer_oldest_seconds',
      'Lateness of the oldest due timer that nobody has claimed',
    ),
    events: gauge('saypin_outbox_events', 'Events in the outbox'),
    oldestEvent: gauge('saypin_outbox_oldest_seconds', 'Age of the oldest event in the outbox'),
    messages: gauge('saypin_messages_waiting', 'Messages of bulks that wait to be sent'),
  };
  const running = gauge('saypin_requests_running', 'Requests under way', ['kind']);
  const waiting = gauge('saypin_requests_waiting', 'Requests that wait for their turn', ['kind']);
  const admission = gauge('saypin_admission_share', 'Part of the requests that is let in, 0 to 1', ['kind']);
  const circuit = gauge(
    'saypin_carrier_circuit',
    'Whether a carrier is taken to be down. 0: no, 1: one request looks, 2: yes',
    ['carrier', 'use'],
  );
  const kind = oneOf(REQUEST_KINDS);
  const carrier = oneOf(carriers);
  const use = oneOf(CARRIER_USES);
  let sources: Gauges = {};

  const put = (name: keyof typeof single, value: number | undefined): void => {
    if (value === undefined || !Number.isFinite(value)) single[name].remove();
    else single[name].set(value);
  };

  return {
    watch(gauges) {
      sources = { ...sources, ...gauges };
    },
    async refresh() {
      const [ready, backlog] = await Promise.all([
        had(async () => await sources.ready?.()),
        had<StoreBacklog | undefined>(async () => await sources.backlog?.()),
      ]);
      put('liveCalls', sources.liveCalls?.());
      put('mediaSockets', sources.mediaSockets?.());
      put('ready', ready === undefined ? undefined : Number(ready));
      put('timers', backlog?.timers);
      put('oldestTimer', backlog && seconds(backlog.oldestTimerMs));
      put('events', backlog?.events);
      put('oldestEvent', backlog && seconds(backlog.oldestEventMs));
      put('messages', backlog?.messages);
      for (const entry of sources.requests?.() ?? []) {
        running.set({ kind: kind(entry.kind) }, entry.running);
        waiting.set({ kind: kind(entry.kind) }, entry.waiting);
      }
      for (const entry of sources.circuits?.() ?? [])
        circuit.set({ carrier: carrier(entry.carrier), use: use(entry.use) }, CIRCUIT_STATES[entry.state]);
      for (const entry of sources.admission?.() ?? []) admission.set({ kind: kind(entry.kind) }, entry.share);
    },
  };
}

async function had<Value>(ask: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}

/** Clocks of two machines may disagree by a little: no negative durations. */
function seconds(ms: number): number {
  return Number.isFinite(ms) ? Math.max(0, ms) / 1_000 : 0;
}

function statusClass(status: number): string {
  return status >= 100 && status <= 599 ? `${Math.trunc(status / 100)}xx` : 'other';
}
