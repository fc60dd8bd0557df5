import { expect, test } from 'vitest';

import { captionsOf } from '../../sip-sim/web/captions.ts';
import { SpeechActivity } from '../../sip-sim/web/speech-activity.ts';
import type { Call } from '../../sip-sim/web/wire.ts';

/** What is told of spans of sound, in ms. */
function activity(spans: [number, number][], totalMs: number): [string, number][] {
  const detector = new SpeechActivity();
  const told: [string, number][] = [];
  for (let index = 0; index < totalMs / 20; index++) {
    const loud = spans.some(([from, to]) => index * 20 >= from && index * 20 < to);
    const change = detector.push(index, loud ? 0.2 : 0.001);
    if (change) told.push([change.kind, change.ms]);
  }
  return told;
}

test.each<[string, [number, number][], [string, number][]]>([
  ['nothing', [], []],
  ['a click', [[500, 540]], []],
  [
    'speech, dated back to its first sound',
    [[500, 1_500]],
    [
      ['speaking', 500],
      ['silence', 1_500],
    ],
  ],
  [
    'the pause between digits is no silence',
    [
      [0, 400],
      [800, 1_200],
    ],
    [
      ['speaking', 0],
      ['silence', 1_200],
    ],
  ],
  [
    'a longer pause is',
    [
      [0, 400],
      [1_400, 1_800],
    ],
    [
      ['speaking', 0],
      ['silence', 400],
      ['speaking', 1_400],
      ['silence', 1_800],
    ],
  ],
])('%s', (_, spans, expected) => {
  expect(activity(spans, 3_000)).toEqual(expected);
});

function call(states: [string, number][], more: Partial<Call>): Call {
  return {
    id: 'CA1',
    to: '+41793026727',
    from: '+15005550006',
    fromDisplay: '',
    fromCountry: null,
    state: 'ended',
    outcome: 'completed',
    endedBy: 'phone',
    sipCode: 200,
    createdAt: '',
    answeredAt: null,
    endedAt: null,
    states: states.map(([state, ms]) => ({ state, at: '', ms })),
    keys: [],
    secondsRecorded: 0,
    recordingTruncated: false,
    ...more,
  };
}

test('times count from the ring; what was heard and pressed stands in order between answer and end', () => {
  const talked = call(
    [
      ['queued', 0],
      ['dialing', 10],
      ['ringing', 110],
      ['answered', 2_110],
      ['ended', 9_110],
    ],
    {
      keys: [{ key: '5', ms: 1_000 }],
      endedBy: 'document',
    },
  );
  const heard = [{ kind: 'speaking', ms: 500 } as const, { kind: 'silence', ms: 3_000 } as const];
  expect(captionsOf(talked, heard).map(({ text, ms }) => [text, ms])).toEqual([
    ['Ringing', 0],
    ['Answered', 2_000],
    ['Speaking', 2_500],
    ['Key 5 pressed', 3_000],
    ['Silence', 5_000],
    ['The caller hung up', 9_000],
  ]);
});

test.each<[string, [string, number][], Partial<Call>]>([
  [
    'Declined',
    [
      ['dialing', 0],
      ['ringing', 100],
      ['ended', 900],
    ],
    { outcome: 'busy' },
  ],
  [
    'Busy',
    [
      ['dialing', 0],
      ['ended', 500],
    ],
    { outcome: 'busy' },
  ],
  [
    'Missed',
    [
      ['dialing', 0],
      ['ringing', 100],
      ['ended', 900],
    ],
    { outcome: 'no-answer' },
  ],
  [
    'The caller gave up',
    [
      ['dialing', 0],
      ['ringing', 100],
      ['ended', 900],
    ],
    { outcome: 'canceled' },
  ],
  [
    'The call failed',
    [
      ['dialing', 0],
      ['ended', 500],
    ],
    { outcome: 'failed' },
  ],
])('ends with “%s”', (text, states, more) => {
  expect(captionsOf(call(states, more), []).at(-1)).toMatchObject({ kind: 'ended', text });
});
