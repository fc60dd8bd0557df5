import { expect, test } from 'vitest';

import { initialState, markupStart, markupStep, step } from '../../ivr/index.ts';
import type { DialogState } from '../../ivr/index.ts';
import { baseConfig } from './line.ts';

/** A state or an event that no version of this code writes is a defect, and is said so at once. */

const idle = initialState(baseConfig);
const strange = { ...idle, phase: { at: 'nowhere' } } as unknown as DialogState;

test.each([
  ['event', idle, { type: 'nothing' }],
  ['phase', strange, { type: 'key', key: '1' }],
  ['timer', { ...idle, armed: ['egg'] } as unknown as DialogState, { type: 'timer', timer: 'egg' }],
])('an unknown %s', (_what, state, event) => {
  expect(() => step(state, event as never, baseConfig)).toThrow('unexpected value');
});

test.each(['answered', 'silence'] as const)('a stored markup state of another kind, at %s', type => {
  const { state } = markupStart(baseConfig);
  expect(() => markupStep({ ...state, at: 'nowhere' as never }, { type }, baseConfig)).toThrow(
    'unexpected value',
  );
});
