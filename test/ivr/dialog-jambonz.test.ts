import { expect, test } from 'vitest';

import { Line } from './line.ts';

/** Nine ways in which jambonz-feature-server's gather timers went wrong (its issue threads), each held here. */

test('jambonz #107: digits in hand when the time is up are an input, not a time-out', () => {
  const line = Line.answered({ maxDtmf: 6 }).playOut().keys('123').advance(10_000);
  expect(line.report).toMatchObject({ inputs: ['123'], cause: 'completed' });
});

test('jambonz #250: the inter-key timer ends an input after its own time, not after the first-key time', () => {
  const line = Line.answered({ maxDtmf: 12, dtmfTimeoutMs: 5_000 }).playOut().keys('1').advance(2_999);
  expect(line.at).toBe('listening');
  line.advance(1);
  expect(line.report).toMatchObject({ inputs: ['1'], cause: 'completed' });
});

test('jambonz #282: a key during playback neither cuts the prompt nor ends the input by the inter-key timer', () => {
  const line = Line.answered({ maxDtmf: 12, dtmfTimeoutMs: 2_000 }, { symbolMs: 5_000 })
    .advance(1_000)
    .keys('1');
  line.advance(18_900);
  expect(line.at).toBe('playing');
  expect(line.clears).toBe(0);
  expect(line.timers.has('interKey')).toBe(false);
  line.playOut();
  expect(line.report).toMatchObject({ codeHeard: 'full' });
  line.advance(2_000);
  expect(line.report).toMatchObject({ inputs: ['1'], cause: 'completed' });
});

test('jambonz #534: once a key was pressed the first-key time is out of the game', () => {
  const line = Line.answered({ maxDtmf: 8, dtmfTimeoutMs: 4_000 }).playOut().advance(3_500).keys('1');
  line.advance(2_900).keys('2').advance(2_900).keys('3');
  expect(line.at).toBe('listening');
  line.advance(3_000);
  expect(line.report.inputs).toEqual(['123']);
});

test('jambonz #597: with no minimum of keys silence still ends', () => {
  const line = Line.answered({ maxDtmf: 1, dtmfTimeoutMs: 3_000 }).playOut().advance(3_000);
  expect(line.hungUp).toBe('completed');
});

test('jambonz #913: keys are collected though the prompt is empty', () => {
  const line = Line.answered({ maxDtmf: 2 }, { symbolMs: 0 }).advance(0);
  expect(line.at).toBe('listening');
  line.keys('42');
  expect(line.report).toMatchObject({ inputs: ['42'], cause: 'completed' });
});

test('jambonz #1306: a partial input stops the no-input time; # ends it whenever it comes', () => {
  const line = Line.answered({ maxDtmf: 16, dtmfTimeoutMs: 8_000 }).playOut();
  line.keys('12345678', 2_500);
  expect(line.at).toBe('listening');
  line.keys('#');
  expect(line.report.inputs).toEqual(['12345678']);
});

test('jambonz #1311: a key during the prompt does not leave listening without a timer', () => {
  const line = Line.answered({ maxDtmf: 3, dtmfTimeoutMs: 5_000 }).advance(500).keys('1').playOut();
  expect([...line.timers.keys()]).toEqual(['interKey']);
  line.advance(3_000);
  expect(line.report).toMatchObject({ inputs: ['1'], cause: 'completed' });
});

test('jambonz #1348: a late starter gets the inter-key time after every key', () => {
  const line = Line.answered({ maxDtmf: 10, dtmfTimeoutMs: 10_000 }).playOut().advance(9_000);
  line.keys('1234', 2_900);
  expect(line.at).toBe('listening');
  line.advance(100);
  expect(line.report.inputs).toEqual(['1234']);
});
