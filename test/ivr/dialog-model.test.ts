import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { DialogConfig, DialogEvent } from '../../ivr/index.ts';
import { baseConfig, Line } from './line.ts';

/** Random calls: whatever comes in whatever order, the dialogue keeps its promises. */

const config: fc.Arbitrary<DialogConfig> = fc.record(
  {
    pauseMs: fc.constantFrom(0, 0, 1_500),
    repeatDtmf: fc.constantFrom(undefined, '1', '1#', '12', '#'),
    maxDtmf: fc.constantFrom(undefined, 1, 3),
    dtmfTimeoutMs: fc.constantFrom(2_000, 10_000),
    callTimeoutMs: fc.constantFrom(undefined, undefined, 20_000),
    times: fc.integer({ min: 1, max: 3 }),
    gate: fc.constantFrom('off', 'any-key', 'random-digit'),
    gateKeys: fc.constantFrom(['4', '7'], ['42', '17'], ['1', '2'], []),
    machine: fc.constantFrom('off', 'hangup', 'continue'),
  },
  { requiredKeys: Object.keys(baseConfig) as (keyof typeof baseConfig)[] },
);

const anyEvent: fc.Arbitrary<DialogEvent> = fc.oneof(
  fc.record({ type: fc.constant('answered' as const) }),
  fc.record({
    type: fc.constant('answeredBy' as const),
    who: fc.constantFrom('human' as const, 'machine' as const, 'unknown' as const),
    greetingEnded: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('handedOver' as const),
    playId: fc.integer({ min: 0, max: 4 }),
    audioMs: fc.constant(900),
  }),
  fc.record({
    type: fc.constant('marked' as const),
    playId: fc.integer({ min: 0, max: 4 }),
    reading: fc.integer({ min: 0, max: 2 }),
    part: fc.constantFrom('symbol' as const, 'end' as const),
    last: fc.boolean(),
    outcome: fc.constantFrom('played' as const, 'cleared' as const),
  }),
  fc.record({
    type: fc.constant('timer' as const),
    timer: fc.constantFrom('answerPause', 'gate', 'playGuard', 'firstKey', 'interKey', 'call', 'tail'),
  }),
);

type Action =
  | { readonly do: 'key'; readonly key: string }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'event'; readonly event: DialogEvent };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('key' as const),
      key: fc.constantFrom('1', '1', '2', '4', '4', '7', '#', '*', 'D', 'x', ''),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 20, 300, 1_000, 2_500, 6_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('event' as const), event: anyEvent }) },
);

const ending: fc.Arbitrary<DialogEvent | undefined> = fc.constantFrom(
  undefined,
  undefined,
  undefined,
  { type: 'hangup' } as const,
  { type: 'mediaLost' } as const,
);

/** Where a call can stand, and which timers keep it from standing there for ever. */
const KEEPERS: Readonly<Record<string, readonly string[]>> = {
  answerPause: ['answerPause'],
  greeting: ['answerPause'],
  gatePrompt: ['playGuard'],
  gateListening: ['gate', 'interKey'],
  gateBreath: ['gate'],
  playing: ['playGuard'],
  listening: ['firstKey', 'interKey'],
  tail: ['tail'],
};

function check(line: Line): void {
  const keepers = KEEPERS[line.at];
  if (keepers) expect(keepers.filter(timer => line.timers.has(timer as never))).toHaveLength(1);
  else expect(['idle', 'ended']).toContain(line.at);
  expect([...line.timers.keys()].toSorted()).toEqual([...line.state.armed].toSorted());
  expect(line.report.repeats).toBeLessThanOrEqual(5);
}

/** At the moment a message starts, somebody may hear it. */
function lawful(line: Line): boolean {
  const { gate, answeredBy } = line.report;
  if (answeredBy === 'machine') return line.config.machine === 'continue';
  return line.config.gate === 'off' || gate === 'passed';
}

function run(line: Line, actions: readonly Action[]): void {
  let messages = 0;
  const look = (): void => {
    check(line);
    if (line.messages > messages) expect(lawful(line)).toBe(true);
    messages = line.messages;
  };
  for (const act of actions) {
    if (act.do === 'key') line.send({ type: 'key', key: act.key });
    else if (act.do === 'event') line.send(act.event);
    // In small steps, so that every start of a message is looked at with the facts of its moment.
    else
      for (let left = act.ms; left > 0; left -= 100) {
        line.advance(Math.min(left, 100));
        look();
      }
    look();
  }
}

const call = fc.record({
  config,
  marks: fc.boolean(),
  actions: fc.array(action, { maxLength: 40 }),
  end: ending,
});

test('never stuck, never more than five repeats, no PIN before the gate or to a machine, always ends', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(call, ({ config, marks, actions, end }) => {
      const line = Line.answered(config, { marks });
      run(line, actions);
      if (end) line.send(end);
      // Left alone, any call ends: repeats, gate and greeting are all bounded.
      for (let minute = 0; minute < 5 && line.at !== 'ended'; minute++) line.advance(60_000);
      expect(line.at).toBe('ended');
      expect(line.timers.size).toBe(0);
      expect(line.report.cause).toBeDefined();
      if (line.report.cause === 'gate-failed') expect(line.report.gate).toBe('failed');
      for (const fact of [
        line.report.cause,
        line.report.gate,
        line.report.codeHeard,
        `repeats ${line.report.repeats}`,
      ]) {
        seen.set(String(fact), (seen.get(String(fact)) ?? 0) + 1);
      }
    }),
    { numRuns: 800, seed: 20_261_121 },
  );
  // A model that never got anywhere proves nothing.
  for (const fact of [
    'completed',
    'hangup',
    'gate-failed',
    'machine',
    'call-timeout',
    'media-lost',
    'full',
    'partial',
    'none',
    'unknown',
    'passed',
    'repeats 2',
  ]) {
    expect(seen.get(fact) ?? 0, fact).toBeGreaterThan(0);
  }
});

test('more than five trigger keys give five repeats', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(300, 1_000, 2_100, 4_000), { minLength: 6, maxLength: 12 }),
      waits => {
        const line = Line.answered({ repeatDtmf: '1' });
        for (const ms of waits) line.keys('1').advance(ms);
        line.advance(60_000);
        expect(line.report.repeats).toBe(5);
        expect(line.messages).toBe(6);
        expect(line.at).toBe('ended');
      },
    ),
    { numRuns: 200, seed: 7 },
  );
});

test('after the end no event changes anything', () => {
  fc.assert(
    fc.property(
      call,
      fc.array(anyEvent, { maxLength: 20 }),
      fc.string(),
      ({ config, actions, end }, after, keys) => {
        const line = Line.answered(config);
        run(line, actions);
        line.send(end ?? { type: 'hangup' });
        const { state } = line;
        const late: DialogEvent[] = [
          ...after,
          ...[...keys, '1', '#'].map(key => ({ type: 'key', key }) as const),
        ];
        for (const event of [...late, { type: 'hangup' }, { type: 'mediaLost' }] as const) {
          expect(line.send(event)).toEqual([]);
        }
        expect(line.state).toBe(state);
      },
    ),
    { numRuns: 150, seed: 11 },
  );
});

test('the same events give the same states: nothing is remembered outside of them', () => {
  fc.assert(
    fc.property(call, ({ config, marks, actions }) => {
      const [one, two] = [Line.answered(config, { marks }), Line.answered(config, { marks })];
      run(one, actions);
      run(two, actions);
      expect(two.state).toEqual(one.state);
      expect(two.effects).toEqual(one.effects);
    }),
    { numRuns: 100, seed: 13 },
  );
});

/** security.md, voice: greetings with recorded tones. The same generator for both, so the figures compare. */
test.each([
  { gateDigits: 1, most: 0.105 },
  { gateDigits: 2, most: 0.012 },
])('a greeting with a burst of recorded tones opens a gate of $gateDigits digits in at most $most', row => {
  let seed = 99;
  const draw = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const digits = (count: number): string => Array.from({ length: count }, () => String(draw(10))).join('');
  const calls = 2_500;
  let opened = 0;
  for (let n = 0; n < calls; n++) {
    const gateKeys = [digits(row.gateDigits), digits(row.gateDigits)];
    const line = Line.answered({ gate: 'random-digit', gateKeys });
    line
      .advance(draw(5_000))
      .keys(digits(1 + draw(8)), 100 + draw(500))
      .advance(60_000);
    if (line.messages > 0) opened += 1;
  }
  expect(opened).toBeGreaterThan(0);
  expect(opened / calls).toBeLessThanOrEqual(row.most);
});
