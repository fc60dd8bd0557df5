import { describe, expect, test } from 'vitest';

import { createMetrics, type PrometheusMetrics } from '../../src/metrics/index.ts';
import { CHANNELS, OTHER } from '../../src/metrics/labels.ts';

const start = (): PrometheusMetrics =>
  createMetrics({ version: '0.1.0', carriers: ['twilio', 'smtp'], processMetrics: false });

/** Values by series, without HELP and TYPE. */
async function series(metrics: PrometheusMetrics): Promise<Map<string, number>> {
  const lines = (await metrics.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

describe('the page', () => {
  test('counts sends, ends and verifications by channel and carrier', async () => {
    const metrics = start();
    metrics.sent({ what: 'pin', channel: 'voice', carrier: 'twilio' });
    metrics.sent({ what: 'pin', channel: 'voice', carrier: 'twilio' });
    metrics.sent({ what: 'message', channel: 'sms', carrier: 'twilio' });
    metrics.delivered({
      what: 'pin',
      channel: 'voice',
      carrier: 'twilio',
      outcome: 'answered',
      deliveredMs: 4_000,
    });
    metrics.delivered({ what: 'pin', channel: 'voice', carrier: 'twilio', outcome: 'busy' });
    metrics.heard({ carrier: 'twilio', codeHeard: 'full' });
    metrics.verified({ channel: 'voice', carrier: 'twilio', tookMs: 12_000 });
    const page = await series(metrics);
    expect(page.get('saypin_sends_total{what="pin",channel="voice",carrier="twilio"}')).toBe(2);
    expect(page.get('saypin_sends_total{what="message",channel="sms",carrier="twilio"}')).toBe(1);
    const end = (outcome: string): string =>
      `saypin_deliveries_total{what="pin",channel="voice",carrier="twilio",outcome="${outcome}"}`;
    expect([page.get(end('answered')), page.get(end('busy'))]).toStrictEqual([1, 1]);
    // Only what was delivered has a time, in seconds.
    expect(page.get('saypin_deliver_seconds_count{channel="voice",carrier="twilio"}')).toBe(1);
    expect(page.get('saypin_deliver_seconds_sum{channel="voice",carrier="twilio"}')).toBe(4);
    expect(page.get('saypin_calls_heard_total{carrier="twilio",heard="full"}')).toBe(1);
    expect(page.get('saypin_pins_verified_total{channel="voice",carrier="twilio"}')).toBe(1);
    expect(page.get('saypin_verify_seconds_sum{channel="voice"}')).toBe(12);
  });

  test('a gauge that cannot be had is left out, and comes back', async () => {
    const metrics = start();
    let works = true;
    metrics.watch({
      liveCalls: () => 7,
      backlog: async () => {
        if (!works) throw new Error('the store is away');
        return { timers: 3, oldestTimerMs: 1_500, events: 2, oldestEventMs: 60_000, messages: 9 };
      },
    });
    const before = await series(metrics);
    expect(before.get('saypin_live_calls')).toBe(7);
    expect(before.get('saypin_timer_oldest_seconds')).toBe(1.5);
    expect(before.get('saypin_outbox_events')).toBe(2);
    works = false;
    const without = await series(metrics);
    expect(without.has('saypin_timers')).toBe(false);
    expect(without.has('saypin_outbox_events')).toBe(false);
    expect(without.get('saypin_live_calls')).toBe(7);
    works = true;
    expect((await series(metrics)).get('saypin_timers')).toBe(3);
  });

  test('two processes in one have a page each', async () => {
    const [one, other] = [start(), start()];
    one.counted('redial');
    expect((await series(one)).get('saypin_events_total{event="redial"}')).toBe(1);
    expect((await series(other)).has('saypin_events_total{event="redial"}')).toBe(false);
  });

  test('names the process, when asked to', async () => {
    const metrics = createMetrics({ version: '9.8.7', carriers: [] });
    const page = await metrics.text();
    expect(page).toContain(`saypin_build_info{version="9.8.7",node="${process.version}"} 1`);
    expect(page).toContain('saypin_process_resident_memory_bytes');
    metrics.close();
  });
});

describe('nothing of what somebody sent gets into a label', () => {
  const HOSTILE = [
    '+41793026727',
    '41793026727',
    '493817',
    'a-493817',
    'CA0123456789abcdef0123456789abcdef',
    'deadbeefdeadbeef',
    'anna@example.com',
    'https://example.com/hook?token=secret',
    'x"} 1\nsaypin_fake_total{evil="1',
    'Your code is 493817',
    'x'.repeat(2_000),
    '__proto__',
    '',
  ];

  test.each(HOSTILE.map(value => [value.slice(0, 40), value] as const))('%j', async (_, value) => {
    const metrics = start();
    metrics.sent({ what: value as 'pin', channel: value, carrier: value });
    metrics.sendLimited(value);
    metrics.delivered({ what: 'pin', channel: value, carrier: value, outcome: value, deliveredMs: 1 });
    metrics.heard({ carrier: value, codeHeard: value });
    metrics.attempted(value);
    metrics.verified({ channel: value, carrier: value, tookMs: 1 });
    metrics.counted(value);
    metrics.storeVerb({ verb: value, ms: 1, failed: true });
    metrics.request({ kind: value, status: 41793026727, ms: 1 });
    metrics.shed({ kind: value, reason: value });
    metrics.watch({
      requests: () => [{ kind: value, running: 1, waiting: 1 }],
      admission: () => [{ kind: value, share: 1 }],
      circuits: () => [{ carrier: value, use: value, state: 'open' }],
    });
    const page = await metrics.text();
    const labels = [...page.matchAll(/[a-z]+="((?:[^"\\]|\\.)*)"/g)].map(match => match[1]!);
    expect(labels.filter(label => label === OTHER).length).toBeGreaterThan(15);
    expect(labels.filter(label => value !== '' && label.includes(value.slice(0, 60)))).toStrictEqual([]);
    for (const line of page.split('\n')) expect(line).not.toMatch(/41793026727|493817|fake_total/);
  });

  test('names from code are bounded in number', async () => {
    const metrics = start();
    for (let index = 0; index < 500; index++) {
      const letters = [...String(index)].map(digit => 'abcdefghij'[Number(digit)]).join('');
      metrics.counted(`word-${letters}`);
      metrics.storeVerb({ verb: `verb${letters}`, ms: 1, failed: false });
    }
    const page = [...(await series(metrics)).keys()];
    expect(page.filter(name => name.startsWith('saypin_events_total')).length).toBeLessThanOrEqual(61);
    expect(page.filter(name => name.startsWith('saypin_store_seconds_count')).length).toBeLessThanOrEqual(
      121,
    );
  });

  test('a carrier that is down is 2, one that is being looked at 1', async () => {
    const metrics = start();
    metrics.watch({
      circuits: () => [
        { carrier: 'twilio', use: 'calls', state: 'open' },
        { carrier: 'twilio', use: 'texts', state: 'half-open' },
        { carrier: 'smtp', use: 'mail', state: 'closed' },
      ],
    });
    const page = await series(metrics);
    expect(page.get('saypin_carrier_circuit{carrier="twilio",use="calls"}')).toBe(2);
    expect(page.get('saypin_carrier_circuit{carrier="twilio",use="texts"}')).toBe(1);
    expect(page.get('saypin_carrier_circuit{carrier="smtp",use="mail"}')).toBe(0);
  });

  test('the words that are known stay themselves', async () => {
    const metrics = start();
    for (const channel of CHANNELS) metrics.sent({ what: 'pin', channel, carrier: 'smtp' });
    const page = await series(metrics);
    for (const channel of CHANNELS) {
      expect(page.get(`saypin_sends_total{what="pin",channel="${channel}",carrier="smtp"}`)).toBe(1);
    }
  });
});
