import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { LeanCarrier } from '../support/lean-carrier.ts';
import { eventually, recordCanary, Service } from '../support/service.ts';

/**
 * faults.md F2 and I4 for fallbacks: kill -9 at each named step between the report that a text is undelivered and the
 * record of the call that follows. The carrier lives on, and says the report once, as Twilio does: if the service dies on
 * it, silence must bring the call. Exactly one call a number; where one more comes, only behind the carrier's acceptance,
 * counted and printed. All steps, a quarter of KILLS rounds each, by `npm run test:faults`; some of them once in `npm test`.
 */
const STEPS = [
  'before:store.createPinMessage',
  'after:store.createPinMessage',
  'before:texts.sendText',
  'after:texts.sendText',
  'before:store.stepPinMessage',
  'after:store.stepPinMessage',
  'before:store.advanceRun',
  'after:store.advanceRun',
  'before:calls.placeCall',
  'after:calls.placeCall',
  'before:store.transition',
  'after:store.transition',
  'before:store.publishEvents',
  'after:store.publishEvents',
];
/** On the way of a text of which nothing is heard. */
const SILENT_STEPS = ['after:store.claimTimers', 'before:store.completeTimer'];
const FULL = process.env.KILLS !== undefined;
/** Those that a mistake is most likely at. */
const QUICK_STEPS = [
  'after:store.stepPinMessage',
  'after:store.advanceRun',
  'after:calls.placeCall',
  'after:store.claimTimers',
];
const ROUNDS = Math.ceil(Number(process.env.KILLS ?? 1) / 4);
vi.setConfig({ testTimeout: 60_000 * ROUNDS + 60_000 });
const PHONES = 3;

let carrier: LeanCarrier;
let folder: string;
let config: string;
const silent = new Set<string>();
const counted = { kills: 0, verifications: 0, calls: 0, duplicates: 0, textsTwice: 0 };

beforeAll(async () => {
  carrier = await LeanCarrier.start();
  folder = mkdtempSync(join(tmpdir(), 'saypin-fallback-kill-'));
  config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ carriers: [carrier.config], api: { requestLimits: false } }));
  carrier.onTaken = taken => {
    setTimeout(
      () => {
        if (taken.kind === 'text') {
          if (!silent.has(taken.to)) void carrier.report(taken, 'undelivered', { ErrorCode: '30003' });
        } else void carrier.insist(taken, 'busy', { SipResponseCode: '486' });
      },
      taken.kind === 'text' ? 30 : 200,
    );
  };
});
afterAll(async () => {
  await carrier.close();
  rmSync(folder, { recursive: true });
  console.log(`fallback under kill -9: ${JSON.stringify(counted)}`);
});

let next = 0;
const newNumber = (): string => `+4179${4_000_000 + next++}`;

interface Verification {
  id: string;
  state: string;
  timeline: { channel: string; endedAt?: string }[];
}

async function create(service: Service, to: string): Promise<string | undefined> {
  try {
    const { status, body } = await service.api<Verification>('POST', '/v1/verifications', {
      to,
      text: 'Your code is {{pin}}',
      plan: {
        steps: [{ channel: 'sms', next: { onFailure: true, noReportAfterSeconds: 2 } }, { channel: 'voice' }],
      },
    });
    return status === 201 ? body.id : undefined;
  } catch {
    // It died while it was asked: nothing was acknowledged.
    return undefined;
  }
}

const steps = FULL ? [...STEPS, ...SILENT_STEPS] : QUICK_STEPS;
test.concurrent.for(steps)('killed %s: each acknowledged verification gets its one call', async step => {
  const service = await Service.start({
    SERVICE_MAIN: 'test/faults/faulty-main.ts',
    SAYPIN_CONFIG: config,
    LOG_LEVEL: 'info',
    FAULT_AT: step,
  });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) {
        await service.stop();
        await service.restart({ FAULT_HIT: String(1 + (round % PHONES)) });
      }
      const phones = Array.from({ length: PHONES }, newNumber);
      if (SILENT_STEPS.includes(step)) for (const to of phones) silent.add(to);
      const [ids] = await Promise.all([
        Promise.all(phones.map(to => create(service, to))),
        service.died().then(signal => expect(signal).toBe('SIGKILL')),
      ]);
      counted.kills++;
      await service.restart({ FAULT_AT: '' });
      for (const [index, to] of phones.entries()) await settled(service, to, ids[index]);
    }
  } finally {
    await service.stop();
  }
});

async function settled(service: Service, to: string, id: string | undefined): Promise<void> {
  // What was not acknowledged may have been committed, and then goes its way too.
  const { body } = await service.api<{ verifications: Verification[] }>(
    'GET',
    `/v1/verifications?to=${encodeURIComponent(to)}`,
  );
  const known = body.verifications[0]?.id;
  if (id !== undefined) expect(known).toBe(id);
  if (known === undefined) {
    expect(carrier.of(to, 'call')).toHaveLength(0);
    return;
  }
  const done = await eventually(
    `the end of ${to}`,
    async () => {
      const { body: seen } = await service.api<Verification>('GET', `/v1/verifications/${known}`);
      const last = seen.timeline.at(-1);
      return last?.channel === 'voice' && last.endedAt !== undefined && seen;
    },
    45_000,
  );
  const calls = carrier.of(to, 'call');
  const texts = carrier.of(to, 'text');
  counted.verifications++;
  counted.calls += calls.length;
  counted.duplicates += Math.max(0, calls.length - 1);
  counted.textsTwice += Math.max(0, texts.length - 1);
  expect(calls.length, `calls to ${to}`).toBe(1);
  expect(texts.length, `texts to ${to}`).toBeLessThanOrEqual(2);
  expect(done.timeline.map(({ channel }) => channel)).toEqual(['sms', 'voice']);
  const pins = new Set(texts.map(({ body: text }) => /\d{4,}/.exec(text)![0]));
  // None where it died before the text went out: the call came first then, and the text was not needed any more.
  expect(pins.size).toBe(texts.length === 0 ? 0 : 1);
  for (const pin of pins) {
    recordCanary(pin);
    const { body: checked } = await service.api('POST', `/v1/verifications/${known}/check`, { pin });
    expect(checked).toMatchObject({ verified: true });
  }
  if (pins.size > 0) await published(service, known, 'verification.verified');
}

/** What this life leaves to be published would kill the next one at its start, before it was asked for anything. */
async function published(service: Service, id: string, type: string): Promise<void> {
  await eventually(`${type} of ${id}`, async () => {
    const path = `/v1/events?verificationId=${id}&type=${type}`;
    return (await service.api<{ events: unknown[] }>('GET', path)).body.events.length > 0;
  });
}
