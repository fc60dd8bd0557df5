import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { h } from './dom.ts';
import { words } from './format.ts';
import { listApplications, useLoad } from './load.ts';
import { Choose, Field, Page, Panel } from './ui.ts';
import { STATES } from './wire.ts';

const REPORTS = [
  { name: 'verifications', title: 'Verifications', note: 'A row for each PIN: to whom, how it ended, when.' },
  {
    name: 'deliveries',
    title: 'Deliveries',
    note: 'A row for each text, call and mail: carrier, result, reason, what was heard.',
  },
] as const;

export function ReportsPage(): ComponentChild {
  const [since, setSince] = useState('');
  const [until, setUntil] = useState('');
  const [applicationId, setApplication] = useState('');
  const [state, setState] = useState('');
  const applications = useLoad('applications', listApplications);
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({
    since: instant(since),
    until: instant(until),
    applicationId,
    state,
  })) {
    if (value) query.set(name, value);
  }
  return h(Page, {
    title: 'Reports',
    lead: 'As CSV, for spreadsheets: newest first, 50,000 rows at most. No report holds a PIN.',
    children: [
      h(Panel, {
        title: 'Of what',
        children: h('div', { class: 'two' }, [
          h(Field, { label: 'From', type: 'datetime-local', value: since, onValue: setSince }),
          h(Field, { label: 'Until', type: 'datetime-local', value: until, onValue: setUntil }),
          h(Choose, {
            label: 'Application',
            value: applicationId,
            options: [
              { value: '', label: 'All' },
              ...(applications.value ?? []).map(each => ({ value: each.applicationId, label: each.name })),
            ],
            onValue: setApplication,
          }),
          h(Choose, {
            label: 'State',
            value: state,
            options: [{ value: '', label: 'All' }, ...STATES.map(value => ({ value, label: words(value) }))],
            onValue: setState,
          }),
        ]),
      }),
      h(
        'div',
        { class: 'grid' },
        REPORTS.map(({ name, title, note }) =>
          h(Panel, {
            key: name,
            title,
            note,
            children: h(
              'a',
              {
                class: 'button main',
                href: `/console/api/reports/${name}.csv?${query}`,
                download: `saypin-${name}.csv`,
              },
              `Download ${title.toLowerCase()}`,
            ),
          }),
        ),
      ),
    ],
  });
}

/** What the field holds is local time; the service takes instants. */
function instant(local: string): string {
  const time = Date.parse(local);
  return Number.isNaN(time) ? '' : new Date(time).toISOString();
}
