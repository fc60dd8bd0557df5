import type { ComponentChild } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { CHOICES } from './behaviour.ts';
import { control } from './control.ts';
import { h } from './dom.ts';
import { phonesPath, when } from './format.ts';
import { icon } from './icons.ts';
import { AddPhone, brand } from './view-phones.ts';
import type { Listed } from './wire.ts';

/** What changes a row of the list. */
const TELLING = ['call.state', 'message.status', 'phone.updated', 'reset'] as const;
const GATHER_MS = 150;
const EXAMPLE = '+41793026727';

/** All phones that were called, texted, set up or opened. */
export function IndexPage(): ComponentChild {
  const phones = usePhones();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const choose = (number: string): void => {
    const next = new Set(chosen);
    if (!next.delete(number)) next.add(number);
    setChosen(next);
  };
  return h('div', { class: 'page' }, [
    h('header', { class: 'bar' }, brand()),
    h('main', { class: 'index' }, [
      h('div', { class: 'lead' }, [
        h('h1', null, 'Pick up a phone'),
        h(
          'p',
          null,
          'Every number there is has a phone here. Open one, and calls, texts and mail from your service arrive at it.',
        ),
        h(AddPhone, { label: 'Open', onAdd: number => location.assign(phonesPath([number])) }),
      ]),
      phones?.length === 0 &&
        h('p', { class: 'quiet' }, [
          'Nobody was called yet. Try ',
          h('a', { href: phonesPath([EXAMPLE]) }, '+41 79 302 67 27'),
          '.',
        ]),
      phones !== undefined &&
        phones.length > 0 &&
        h('section', { class: 'panel', 'aria-label': 'Phones' }, [
          h('h2', null, [
            'Phones',
            chosen.size > 1 &&
              h('a', { class: 'button', href: phonesPath([...chosen]) }, `Open ${chosen.size} side by side`),
          ]),
          h(
            'ul',
            { class: 'rows phones' },
            phones.map(phone => row(phone, chosen.has(phone.number), choose)),
          ),
        ]),
    ]),
  ]);
}

function row(phone: Listed, chosen: boolean, choose: (number: string) => void): ComponentChild {
  const behaviour = CHOICES.find(({ outcome }) => outcome === phone.outcome)?.label ?? '';
  const now = { idle: behaviour, ringing: 'Ringing', answered: 'In a call' }[phone.state];
  return h('li', { key: phone.number, class: `row ${phone.state}` }, [
    h('input', {
      type: 'checkbox',
      checked: chosen,
      'aria-label': `Choose ${phone.display}`,
      onChange: () => choose(phone.number),
    }),
    h('a', { class: 'grow', href: phonesPath([phone.number]) }, [
      h('b', { class: 'figures' }, phone.display),
      h('small', null, phone.country ?? 'No country'),
    ]),
    h('span', { class: 'lamp' }, now),
    h('span', { class: 'count figures', title: 'Calls' }, [
      icon('handset'),
      phone.calls,
      h('span', { class: 'out-of-sight' }, ' calls'),
    ]),
    h('span', { class: 'count figures', title: 'Messages' }, [
      icon('message'),
      phone.messages,
      h('span', { class: 'out-of-sight' }, ' messages'),
    ]),
    h('time', { dateTime: phone.lastAt ?? undefined }, phone.lastAt === null ? '' : when(phone.lastAt)),
  ]);
}

function usePhones(): readonly Listed[] | undefined {
  const [phones, setPhones] = useState<readonly Listed[]>();
  useEffect(() => {
    let timer: number | undefined;
    const load = async (): Promise<void> => {
      timer = undefined;
      const body = await control<{ phones: Listed[] }>('GET', '/phones');
      setPhones(body.phones);
    };
    const soon = (): void => {
      timer ??= window.setTimeout(() => void load(), GATHER_MS);
    };
    void load();
    const events = new EventSource('/events');
    for (const type of TELLING) events.addEventListener(type, soon);
    return () => {
      clearTimeout(timer);
      events.close();
    };
  }, []);
  return phones;
}
