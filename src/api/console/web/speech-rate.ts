import type { ComponentChild } from 'preact';

import { h } from './dom.ts';

/** How fast a template speaks, as the API has it: 0.5 to 2. */
export function SpeechRate(props: { value: string; onValue: (rate: string) => void }): ComponentChild {
  const { value, onValue } = props;
  return h('div', { class: 'field' }, [
    h('label', { for: 'rate' }, `Speech rate: ${Number(value).toFixed(2)}`),
    h('input', {
      id: 'rate',
      type: 'range',
      min: '0.5',
      max: '2',
      step: '0.05',
      value,
      onInput: event => onValue(event.currentTarget.value),
    }),
  ]);
}
