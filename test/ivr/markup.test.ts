import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { markupReport, markupStart, markupStep } from '../../ivr/index.ts';
import type { DialogConfig, MarkupInput, MarkupState, MarkupStep } from '../../ivr/index.ts';
import { baseConfig } from './line.ts';

/** A carrier between whose webhooks the state is stored as JSON. */
class Calls {
  state: MarkupState;
  document: readonly MarkupStep[];
  readonly config: DialogConfig;

  constructor(config: Partial<DialogConfig> = {}) {
    this.config = { ...baseConfig, ...config };
    const { state, document } = markupStart(this.config);
    this.state = state;
    this.document = document;
  }

  send(...inputs: readonly MarkupInput[]): this {
    for (const input of inputs) {
      const stored = JSON.parse(JSON.stringify(this.state)) as MarkupState;
      expect(stored).toEqual(this.state);
      const { state, document } = markupStep(stored, input, this.config);
      this.state = state;
      this.document = document;
    }
    return this;
  }
}

const answered: MarkupInput = { type: 'answered' };
const silence: MarkupInput = { type: 'silence' };
const digits = (keys: string): MarkupInput => ({ type: 'digits', digits: keys, complete: true });
const hangup = [{ do: 'hangup' }];

function collect(prompt: MarkupStep, maxDigits: number, timeoutMs = 10_000): MarkupStep {
  return { do: 'collect', prompt: [prompt], maxDigits, finishOn: '#', timeoutMs };
}

test('before the answer there is nothing to say and nothing to report', () => {
  const call = new Calls();
  expect(call.document).toEqual([]);
  expect(markupReport(call.state)).toEqual({
    codeHeard: 'none',
    repeats: 0,
    gate: 'none',
    answeredBy: 'unknown',
    inputs: [],
    droppedKeys: 0,
    cause: undefined,
  });
});

describe('the message', () => {
  test('with nothing to listen for it ends by itself', () => {
    const call = new Calls({ times: 2, pauseMs: 3_000 }).send(answered);
    expect(call.document).toEqual([
      { do: 'pause', ms: 3_000 },
      { do: 'message', times: 2 },
      { do: 'pause', ms: 500 },
      { do: 'hangup' },
    ]);
    expect(markupReport(call.state).codeHeard).toBe('unknown');
  });

  test('is said while keys are collected', () => {
    const call = new Calls({ repeatDtmf: '12#', dtmfTimeoutMs: 7_000 }).send(answered);
    expect(call.document).toEqual([collect({ do: 'message', times: 1 }, 2, 7_000)]);
  });

  test('times is 1 to 5', () => {
    expect(new Calls({ times: 9 }).send(answered).document[0]).toEqual({ do: 'message', times: 5 });
  });

  test('a repeated answer webhook gets the same document', () => {
    const call = new Calls({ repeatDtmf: '1', pauseMs: 1_000 }).send(answered);
    const { document, state } = call;
    call.send(answered);
    expect(call.document).toEqual(document);
    expect(call.state).toEqual(state);
  });

  test('the pause belongs to the answer alone', () => {
    const call = new Calls({ repeatDtmf: '1', pauseMs: 1_000 }).send(answered, digits('1'));
    expect(call.document).toEqual([collect({ do: 'message', times: 1 }, 1)]);
  });

  test('keys before any document: the answer webhook was lost, the call goes on', () => {
    const call = new Calls({ repeatDtmf: '1' }).send(digits('1'));
    expect(call.document).toEqual([collect({ do: 'message', times: 1 }, 1)]);
    expect(markupReport(call.state).repeats).toBe(0);
  });
});

describe('repeating', () => {
  test('five times, the sixth ends the call', () => {
    const call = new Calls({ repeatDtmf: '1' }).send(answered);
    for (let press = 0; press < 5; press++) call.send(digits('1'));
    expect(call.document).toEqual([collect({ do: 'message', times: 1 }, 1)]);
    call.send(digits('1'));
    expect(call.document).toEqual(hangup);
    expect(markupReport(call.state)).toMatchObject({
      repeats: 5,
      inputs: ['1', '1', '1', '1', '1', '1'],
      cause: 'completed',
    });
  });

  test.each(['1#', '1', 'x1'])('digits %s are the key 1', pressed => {
    expect(markupReport(new Calls({ repeatDtmf: '1' }).send(answered, digits(pressed)).state).repeats).toBe(
      1,
    );
  });

  test('silence ends the call', () => {
    const call = new Calls({ repeatDtmf: '1' }).send(answered, silence);
    expect(call.document).toEqual(hangup);
    expect(markupReport(call.state)).toMatchObject({ inputs: [], cause: 'completed' });
  });

  test('a stray key has cut the reading: it is said once more, uncut, and the call ends', () => {
    const call = new Calls({ repeatDtmf: '1' }).send(answered, digits('2'));
    expect(call.document).toEqual([{ do: 'message', times: 1 }, { do: 'pause', ms: 500 }, { do: 'hangup' }]);
    expect(markupReport(call.state)).toMatchObject({ repeats: 0, inputs: ['2'] });
    call.send(digits('1'));
    expect(call.document).toEqual(hangup);
  });

  test('a collection that was asked for ends with its input', () => {
    const call = new Calls({ maxDtmf: 4 }).send(answered, { type: 'digits', digits: '42', complete: false });
    expect(call.document).toEqual(hangup);
    expect(markupReport(call.state)).toMatchObject({ inputs: ['42'], droppedKeys: 0, cause: 'completed' });
  });

  test('what is no key is dropped and counted', () => {
    const call = new Calls({ maxDtmf: 4 }).send(answered, digits('4x2w#9'));
    expect(markupReport(call.state)).toMatchObject({ inputs: ['42'], droppedKeys: 2 });
  });
});

describe('the gate', () => {
  const random = { gate: 'random-digit', gateKeys: ['4', '71'], repeatDtmf: '1', pauseMs: 1_000 } as const;

  test('comes first, and opens to its keys', () => {
    const call = new Calls(random).send(answered);
    expect(call.document).toEqual([{ do: 'pause', ms: 1_000 }, collect({ do: 'gate', keys: '4' }, 1)]);
    expect(markupReport(call.state).codeHeard).toBe('none');
    call.send(digits('4'));
    expect(call.document).toEqual([collect({ do: 'message', times: 1 }, 1)]);
    expect(markupReport(call.state)).toMatchObject({ gate: 'passed', inputs: [], codeHeard: 'unknown' });
  });

  test.each([silence, digits('5'), digits('#'), digits('44')])(
    '%j: one new prompt with the next keys, then the end',
    input => {
      const call = new Calls(random).send(answered, input);
      expect(call.document).toEqual([collect({ do: 'gate', keys: '71' }, 2)]);
      call.send(digits('7'));
      expect(call.document).toEqual(hangup);
      expect(markupReport(call.state)).toMatchObject({
        gate: 'failed',
        cause: 'gate-failed',
        codeHeard: 'none',
      });
    },
  );

  test('any key', () => {
    const call = new Calls({ gate: 'any-key' }).send(answered);
    expect(call.document).toEqual([collect({ do: 'gate', keys: '' }, 1)]);
    expect(markupReport(call.send(digits('9')).state).gate).toBe('passed');
  });

  test('any key is not silence', () => {
    const call = new Calls({ gate: 'any-key' }).send(answered, silence);
    expect(call.document).toEqual([collect({ do: 'gate', keys: '' }, 1)]);
    call.send(silence);
    expect(call.document).toEqual(hangup);
    expect(markupReport(call.state)).toMatchObject({ gate: 'failed', codeHeard: 'none' });
  });

  test('without keys to ask for it stays shut', () => {
    const call = new Calls({ gate: 'random-digit', gateKeys: [] }).send(answered);
    expect(call.document).toEqual(hangup);
  });
});

describe('answering machines', () => {
  test.each(['hangup', 'off'] as const)('%s: without a word', machine => {
    const call = new Calls({ machine }).send({ type: 'answered', answeredBy: 'machine' });
    expect(call.document).toEqual(hangup);
    expect(markupReport(call.state)).toMatchObject({
      cause: 'machine',
      codeHeard: 'none',
      answeredBy: 'machine',
    });
  });

  test('continue: the message, and no gate', () => {
    const call = new Calls({ machine: 'continue', gate: 'random-digit' });
    call.send({ type: 'answered', answeredBy: 'machine' });
    expect(call.document[0]).toEqual({ do: 'message', times: 1 });
  });
});

test('any sequence of webhooks: bounded, lawful, and the end is the end', () => {
  const input: fc.Arbitrary<MarkupInput> = fc.oneof(
    fc.constant(silence),
    fc.record({
      type: fc.constant('digits' as const),
      digits: fc.oneof(fc.constantFrom('1', '4', '#', ''), fc.string()),
      complete: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('answered' as const),
      answeredBy: fc.constantFrom('human' as const, 'machine' as const, 'unknown' as const, undefined),
    }),
  );
  const config = fc.record({
    gate: fc.constantFrom('off' as const, 'any-key' as const, 'random-digit' as const),
    machine: fc.constantFrom('off' as const, 'hangup' as const, 'continue' as const),
    repeatDtmf: fc.constantFrom(undefined, '1'),
    maxDtmf: fc.constantFrom(undefined, 2),
  });
  fc.assert(
    fc.property(config, fc.array(input, { maxLength: 20 }), (config, inputs) => {
      const call = new Calls(config);
      let over = false;
      for (const each of inputs) {
        const before = call.state;
        call.send(each);
        if (over) expect(call.state).toEqual(before);
        over = call.state.at === 'ended';
        if (over) expect(call.document).toEqual(hangup);
        const report = markupReport(call.state);
        expect(report.repeats).toBeLessThanOrEqual(5);
        if (report.codeHeard === 'none') continue;
        if (report.answeredBy === 'machine') expect(config.machine).toBe('continue');
        else expect(config.gate === 'off' || report.gate === 'passed').toBe(true);
      }
      // Left alone a call ends: two gate prompts and one message at most.
      call.send(answered, silence, silence, silence);
      expect(['ended']).toContain(call.state.at);
    }),
    { numRuns: 500, seed: 5 },
  );
});
