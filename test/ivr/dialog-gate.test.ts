import { describe, expect, test } from 'vitest';

import { initialState, step } from '../../ivr/index.ts';
import { baseConfig, Line } from './line.ts';

const random = { gate: 'random-digit', gateKeys: ['4', '7'] } as const;

describe('random digit', () => {
  test('the right key after the prompt opens it; the key is no input', () => {
    const line = Line.answered({ ...random, maxDtmf: 2 })
      .playOut()
      .keys('4');
    expect(line.plays.at(-1)?.prompt.kind).toBe('message');
    expect(line.report).toMatchObject({ gate: 'passed', inputs: [] });
  });

  test('the right key during the prompt cuts it and opens', () => {
    const line = Line.answered(random).advance(2_000).keys('4');
    expect(line).toMatchObject({ clears: 1, messages: 1 });
  });

  test('a wrong first key: quiet for a second, then one new prompt with the next digit', () => {
    const line = Line.answered(random).playOut().keys('5');
    expect(line.at).toBe('gateBreath');
    line.advance(1_000);
    expect(line.plays.at(-1)?.prompt).toEqual({ kind: 'gate', keys: '7' });
    line.playOut().keys('7');
    expect(line.report.gate).toBe('passed');
    expect(line.messages).toBe(1);
  });

  test('the first digit does not open the second prompt', () => {
    const line = Line.answered(random).playOut().keys('5').advance(1_000).playOut().keys('4');
    expect(line.report).toMatchObject({ gate: 'failed', cause: 'gate-failed', codeHeard: 'none' });
    expect(line.messages).toBe(0);
  });

  test('a burst of tones gets one chance: what follows a wrong key is not an answer', () => {
    const line = Line.answered(random).advance(500).keys('12345678', 200);
    expect(line.at).toBe('gateBreath');
    line.advance(1_000);
    expect(line.plays).toHaveLength(2);
    line.playOut().advance(10_000);
    expect(line.report.cause).toBe('gate-failed');
  });

  test('a line that never gets quiet has failed', () => {
    const line = Line.answered(random).playOut().keys('5').keys('123412345', 500);
    expect(line.report.cause).toBe('gate-failed');
  });

  test('a key before the prompt has begun uses the first prompt up', () => {
    const line = Line.answered({ ...random, pauseMs: 2_000 })
      .keys('474')
      .advance(2_000);
    expect(line.plays.map(play => play.prompt)).toEqual([{ kind: 'gate', keys: '7' }]);
    line.playOut().keys('1');
    expect(line.report.cause).toBe('gate-failed');
  });

  test('a key between the prompt and its hand-over counts against it, right or wrong', () => {
    const config = { ...baseConfig, ...random };
    const { state } = step(initialState(config), { type: 'answered' }, config);
    const next = step(state, { type: 'key', key: '4' }, config);
    expect(next.state.phase.at).toBe('gateBreath');
    expect(next.effects).toEqual([{ type: 'clear' }, { type: 'startTimer', timer: 'gate', ms: 1_000 }]);
  });

  test.each(['*', '#', 'A', '40'.slice(1)])('%s is a wrong key', key => {
    expect(Line.answered(random).playOut().keys(key).at).toBe('gateBreath');
  });

  test('what is no key at all is not judged', () => {
    const line = Line.answered(random).playOut();
    line.send({ type: 'key', key: 'x' });
    expect(line.at).toBe('gateListening');
    expect(line.report.droppedKeys).toBe(1);
  });

  test('without keys to ask for it stays shut', () => {
    const line = Line.answered({ gate: 'random-digit', gateKeys: [] });
    expect(line.report).toMatchObject({ gate: 'failed', cause: 'gate-failed' });
    expect(line.plays).toEqual([]);
  });
});

describe('two digits', () => {
  const two = { gate: 'random-digit', gateKeys: ['42', '17'] } as const;

  test('both in order open', () => {
    expect(Line.answered(two).playOut().keys('42').report.gate).toBe('passed');
    expect(Line.answered(two).advance(1_000).keys('42').report.gate).toBe('passed');
  });

  test('one during the prompt, one after it', () => {
    const line = Line.answered(two).advance(2_900).keys('4').playOut();
    expect([...line.timers.keys()]).toEqual(['interKey']);
    expect(line.keys('2').report.gate).toBe('passed');
  });

  test.each(['1', '41', '24'])('%s is wrong', keys => {
    const line = Line.answered(two).playOut().keys(keys);
    expect(line.at).toBe('gateBreath');
    expect(line.messages).toBe(0);
  });

  test('half an answer is silence', () => {
    const line = Line.answered(two).playOut().keys('4').advance(3_000);
    expect(line.plays.at(-1)?.prompt).toEqual({ kind: 'gate', keys: '17' });
  });
});

describe('any key', () => {
  test.each(['1', '#', '*'])('%s opens', key => {
    const line = Line.answered({ gate: 'any-key' }).advance(500).keys(key);
    expect(line.plays[0]?.prompt).toEqual({ kind: 'gate', keys: '' });
    expect(line.report.gate).toBe('passed');
  });

  test('a key before the prompt does not', () => {
    const line = Line.answered({ gate: 'any-key', pauseMs: 1_000 }).keys('1').advance(1_000);
    expect(line.messages).toBe(0);
    line.playOut().advance(10_000);
    expect(line.plays).toHaveLength(1);
    expect(line.report.cause).toBe('gate-failed');
  });
});

test('off: no gate in the report, and early keys are nothing', () => {
  const line = Line.answered({ pauseMs: 1_000 }).keys('1').advance(1_000);
  expect(line.messages).toBe(1);
  expect(line.report.gate).toBe('none');
});

test('hung up at the gate: the code was not heard', () => {
  const line = Line.answered(random).playOut();
  line.send({ type: 'hangup' });
  expect(line.report).toMatchObject({ gate: 'failed', codeHeard: 'none', cause: 'hangup' });
});

test('late marks of the gate prompt are ignored while it listens and afterwards', () => {
  const line = Line.answered(random, { marks: false }).advance(6_000);
  const late = { type: 'marked', playId: 1, reading: 0, part: 'end', last: true, outcome: 'played' } as const;
  expect(line.send(late)).toEqual([]);
  line.keys('4');
  expect(line.send(late)).toEqual([]);
  expect(line.report.codeHeard).toBe('none');
});
