import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { createMetrics } from '../../src/metrics/index.ts';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const file = join(import.meta.dirname, '../../deploy/grafana/saypin.json');
const { panels } = JSON.parse(readFileSync(file, 'utf8')) as { panels: readonly Panel[] };
const targets = panels.flatMap(({ title, targets = [] }) => targets.map(target => ({ title, ...target })));

/** Names of series on the page, with their labels. */
let series: Map<string, Set<string>>;
let page: string;

beforeAll(async () => {
  const metrics = createMetrics({ version: '0', carriers: ['twilio'] });
  const by = { channel: 'voice', carrier: 'twilio' };
  metrics.sent({ what: 'pin', ...by });
  metrics.sendLimited('number');
  metrics.delivered({ what: 'pin', ...by, outcome: 'answered', deliveredMs: 1 });
  metrics.heard({ carrier: 'twilio', codeHeard: 'full' });
  metrics.attempted('wrong');
  metrics.verified({ ...by, tookMs: 1 });
  metrics.counted('redial');
  metrics.storeVerb({ verb: 'createPin', ms: 1, failed: true });
  metrics.request({ kind: 'send', status: 200, ms: 1 });
  metrics.shed({ kind: 'send', reason: 'busy' });
  metrics.watch({
    liveCalls: () => 1,
    mediaSockets: () => 1,
    requests: () => [{ kind: 'send', running: 1, waiting: 0 }],
    admission: () => [{ kind: 'send', share: 1 }],
    circuits: () => [{ carrier: 'twilio', use: 'texts', state: 'open' }],
    ready: async () => true,
    backlog: async () => ({ timers: 1, oldestTimerMs: 1, events: 1, oldestEventMs: 1, messages: 1 }),
  });
  page = await metrics.text();
  metrics.close();
  series = new Map();
  for (const line of page.split('\n')) {
    const match = /^(\w+)(?:\{(.*)\})? /.exec(line);
    if (!match) continue;
    const labels = series.get(match[1]!) ?? new Set(['job', 'instance']);
    for (const [, label] of (match[2] ?? '').matchAll(/(\w+)="/g)) labels.add(label!);
    series.set(match[1]!, labels);
  }
});

describe('the dashboard', () => {
  test.each(targets.map(target => [target.title, target] as const))('%s', (_, { expr, legendFormat }) => {
    const names = [...expr.matchAll(/\bsaypin_\w+/g)].map(match => match[0]);
    expect(names.length).toBeGreaterThan(0);
    const labels = new Set(names.flatMap(name => [...(series.get(name) ?? [])]));
    for (const name of names) expect(series.has(name), name).toBe(true);
    const used = [
      ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(match => match[1]!.split(/,\s*/)),
      ...[...expr.matchAll(/[{,]\s*(\w+)=~?"/g)].map(match => match[1]!),
      ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(match => match[1]!),
    ];
    for (const label of used) expect(labels.has(label), `label ${label}`).toBe(true);
  });

  test('shows every metric of ours but what the process exporter adds', () => {
    const expressions = targets.map(({ expr }) => expr).join('\n');
    const families = [...page.matchAll(/^# TYPE (saypin_\w+) /gm)].map(match => match[1]!);
    const ours = families.filter(name => !/^saypin_(process|nodejs)_/.test(name));
    expect(ours.length).toBeGreaterThan(20);
    for (const name of ours) expect(expressions, name).toContain(name);
  });

  test('has panels of its own each, side by side', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [index, one] of panels.entries()) {
      expect(one.gridPos.x + one.gridPos.w).toBeLessThanOrEqual(24);
      for (const other of panels.slice(index + 1)) {
        const [a, b] = [one.gridPos, other.gridPos];
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart, `${one.title} and ${other.title}`).toBe(true);
      }
    }
  });
});
