import { describe, expect, test } from 'vitest';

import type { AnsweredBy, DialogEvent } from '../../ivr/index.ts';
import { Line } from './line.ts';

function verdict(who: AnsweredBy, greetingEnded = false): DialogEvent {
  return { type: 'answeredBy', who, greetingEnded };
}

describe('detection that comes with the answer', () => {
  test('hangup: without a word', () => {
    const line = new Line({ machine: 'hangup' });
    line.send({ type: 'answered', answeredBy: 'machine' });
    expect(line.plays).toEqual([]);
    expect(line.report).toMatchObject({ cause: 'machine', answeredBy: 'machine' });
  });

  test.each(['human', 'unknown'] as const)('%s hears the message', answeredBy => {
    const line = new Line({ machine: 'hangup' });
    line.send({ type: 'answered', answeredBy });
    expect(line.messages).toBe(1);
    expect(line.report.answeredBy).toBe(answeredBy);
  });

  test('continue: the answer after the greeting goes on at once', () => {
    const line = new Line({ machine: 'continue', gate: 'random-digit' });
    line.send({ type: 'answered', answeredBy: 'machine', greetingEnded: true });
    expect(line.messages).toBe(1);
    expect(line.report.gate).toBe('none');
  });

  test('continue: an answer at the start of the greeting waits for its end', () => {
    const line = new Line({ machine: 'continue' });
    line.send({ type: 'answered', answeredBy: 'machine' });
    expect(line.at).toBe('greeting');
    line.advance(8_000);
    line.send(verdict('machine', true));
    expect(line.plays.map(play => play.at)).toEqual([8_000]);
  });
});

describe('detection that comes later', () => {
  test('no gate: the message waits for the verdict', () => {
    const line = Line.answered({ machine: 'hangup' }).advance(4_000);
    expect(line.at).toBe('greeting');
    line.send(verdict('human'));
    expect(line.messages).toBe(1);
    expect(line.timers.has('answerPause')).toBe(false);
  });

  test('a verdict that never comes costs 30 s, and is unknown', () => {
    const line = Line.answered({ machine: 'hangup' }).advance(29_999);
    expect(line.messages).toBe(0);
    line.advance(1);
    expect(line.messages).toBe(1);
    expect(line.report.answeredBy).toBe('unknown');
  });

  test('hangup while the verdict is waited for, at the gate, and in the middle of the message', () => {
    const waiting = Line.answered({ machine: 'hangup' }).advance(3_000);
    const atGate = Line.answered({ machine: 'hangup', gate: 'random-digit' }).advance(1_000);
    const inMessage = Line.answered({ machine: 'hangup', gate: 'random-digit' })
      .playOut()
      .keys('4')
      .advance(700);
    for (const line of [waiting, atGate, inMessage]) {
      line.send(verdict('machine'));
      expect(line.report.cause).toBe('machine');
    }
    expect([waiting.clears, atGate.clears, inMessage.clears]).toEqual([0, 1, 1]);
    expect(waiting.plays).toEqual([]);
    expect(atGate.messages).toBe(0);
  });

  test('a carrier that says machine although nobody asked: no PIN for it either', () => {
    const line = Line.answered({ machine: 'off', pauseMs: 3_000 });
    line.send(verdict('machine'));
    expect(line.report).toMatchObject({ cause: 'machine', codeHeard: 'none' });
  });

  test('a verdict before the answer is kept for it', () => {
    const machine = new Line({ machine: 'hangup' });
    machine.send(verdict('machine'));
    machine.send({ type: 'answered' });
    expect(machine.report.cause).toBe('machine');
    const over = new Line({ machine: 'continue' });
    over.send(verdict('machine', true));
    over.send({ type: 'answered' });
    expect(over.messages).toBe(1);
    const human = new Line({ machine: 'hangup' });
    human.send(verdict('human'));
    human.send({ type: 'answered' });
    expect(human.messages).toBe(1);
  });

  test('continue at the gate: the prompt stops, the message follows the greeting, without a gate', () => {
    const line = Line.answered({ machine: 'continue', gate: 'random-digit' }).advance(1_000);
    line.send(verdict('machine'));
    expect(line).toMatchObject({ at: 'greeting', clears: 1 });
    line.advance(5_000);
    line.send(verdict('machine', true));
    expect(line.messages).toBe(1);
    expect(line.report.gate).toBe('none');
  });

  test('continue while listening at the gate', () => {
    const line = Line.answered({ machine: 'continue', gate: 'random-digit' }).playOut();
    line.send(verdict('machine', true));
    expect(line).toMatchObject({ at: 'playing', clears: 0 });
    expect(line.timers.has('gate')).toBe(false);
  });

  test('continue in the middle of the message: it was said over the greeting, so it is said again', () => {
    const line = Line.answered({ machine: 'continue', gate: 'any-key' }).advance(500).keys('1').advance(700);
    line.send(verdict('machine', true));
    expect(line).toMatchObject({ messages: 2, clears: 2 });
    expect(line.report).toMatchObject({ repeats: 0, gate: 'passed' });
  });

  test('said twice, or the wrong way round, it is said once', () => {
    const line = Line.answered({ machine: 'continue' });
    line.send(verdict('machine', true));
    line.send(verdict('machine', true));
    line.send(verdict('machine', false));
    expect(line.messages).toBe(1);
  });

  test('a greeting that is announced again does not wait longer', () => {
    const line = Line.answered({ machine: 'continue' });
    line.send(verdict('machine'));
    line.advance(20_000);
    line.send(verdict('machine'));
    line.advance(10_000);
    expect(line.messages).toBe(1);
  });

  test('within the pause after the answer the verdict is kept', () => {
    const line = Line.answered({ machine: 'continue', pauseMs: 5_000 });
    line.send(verdict('machine', true));
    expect(line.messages).toBe(0);
    line.advance(5_000);
    expect(line.messages).toBe(1);
  });

  test('a machine that turns out to be human meets the gate, with the prompts that are left', () => {
    const line = Line.answered({ machine: 'continue', gate: 'random-digit' }).advance(500);
    line.send(verdict('machine'));
    line.keys('1');
    line.send(verdict('human'));
    expect(line.plays.at(-1)?.prompt).toEqual({ kind: 'gate', keys: '7' });
    expect(line.messages).toBe(0);
  });

  test('a human who has passed does not pass again', () => {
    const line = Line.answered({ machine: 'continue', gate: 'random-digit' }).playOut().keys('4');
    line.send(verdict('machine'));
    line.send(verdict('human'));
    expect(line.at).toBe('playing');
    expect(line.report.gate).toBe('passed');
  });

  test('human in the middle of anything else changes only the report', () => {
    const line = Line.answered({ machine: 'hangup', gate: 'random-digit' }).advance(500);
    expect(line.send(verdict('human'))).toEqual([]);
    expect(line.report.answeredBy).toBe('human');
  });
});
