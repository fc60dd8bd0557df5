import { describe, expect, test } from 'vitest';

import { Line } from './line.ts';

describe('the repeat key', () => {
  test.each(['1', '1#', '#1'])('repeatDtmf %s is the key 1', repeatDtmf => {
    const line = Line.answered({ repeatDtmf }).playOut().keys('1');
    expect(line.messages).toBe(2);
    expect(line.report).toMatchObject({ repeats: 1, inputs: ['1'] });
  });

  test('1 and # both: the # belongs to the input that is over', () => {
    const line = Line.answered({ repeatDtmf: '1#' }).playOut().keys('1#');
    expect(line.at).toBe('playing');
    expect(line.messages).toBe(2);
  });

  test('five repeats, the sixth is no match and ends the call', () => {
    const line = Line.answered({ repeatDtmf: '1' });
    for (let press = 0; press < 6; press++) line.playOut().keys('1');
    expect(line.messages).toBe(6);
    expect(line.report).toMatchObject({ repeats: 5, cause: 'completed', inputs: Array(6).fill('1') });
  });

  test('the sixth during playback does not cut it', () => {
    const line = Line.answered({ repeatDtmf: '1' });
    for (let press = 0; press < 5; press++) line.advance(600).keys('1');
    expect(line).toMatchObject({ messages: 6, clears: 5 });
    line.advance(600).keys('1');
    expect(line).toMatchObject({ messages: 6, clears: 5, at: 'playing' });
    line.playOut();
    expect(line.at).toBe('listening');
  });

  test('during playback it clears and plays again at once, every reading of it', () => {
    const line = Line.answered({ repeatDtmf: '12', times: 2 }).advance(700).keys('12');
    expect(line.plays.map(play => [play.prompt, play.at])).toEqual([
      [{ kind: 'message', times: 2 }, 0],
      [{ kind: 'message', times: 2 }, 700],
    ]);
  });

  test('completes across the end of playback', () => {
    const line = Line.answered({ repeatDtmf: '12' }).advance(700).keys('1').playOut().keys('2');
    expect(line.report).toMatchObject({ repeats: 1, inputs: ['12'] });
  });

  test('with maxDtmf longer than the trigger, playback still knows the trigger', () => {
    const line = Line.answered({ repeatDtmf: '1', maxDtmf: 4 }).advance(700).keys('1');
    expect(line.report.repeats).toBe(1);
  });

  test('a trigger of #s alone is none: nothing is listened for', () => {
    expect(Line.answered({ repeatDtmf: '##' }).playOut().at).toBe('tail');
  });
});

describe('the end of an input', () => {
  test('while listening, no match ends the call and is reported', () => {
    const line = Line.answered({ repeatDtmf: '1' }).playOut().keys('2');
    expect(line.report).toMatchObject({ inputs: ['2'], cause: 'completed', repeats: 0 });
  });

  test('# with nothing in hand ends an empty input: nothing to report', () => {
    const line = Line.answered({ maxDtmf: 4 }).playOut().keys('#');
    expect(line.report).toMatchObject({ inputs: [], cause: 'completed' });
  });

  test('# with nothing in hand during playback is nothing', () => {
    const line = Line.answered({ maxDtmf: 4 }).advance(100).keys('#').playOut();
    expect(line.at).toBe('listening');
  });

  test('a wrong input during playback is reported, and the trigger is still waited for', () => {
    const line = Line.answered({ repeatDtmf: '1' }).advance(100).keys('2').playOut();
    expect(line.at).toBe('listening');
    line.keys('1');
    expect(line.report).toMatchObject({ inputs: ['2', '1'], repeats: 1 });
  });

  test('a collection that was finished during playback ends the call after it', () => {
    const line = Line.answered({ maxDtmf: 2 }).advance(100).keys('423').playOut();
    expect(line.at).toBe('tail');
    line.advance(500);
    expect(line.report).toMatchObject({ inputs: ['42'], codeHeard: 'full', cause: 'completed' });
  });

  test.each(['hangup', 'mediaLost'] as const)('%s ends the input too', type => {
    const line = Line.answered({ maxDtmf: 4 }).playOut().keys('42');
    line.send({ type });
    expect(line.report.inputs).toEqual(['42']);
  });

  test('keys that are no keys are dropped and counted, and stop no timer', () => {
    const line = Line.answered({ maxDtmf: 4 }).playOut();
    for (const key of ['E', 'a', '12', '', ' ', '１']) line.send({ type: 'key', key });
    expect(line.timers.has('firstKey')).toBe(true);
    line.keys('*AD0');
    expect(line.report).toMatchObject({ droppedKeys: 6, inputs: ['*AD0'] });
  });

  test('without anything to collect keys are no input', () => {
    const line = Line.answered().advance(100).keys('12').playOut().keys('3').advance(500);
    expect(line.report).toMatchObject({ inputs: [], cause: 'completed' });
  });

  test('keys before the first word are not collected', () => {
    const line = Line.answered({ pauseMs: 1_000, repeatDtmf: '1' }).keys('1').advance(1_000);
    expect(line.messages).toBe(1);
    expect(line.report.inputs).toEqual([]);
  });
});

test('times is 1 to 5', () => {
  expect(Line.answered({ times: 0 }).plays[0]?.prompt).toEqual({ kind: 'message', times: 1 });
  expect(Line.answered({ times: 9 }).plays[0]?.prompt).toEqual({ kind: 'message', times: 5 });
});

test('after the end nothing changes any more', () => {
  const line = Line.answered({ repeatDtmf: '1' });
  line.send({ type: 'hangup' });
  const before = line.state;
  expect(line.send({ type: 'key', key: '1' })).toEqual([]);
  expect(line.send({ type: 'answeredBy', who: 'machine', greetingEnded: true })).toEqual([]);
  expect(line.state).toBe(before);
});
