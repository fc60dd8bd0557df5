import { describe, expect, test } from 'vitest';

import type { DialogEvent } from '../../ivr/index.ts';
import { Line } from './line.ts';

function mark(playId: number, patch: Partial<Extract<DialogEvent, { type: 'marked' }>> = {}): DialogEvent {
  return { type: 'marked', playId, reading: 0, part: 'symbol', last: false, outcome: 'played', ...patch };
}

const end = { part: 'end', last: true } as const;

describe('codeHeard', () => {
  test('none before the first symbol came back', () => {
    const line = Line.answered().advance(499);
    line.send({ type: 'hangup' });
    expect(line.report.codeHeard).toBe('none');
  });

  test('partial when the phone hung up in the middle', () => {
    const line = Line.answered().advance(1_200);
    line.send({ type: 'hangup' });
    expect(line.report).toMatchObject({ codeHeard: 'partial', cause: 'hangup' });
  });

  test('full after one whole reading, though the second was cut', () => {
    const line = Line.answered({ times: 2 }).advance(2_600);
    line.send({ type: 'hangup' });
    expect(line.report.codeHeard).toBe('full');
  });

  test('two halves of two readings are not one whole', () => {
    const line = Line.answered({ repeatDtmf: '1' }).advance(1_200).keys('1').advance(1_200);
    line.send({ type: 'hangup' });
    expect(line.report.codeHeard).toBe('partial');
  });

  test('a cleared mark spoils its reading: the end of it proves nothing', () => {
    const line = Line.answered({ repeatDtmf: '1' }, { marks: false });
    line.send(mark(1));
    line.send(mark(1, { outcome: 'cleared' }));
    line.send(mark(1, end));
    expect(line.at).toBe('listening');
    expect(line.report.codeHeard).toBe('partial');
  });

  test('a cleared last mark ends the playback and nothing more', () => {
    const line = Line.answered({ repeatDtmf: '1' }, { marks: false });
    line.send(mark(1, { ...end, outcome: 'cleared' }));
    expect(line.at).toBe('listening');
    expect(line.report.codeHeard).toBe('none');
  });

  test('with the number of symbols known, as many marks are needed', () => {
    const line = Line.answered({}, { marks: false });
    line.send({ type: 'handedOver', playId: 1, audioMs: 2_000, symbols: 3 });
    line.send(mark(1));
    line.send(mark(1));
    line.send(mark(1, end));
    expect(line.report.codeHeard).toBe('partial');
  });

  test('late echoes of the marks before a replay count for nothing', () => {
    const line = Line.answered({ repeatDtmf: '1' }, { marks: false }).keys('1');
    for (let symbol = 0; symbol < 4; symbol++) line.send(mark(1));
    line.send(mark(1, end));
    expect(line.at).toBe('playing');
    expect(line.report.codeHeard).toBe('none');
  });

  test('marks that come after the guard still tell', () => {
    const line = Line.answered({ repeatDtmf: '1' }, { marks: false }).advance(5_000);
    expect(line.report.codeHeard).toBe('unknown');
    line.send(mark(1));
    expect(line.report.codeHeard).toBe('unknown');
    line.send(mark(1, end));
    expect(line.report.codeHeard).toBe('full');
    expect(line.at).toBe('listening');
  });

  test('a guard after a whole reading takes nothing back', () => {
    const line = Line.answered({ times: 2, repeatDtmf: '1' }, { marks: false });
    line.send(mark(1));
    line.send(mark(1, { part: 'end' }));
    line.advance(7_000);
    expect(line.report.codeHeard).toBe('full');
  });

  test('a hand-over of an earlier prompt arms no guard, nor does one out of place', () => {
    const line = Line.answered({ repeatDtmf: '1' }, { marks: false }).keys('1');
    expect(line.send({ type: 'handedOver', playId: 1, audioMs: 9_000 })).toEqual([]);
    line.send(mark(2, end));
    expect(line.send({ type: 'handedOver', playId: 2, audioMs: 9_000 })).toEqual([]);
  });
});

test('the socket is lost: the call is ended by us', () => {
  const line = Line.answered().advance(600);
  line.send({ type: 'mediaLost' });
  expect(line.hungUp).toBe('media-lost');
  expect(line.report).toMatchObject({ codeHeard: 'partial', cause: 'media-lost' });
});
