import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { gather, gatherConfig, isKey, isTrigger } from '../../ivr/index.ts';

const empty = { keys: '', dropped: 0 };

test.each([
  [{}, { trigger: '', maxKeys: 0 }],
  [{ repeatDtmf: '1' }, { trigger: '1', maxKeys: 1 }],
  [{ repeatDtmf: '1#' }, { trigger: '1', maxKeys: 1 }],
  [
    { repeatDtmf: '12', maxDtmf: 4 },
    { trigger: '12', maxKeys: 4 },
  ],
  [{ repeatDtmf: '#' }, { trigger: '', maxKeys: 0 }],
  [{ maxDtmf: 3 }, { trigger: '', maxKeys: 3 }],
  [
    { repeatDtmf: '12', maxDtmf: 0 },
    { trigger: '12', maxKeys: 2 },
  ],
])('%j means %j', (options, config) => {
  expect(gatherConfig(options)).toEqual(config);
});

test.each([
  ['4', '', 'collecting', '4'],
  ['2', '4', 'ended', '42'],
  ['#', '4', 'ended', '4'],
  ['#', '', 'ended', ''],
  ['x', '4', 'ignored', undefined],
])('%s with %j in hand: %s', (key, keys, type, input) => {
  const { state, outcome } = gather({ ...empty, keys }, key, { trigger: '', maxKeys: 2 });
  expect(outcome.type).toBe(type);
  if (outcome.type === 'ended') expect(outcome.input).toBe(input);
  if (outcome.type === 'collecting') expect(state.keys).toBe(input);
});

test('where nothing is collected a key is nothing, and junk is still counted', () => {
  const config = { trigger: '', maxKeys: 0 };
  expect(gather(empty, '1', config)).toEqual({ state: empty, outcome: { type: 'ignored' } });
  expect(gather(empty, 'E', config).state.dropped).toBe(1);
});

test('no trigger matches nothing, not even an empty input', () => {
  expect(isTrigger('', { trigger: '', maxKeys: 1 })).toBe(false);
  expect(isTrigger('1', { trigger: '1', maxKeys: 1 })).toBe(true);
  expect(isTrigger('11', { trigger: '1', maxKeys: 1 })).toBe(false);
});

test('any stream of events: inputs hold keys alone, are never too long, and nothing is lost', () => {
  const key = fc.oneof(fc.constantFrom(...'0123456789*#ABCD'), fc.string());
  fc.assert(
    fc.property(fc.array(key, { maxLength: 50 }), fc.integer({ min: 1, max: 6 }), (keys, maxKeys) => {
      let state = empty;
      let collected = '';
      for (const pressed of keys) {
        const next = gather(state, pressed, { trigger: '1', maxKeys });
        state = next.state;
        if (next.outcome.type !== 'ended') continue;
        expect(next.outcome.input).toMatch(/^[0-9*A-D]*$/);
        expect(next.outcome.input.length).toBeLessThanOrEqual(maxKeys);
        collected += next.outcome.input;
      }
      expect(collected + state.keys).toBe(keys.filter(pressed => isKey(pressed) && pressed !== '#').join(''));
      expect(state.dropped).toBe(keys.filter(pressed => !isKey(pressed)).length);
    }),
    { numRuns: 500, seed: 3 },
  );
});
