import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { h } from './dom.ts';
import { parseNumber, phonesPath } from './format.ts';
import { tellTheLine } from './frame.ts';
import { icon } from './icons.ts';
import { PhoneClient } from './phone-client.ts';
import { currentCall } from './phone-state.ts';
import type { SoundBox } from './sound.ts';
import { PhoneStation } from './view-phone.ts';

const KEYBOARD_KEYS = '0123456789*#';

/** One phone or several, side by side; the keyboard belongs to the one that was touched last. */
export function PhonesPage({
  numbers,
  sound,
}: {
  numbers: readonly string[];
  sound: SoundBox;
}): ComponentChild {
  const clients = useClients(numbers, sound);
  const [active, setActive] = useState(numbers[0]);
  // Read by the key handlers, which must not wait for the next drawing.
  const latest = useRef(active);
  const touch = (number: string): void => {
    latest.current = number;
    setActive(number);
  };
  const [pressed, setPressed] = useState<string>();
  const [, heard] = useState(false);
  useEffect(() => sound.onChange(() => heard(true)), [sound]);
  useEffect(() => (clients[0] ? tellTheLine(clients[0]) : undefined), [clients]);
  useEffect(() => {
    const target = (): PhoneClient | undefined =>
      clients.find(({ number }) => number === latest.current) ?? clients[0];
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
      const client = target();
      const state = client && currentCall(client.state)?.state;
      if (!client || state === undefined) return;
      if (KEYBOARD_KEYS.includes(event.key) && state === 'answered') {
        setPressed(event.key);
        void client.press(event.key);
      } else if (event.key === 'Enter' && state === 'ringing' && !isControl(event.target)) {
        void client.answer();
      } else if (event.key === 'Escape') {
        void (state === 'ringing' ? client.decline() : client.hangUp());
      }
    };
    const onKeyUp = (): void => setPressed(undefined);
    document.addEventListener('keydown', onKeyDown);
    document.addEventListener('keyup', onKeyUp);
    return () => {
      document.removeEventListener('keydown', onKeyDown);
      document.removeEventListener('keyup', onKeyUp);
    };
  }, [clients]);

  const go = (next: readonly string[]): void => location.assign(next.length === 0 ? '/' : phonesPath(next));
  return h('div', { class: 'page' }, [
    h('header', { class: 'bar' }, [
      brand(),
      h('span', { class: sound.unlocked ? 'sound on' : 'sound', role: 'status' }, [
        icon(sound.unlocked ? 'speaker' : 'muted'),
        sound.unlocked ? 'Sound is on' : 'Click anywhere for sound',
      ]),
      h(AddPhone, { onAdd: number => go([...numbers, number]) }),
    ]),
    h('main', { class: numbers.length > 1 ? 'table several' : 'table' }, [
      h('h1', { class: 'out-of-sight' }, numbers.length > 1 ? 'Phones' : 'Phone'),
      clients.map(client =>
        h(PhoneStation, {
          key: client.number,
          client,
          active: clients.length > 1 && client.number === active,
          pressedKey: client.number === active || clients.length === 1 ? pressed : undefined,
          onTouch: () => touch(client.number),
          onRemove:
            clients.length > 1 ? () => go(numbers.filter(number => number !== client.number)) : undefined,
        }),
      ),
    ]),
    h('footer', { class: 'foot' }, [
      h('kbd', null, 'Enter'),
      ' answers, ',
      h('kbd', null, 'Esc'),
      ' declines or hangs up, ',
      h('kbd', null, '0'),
      '–',
      h('kbd', null, '9'),
      h('kbd', null, '*'),
      h('kbd', null, '#'),
      ' press keys',
    ]),
  ]);
}

export function brand(): ComponentChild {
  return h('a', { class: 'brand', href: '/' }, [
    h('img', { src: '/web/icon.svg', alt: '', width: 28, height: 28 }),
    h('span', null, [h('b', null, 'Saypin'), ' phones']),
  ]);
}

export function AddPhone({
  onAdd,
  label = 'Add a phone',
}: {
  onAdd: (number: string) => void;
  label?: string;
}): ComponentChild {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  return h(
    'form',
    {
      class: 'add',
      onSubmit: event => {
        event.preventDefault();
        const number = parseNumber(text);
        setWrong(number === undefined);
        if (number !== undefined) onAdd(number);
      },
    },
    [
      h('label', null, [
        h('span', { class: 'out-of-sight' }, 'Number, with its country code'),
        h('input', {
          type: 'tel',
          placeholder: '+41 79 302 67 27',
          autocomplete: 'off',
          value: text,
          'aria-invalid': wrong,
          onInput: event => setText(event.currentTarget.value),
        }),
      ]),
      h('button', { type: 'submit', class: 'button' }, label),
      wrong &&
        h(
          'p',
          { class: 'failure', role: 'alert' },
          'A number begins with its country code, as +41 79 302 67 27.',
        ),
    ],
  );
}

function useClients(numbers: readonly string[], sound: SoundBox): readonly PhoneClient[] {
  const kept = useRef<readonly PhoneClient[]>(undefined);
  kept.current ??= numbers.map(number => new PhoneClient(number, sound.speaker()));
  return kept.current;
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== 'radio')
  );
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a, input, [role="slider"]') !== null;
}
