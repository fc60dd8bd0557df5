import { describe, expect, test } from 'vitest';

import { Line } from './line.ts';

/** voice-dialogue.md section 3, row by row: starts, restarts, stops, what firing does. */

describe('answerPause', () => {
  test('starts at the answer and fires into the message', () => {
    const line = Line.answered({ pauseMs: 2_000 });
    expect(line.started).toEqual(['answerPause:2000']);
    line.advance(1_999);
    expect(line.plays).toEqual([]);
    line.advance(1);
    expect(line.plays[0]?.prompt).toEqual({ kind: 'message', times: 1 });
  });

  test('fires into the gate where there is one', () => {
    const line = Line.answered({ pauseMs: 2_000, gate: 'random-digit' }).advance(2_000);
    expect(line.plays[0]?.prompt).toEqual({ kind: 'gate', keys: '4' });
  });

  test.each([
    [0, undefined],
    [-5, undefined],
    [60_000, 'answerPause:10000'],
  ])('a pause of %s ms arms %s', (pauseMs, armed) => {
    expect(Line.answered({ pauseMs }).started.find(timer => timer.startsWith('answerPause'))).toBe(armed);
  });

  test('does not restart at a second answer', () => {
    const line = Line.answered({ pauseMs: 2_000 }).advance(1_000);
    line.send({ type: 'answered' });
    expect(line.started).toEqual(['answerPause:2000']);
  });
});

describe('gate', () => {
  test('starts when the prompt was played, not before', () => {
    const line = Line.answered({ gate: 'random-digit' }, { gateMs: 3_000 });
    line.advance(2_999);
    expect(line.started).not.toContain('gate:10000');
    line.advance(1);
    expect(line.started).toContain('gate:10000');
  });

  test('stops at the first key', () => {
    const line = Line.answered({ gate: 'random-digit', gateKeys: ['42', '71'] })
      .playOut()
      .keys('4');
    expect(line.timers.has('gate')).toBe(false);
    expect(line.timers.get('interKey')).toBe(line.now + 3_000);
  });

  test('fires into one new prompt, restarts with it, then hangs up', () => {
    const line = Line.answered({ gate: 'random-digit' }).playOut().advance(10_000);
    expect(line.plays.map(play => play.prompt)).toEqual([
      { kind: 'gate', keys: '4' },
      { kind: 'gate', keys: '7' },
    ]);
    line.playOut();
    expect(line.started.filter(timer => timer === 'gate:10000')).toHaveLength(2);
    line.advance(10_000);
    expect(line.hungUp).toBe('gate-failed');
    expect(line.messages).toBe(0);
  });
});

describe('playGuard', () => {
  test('starts when audio is handed over, at its length and 3 s', () => {
    const line = Line.answered({ times: 2 }, { symbolMs: 500 });
    expect(line.started).toEqual(['playGuard:7000']);
  });

  test('stops at the last mark', () => {
    const line = Line.answered({ repeatDtmf: '1' }).playOut();
    expect(line.at).toBe('listening');
    expect(line.timers.has('playGuard')).toBe(false);
  });

  test('stops at a clear and restarts with the replay', () => {
    const line = Line.answered({ repeatDtmf: '1' }).advance(1_000).keys('1');
    expect(line.effects.slice(-4)).toEqual([
      { type: 'stopTimer', timer: 'playGuard' },
      { type: 'clear' },
      { type: 'play', playId: 2, prompt: { kind: 'message', times: 1 } },
      { type: 'startTimer', timer: 'playGuard', ms: 5_000 },
    ]);
  });

  test('fires as if played, and what was heard is unknown', () => {
    const line = Line.answered({ repeatDtmf: '1' }, { marks: false }).advance(5_000);
    expect(line.at).toBe('listening');
    expect(line.report.codeHeard).toBe('unknown');
  });

  test('fires for a gate prompt too', () => {
    const line = Line.answered({ gate: 'any-key' }, { marks: false, gateMs: 3_000 }).advance(6_000);
    expect(line.at).toBe('gateListening');
    expect(line.started.at(-1)).toBe('gate:10000');
  });
});

describe('firstKey', () => {
  test('starts when listening is entered with no key in hand', () => {
    const line = Line.answered({ repeatDtmf: '12', dtmfTimeoutMs: 8_000 }).playOut();
    expect([...line.timers.keys()]).toEqual(['firstKey']);
    expect(line.started.at(-1)).toBe('firstKey:8000');
  });

  test('restarts after a replay', () => {
    const line = Line.answered({ repeatDtmf: '1' }).playOut().keys('1').playOut();
    expect(line.started.filter(timer => timer === 'firstKey:10000')).toHaveLength(2);
  });

  test('stops at the first key', () => {
    const line = Line.answered({ repeatDtmf: '12' }).playOut().keys('1');
    expect(line.timers.has('firstKey')).toBe(false);
  });

  test('fires as the end of the input', () => {
    const line = Line.answered({ repeatDtmf: '1' }).playOut().advance(10_000);
    expect(line.hungUp).toBe('completed');
    expect(line.report.inputs).toEqual([]);
  });
});

describe('interKey', () => {
  test.each([
    [10_000, 3_000],
    [2_000, 2_000],
  ])('with a dtmfTimeout of %i ms it is %i ms', (dtmfTimeoutMs, ms) => {
    const line = Line.answered({ maxDtmf: 4, dtmfTimeoutMs }).playOut().keys('1');
    expect(line.started.at(-1)).toBe(`interKey:${ms}`);
  });

  test('starts when listening is entered with a partial input in hand', () => {
    const line = Line.answered({ repeatDtmf: '12' }).advance(1_000).keys('1').playOut();
    expect([...line.timers.keys()]).toEqual(['interKey']);
  });

  test('restarts at each key', () => {
    const line = Line.answered({ maxDtmf: 4 }).playOut().keys('12', 2_000);
    expect(line.at).toBe('listening');
    expect(line.timers.get('interKey')).toBe(line.now + 1_000);
  });

  test('stops at the end of the input', () => {
    const line = Line.answered({ repeatDtmf: '12' }).playOut().keys('12');
    expect(line.timers.has('interKey')).toBe(false);
    expect(line.messages).toBe(2);
  });

  test('fires as the end of the input', () => {
    const line = Line.answered({ maxDtmf: 4 }).playOut().keys('12').advance(3_000);
    expect(line.hungUp).toBe('completed');
    expect(line.report.inputs).toEqual(['12']);
  });

  test('an input that is the trigger when it fires plays again', () => {
    const line = Line.answered({ repeatDtmf: '1', maxDtmf: 4 }).playOut().keys('1');
    expect(line.messages).toBe(1);
    line.advance(3_000);
    expect(line.messages).toBe(2);
  });
});

describe('call', () => {
  test('starts at the answer, and absent there is none', () => {
    expect(Line.answered({ callTimeoutMs: 30_000 }).started[0]).toBe('call:30000');
    expect(Line.answered().started.some(timer => timer.startsWith('call'))).toBe(false);
  });

  test('is not restarted by a replay', () => {
    const line = Line.answered({ callTimeoutMs: 30_000, repeatDtmf: '1' }).advance(1_000).keys('1');
    expect(line.timers.get('call')).toBe(30_000);
  });

  test('stops when the call has ended', () => {
    const line = Line.answered({ callTimeoutMs: 30_000 });
    line.send({ type: 'hangup' });
    expect(line.timers.size).toBe(0);
    expect(line.hungUp).toBeUndefined();
  });

  test('fires: clear and hang up', () => {
    const line = Line.answered({ callTimeoutMs: 1_200 }).advance(1_200);
    expect(line.effects.slice(-3)).toEqual([
      { type: 'stopTimer', timer: 'playGuard' },
      { type: 'clear' },
      { type: 'hangup', cause: 'call-timeout' },
    ]);
    expect(line.report).toMatchObject({ codeHeard: 'partial', cause: 'call-timeout' });
  });

  test('fires while listening: nothing to clear, the keys in hand are reported', () => {
    const line = Line.answered({ callTimeoutMs: 4_000, maxDtmf: 4 }).playOut().keys('12').advance(4_000);
    expect(line.clears).toBe(0);
    expect(line.report).toMatchObject({ cause: 'call-timeout', inputs: ['12'] });
  });
});

describe('tail', () => {
  test('with nothing to listen for the call ends 500 ms after the last word', () => {
    const line = Line.answered().playOut();
    expect(line.at).toBe('tail');
    line.advance(499);
    expect(line.hungUp).toBeUndefined();
    line.advance(1);
    expect(line.hungUp).toBe('completed');
  });
});

test('a timer that was stopped and fires all the same changes nothing', () => {
  const line = Line.answered({ repeatDtmf: '12' }).playOut().keys('1');
  const before = line.state;
  expect(line.send({ type: 'timer', timer: 'firstKey' })).toEqual([]);
  expect(line.state).toEqual(before);
});
