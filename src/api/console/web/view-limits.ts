import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { h } from './dom.ts';
import { when, words } from './format.ts';
import { useLoad } from './load.ts';
import { link } from './router.ts';
import { channelTag, Choose, empty, Page, Panel, shownWhen, Table } from './ui.ts';
import { RANGES } from './view-overview.ts';
import type { Activity } from './wire.ts';

type Counters = Readonly<Record<string, Readonly<Record<string, number>>>>;
type Block = Activity['blocks'][number];

const EVERY_MS = 15_000;

/** What the reasons mean, in a sentence. */
const REASONS: Readonly<Record<string, string>> = {
  'number-type': 'The line cannot take that channel: no texts to a landline.',
  'no-carrier': 'No carrier is configured for it.',
  denied: 'Your hook before sends said no.',
  'too-late': 'Too little of the PIN’s life was left.',
  exhausted: 'The last try was wrong.',
  superseded: 'A newer PIN took its place.',
};

const COUNTERS = [
  { name: 'saypin_sends_limited_total', title: 'Sends refused by a limit' },
  { name: 'saypin_verify_attempts_total', title: 'Tries, by what they came to' },
  { name: 'saypin_requests_shed_total', title: 'Requests refused for want of room' },
] as const;

export function LimitsPage(): ComponentChild {
  const [range, setRange] = useState('day');
  const loaded = useLoad(
    range,
    async byItself => {
      const [activity, { counters }] = await Promise.all([
        api<Activity>('GET', `/activity?range=${range}`, undefined, { byItself }),
        api<{ counters: Counters }>('GET', '/counters', undefined, { byItself }),
      ]);
      return { activity, counters };
    },
    EVERY_MS,
  );
  return h(Page, {
    title: 'Limits and blocks',
    lead: 'What was not sent or not compared, and why.',
    actions: h(Choose, { label: 'Range', hideLabel: true, value: range, options: RANGES, onValue: setRange }),
    children: shownWhen(loaded, ({ activity, counters }) => [
      h('div', { class: 'grid' }, [
        h(Panel, {
          title: 'Reasons',
          note: 'Steps that were passed over, and PINs that came to an end by a rule.',
          children:
            activity.reasons.length === 0
              ? empty('Nothing was blocked in this time.')
              : h(
                  'ul',
                  { class: 'plain-list' },
                  activity.reasons.map(({ reason, count }) =>
                    h('li', { key: reason }, [
                      h('span', null, [words(reason), h('small', null, REASONS[reason] ?? '')]),
                      h('b', { class: 'figures' }, count),
                    ]),
                  ),
                ),
        }),
        h(Panel, {
          title: 'Counted since the start',
          note: 'By this process.',
          children: COUNTERS.map(({ name, title }) => counterList(title, counters[name] ?? {})),
        }),
      ]),
      h(Panel, {
        title: 'The latest',
        children:
          activity.blocks.length === 0
            ? empty('No step was passed over in this time.')
            : h(Table<Block>, {
                label: 'Steps that were passed over',
                rows: activity.blocks,
                keyOf: ({ id, at }) => id + at,
                columns: [
                  {
                    head: 'To',
                    cell: row =>
                      h('a', { class: 'figures strong', href: link(`/verifications/${row.id}`) }, row.to),
                  },
                  { head: 'Step', cell: row => channelTag(row.channel) },
                  { head: 'Reason', cell: row => words(row.reason) },
                  { head: 'Detail', wide: true, cell: row => row.detail ?? '' },
                  {
                    head: 'When',
                    cell: row => h('time', { dateTime: row.at, class: 'figures' }, when(row.at)),
                  },
                ],
              }),
      }),
    ]),
  });
}

function counterList(title: string, counts: Readonly<Record<string, number>>): ComponentChild {
  const entries = Object.entries(counts).filter(([, count]) => count > 0);
  return h('div', { key: title, class: 'counter' }, [
    h('h3', null, title),
    entries.length === 0
      ? h('p', { class: 'note' }, 'None.')
      : h(
          'ul',
          { class: 'plain-list' },
          entries.map(([word, count]) =>
            h('li', { key: word }, [h('span', null, words(word)), h('b', { class: 'figures' }, count)]),
          ),
        ),
  ]);
}
