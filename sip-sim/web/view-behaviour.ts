import type { ComponentChild } from 'preact';
import { useRef, useState } from 'preact/hooks';

import { CHOICES, setGreeting, setOutcome, setTexts, TEXT_CHOICES } from './behaviour.ts';
import { h } from './dom.ts';
import type { PhoneClient } from './phone-client.ts';

/** What the phone does with the calls and texts that come from now on. */
export function BehaviourPanel({ client }: { client: PhoneClient }): ComponentChild {
  const [failure, setFailure] = useState<string>();
  const { behaviour, number } = client.state;
  const last = useRef(Promise.resolve());
  // One after the other, since each keeps what the one before it set.
  const set = (change: () => Promise<void>): void => {
    setFailure(undefined);
    last.current = last.current
      .then(change)
      .catch((error: unknown) => setFailure(error instanceof Error ? error.message : 'not set'));
  };
  return h('section', { class: 'panel does', 'aria-label': `What ${number} does` }, [
    h('h3', null, 'When it is called'),
    h(
      'div',
      { class: 'choices', role: 'radiogroup', 'aria-label': 'When it is called' },
      CHOICES.map(({ outcome, label, hint }) =>
        h('label', { key: outcome, class: 'choice' }, [
          h('input', {
            type: 'radio',
            name: `outcome-${number}`,
            value: outcome,
            checked: behaviour?.outcome === outcome,
            disabled: behaviour === undefined,
            onChange: () => set(() => setOutcome(number, outcome)),
          }),
          h('span', null, [h('b', null, label), h('small', null, hint)]),
        ]),
      ),
    ),
    behaviour?.outcome === 'voicemail' &&
      h('div', { class: 'greeting' }, [
        h('label', { class: 'button' }, [
          behaviour.hasGreeting ? 'Replace the greeting' : 'Use a WAV file as greeting',
          h('input', {
            type: 'file',
            class: 'out-of-sight',
            accept: '.wav,audio/wav,audio/x-wav',
            onChange: event => {
              const file = event.currentTarget.files?.[0];
              if (file) set(() => setGreeting(number, file));
            },
          }),
        ]),
        behaviour.hasGreeting
          ? h(
              'button',
              { type: 'button', class: 'text', onClick: () => set(() => setGreeting(number, null)) },
              'Spoken one',
            )
          : h('small', null, 'Now: a spoken one'),
      ]),
    h('label', { class: 'field inline' }, [
      h('span', null, 'Texts'),
      h(
        'select',
        {
          value: behaviour?.smsOutcome ?? 'delivered',
          disabled: behaviour === undefined,
          onChange: event => set(() => setTexts(number, event.currentTarget.value)),
        },
        TEXT_CHOICES.map(({ value, label }) => h('option', { key: value, value }, label)),
      ),
    ]),
    failure !== undefined && h('p', { class: 'failure', role: 'alert' }, failure),
  ]);
}
