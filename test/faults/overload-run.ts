import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

import { BusyCarrier } from '../support/busy-carrier.ts';
import { Crowd, type Answer } from '../support/crowd.ts';
import { Others, processorSeconds } from '../support/others.ts';
import { eventually, Service } from '../support/service.ts';
import { createTemplate } from '../support/story.ts';
import { backAfter, bySecond, good, percentile, phaseLine } from './overload-figures.ts';

/**
 * faults.md F29 against the service as it runs: several times more sends than it can do, each accepted one followed by a
 * verification, as people do. This process is the customers and a carrier that says that every number is busy; the service is
 * a child. Latencies are taken here, from the call to the answer, so the lateness of this process is in every one of them; it is
 * told, and nothing is taken off for it. So is what everything else on the machine took of its processors (Linux), by second too:
 * with less than two processors to itself this measures the others.
 */
export interface OverloadOptions {
  readonly seconds: number;
  /** So many times what the service does at its peak. */
  readonly factor: number;
  /**
   * Each time that the peak is looked for: before the overload and after it. What the service can do changes meanwhile (its store grows from nothing
   * to a hundred thousand PINs, and a machine of which others have a part has faster and slower minutes), so the overload, which
   * lies between them, is held against the mean of both.
   */
  readonly peakSeconds: number;
  /** Right after the overload, at half the peak. */
  readonly backSeconds: number;
  /** For the service. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Further processes that belong to it. */
  readonly pids?: readonly number[];
  readonly say?: (line: string) => void;
}

/** faults.md F29. */
export const LIMITS = { goodputOfPeak: 0.8, verifyP99Ms: 200, backMs: 5_000 } as const;

export interface OverloadResult {
  /** Good sends a second, at full load without a crowd: before and after the overload. */
  readonly peaks: readonly [number, number];
  readonly offered: number;
  /** Sends a second that were answered in time, and their part of the peak. */
  readonly goodput: number;
  readonly goodputOfPeak: number;
  readonly verifyP50Ms: number;
  readonly verifyP99Ms: number;
  readonly sendsRefused: number;
  /** Of them. */
  readonly refusedWithoutRetryAfter: number;
  /** Answered with anything else, or not at all. */
  readonly sendsFailed: number;
  readonly verifiesRefused: number;
  readonly callbacks: number;
  readonly callbacksRefused: number;
  /** From the end of the overload, see `backAfter`. */
  readonly backMs: number;
  /** The slowest answer in all of that time. */
  readonly slowestAfterMs: number;
  /** Sends one after the other, when it was all over: whether all were taken. */
  readonly takesSends: boolean;
  /** Answered 2xx, and what became of them in the next life of the service. */
  readonly acknowledged: number;
  readonly lost: number;
  readonly attemptsForgotten: number;
  /** Of the machine, by everybody else, from the first peak to the last; undefined: nobody knows. */
  readonly others: number | undefined;
}

/** Who work at the peak, each one thing after the other: fewer leave the service idle, more are told to come back. */
const WORKERS = 48;
/** What the histogram of the event loop measures by, and counts as lateness. */
const LAG_RESOLUTION_MS = 5;
const PATIENCE_MS = 30_000;

export async function overload(options: OverloadOptions): Promise<OverloadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'saypin-overload-'));
  const carrier = await BusyCarrier.start();
  let service: Service | undefined;
  try {
    const SAYPIN_CONFIG = join(folder, 'config.json');
    writeFileSync(
      SAYPIN_CONFIG,
      JSON.stringify({ carriers: [carrier.config], api: { requestLimits: false } }),
    );
    service = await Service.start({ SAYPIN_CONFIG, LOG_LEVEL: 'error', ...options.environment });
    return await run(service, carrier, options);
  } finally {
    await service?.kill();
    carrier.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Stage extends OverloadOptions {
  readonly service: Service;
  readonly carrier: BusyCarrier;
  readonly crowd: Crowd;
  readonly say: (line: string) => void;
}

async function run(
  service: Service,
  carrier: BusyCarrier,
  { say = () => undefined, ...options }: OverloadOptions,
): Promise<OverloadResult> {
  const { seconds, factor, peakSeconds, backSeconds, pids = [] } = options;
  const ids = await createTemplate(service, {}, { sendPinPerApplicationLimit: '100000000/1d' });
  const crowd = new Crowd(service, ids);
  const stage: Stage = { ...options, say, service, carrier, crowd };
  const others = new Others([process.pid, service.pid, ...pids]);
  try {
    await crowd.come(50, Math.min(3, peakSeconds));
    await crowd.work(WORKERS, Math.min(3, peakSeconds));
    others.start();
    const before = await peakOf(stage, 'peak');
    const { answers, start, ended } = await overloaded(stage, before * factor);
    const after = await crowd.come(before / 2, backSeconds);
    say(phaseLine('after', after, backSeconds));
    await settled(stage);
    const again = await peakOf(stage, 'peak again');
    others.stop();
    for (const shed of await metricLines(service, 'saypin_requests_shed_total')) say(`  ${shed}`);
    if (others.share !== undefined) {
      const shares = others.bySecond.map(share => (share * 100).toFixed(0)).join(', ');
      say(`others had ${(others.share * 100).toFixed(0)} % of the machine; by second: ${shares}`);
    }
    const takesSends = await takes(crowd);
    const { lost, forgotten } = await nextLife(stage);

    const inTime = answers.filter(({ startedAt }) => startedAt - start < seconds * 1_000);
    const goodput = good(inTime, 'send').length / seconds;
    const sends = answers.filter(({ kind }) => kind === 'send');
    const verifies = answers.filter(({ kind }) => kind === 'verify');
    const refused = sends.filter(({ status }) => status === 503);
    return {
      peaks: [before, again],
      offered: sends.length / seconds,
      goodput,
      goodputOfPeak: goodput / ((before + again) / 2),
      verifyP50Ms: percentile(verifies, 50),
      verifyP99Ms: percentile(verifies, 99),
      sendsRefused: refused.length,
      refusedWithoutRetryAfter: refused.filter(({ comeBack }) => !comeBack).length,
      sendsFailed: sends.filter(({ status }) => status !== 200 && status !== 503).length,
      verifiesRefused: [...verifies, ...after.filter(({ kind }) => kind === 'verify')].filter(
        ({ status }) => status !== 200,
      ).length,
      callbacks: carrier.answered,
      callbacksRefused: carrier.refused,
      backMs: backAfter(after, ended),
      slowestAfterMs: Math.max(...after.map(({ ms }) => ms)),
      takesSends,
      acknowledged: crowd.acknowledged.size,
      lost,
      attemptsForgotten: forgotten,
      others: others.share,
    };
  } finally {
    others.stop();
    crowd.close();
  }
}

/** As much as the service can do when nobody has to be refused. Sends a second. */
async function peakOf(stage: Stage, name: string): Promise<number> {
  const { service, crowd, peakSeconds, say } = stage;
  const cpu = processorSeconds(service.pid);
  const answers = await crowd.work(WORKERS, peakSeconds);
  say(phaseLine(name, answers, peakSeconds, processorSeconds(service.pid) - cpu));
  say(`  by second: ${bySecond(answers)}`);
  await settled(stage);
  return good(answers, 'send').length / peakSeconds;
}

async function overloaded(
  { service, crowd, seconds, factor, say }: Stage,
  perSecond: number,
): Promise<{ answers: readonly Answer[]; start: number; ended: number }> {
  const delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delay.enable();
  const cpu = processorSeconds(service.pid);
  const start = performance.now();
  const answers = await crowd.come(perSecond, seconds);
  const ended = performance.now();
  delay.disable();
  say(phaseLine(`${factor}x`, answers, seconds, processorSeconds(service.pid) - cpu));
  say(`  by second: ${bySecond(answers)}`);
  const [mean, p99, most] = [delay.mean, delay.percentile(99), delay.max].map(lag =>
    Math.max(0, lag / 1e6 - LAG_RESOLUTION_MS).toFixed(0),
  );
  say(`  this process was late by ${mean} ms (mean), ${p99} ms (p99), ${most} ms (most)`);
  return { answers, start, ended };
}

/** Ten in a row, at last. */
async function takes(crowd: Crowd): Promise<boolean> {
  try {
    return await eventually(
      'sends to be taken',
      async () => {
        const answers = await crowd.one(10);
        return answers.every(({ status }) => status === 200);
      },
      PATIENCE_MS,
    );
  } catch {
    return false;
  }
}

/** I1 and I2 of docs/RELIABILITY.md: after kill -9 everything that was acknowledged is there, with the attempts that it had left. */
async function nextLife(stage: Stage): Promise<{ lost: number; forgotten: number }> {
  const { service, crowd } = stage;
  // A carrier that finds nobody there has not been refused.
  await settled(stage);
  const before = new Map([...crowd.acknowledged].map(([pinId, { left }]) => [pinId, left]));
  for (const known of crowd.acknowledged.values()) known.left = undefined;
  await service.kill();
  await service.restart();
  const pinIds = [...before.keys()];
  const one = async (): Promise<void> => {
    for (let pinId = pinIds.pop(); pinId !== undefined; pinId = pinIds.pop()) {
      // Who is told to come back does.
      while ((await crowd.verify(pinId)).comeBack) await pause(100);
    }
  };
  await Promise.all(Array.from({ length: 32 }, one));
  let lost = 0;
  let forgotten = 0;
  for (const [pinId, left] of before) {
    const now = crowd.acknowledged.get(pinId)?.left;
    if (now === undefined) lost++;
    else if (left !== undefined && now !== left - 1) forgotten++;
  }
  return { lost, forgotten };
}

/** What was left to be done is not to be done in what comes next. */
async function settled({ service, carrier }: Stage): Promise<void> {
  await carrier.quiet();
  const end = performance.now() + 60_000;
  while (performance.now() < end) {
    const [events] = await metricLines(service, 'saypin_outbox_events ');
    if (Number(events?.split(' ')[1] ?? 0) < 100) return;
    await pause(200);
  }
}

async function metricLines(service: Service, name: string): Promise<string[]> {
  const page = await (await fetch(`${service.url}/metrics`)).text();
  return page.split('\n').filter(text => text.startsWith(name));
}
