import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { h } from './dom.ts';
import { when, words } from './format.ts';
import { listApplications, useLoad, useWork } from './load.ts';
import { go, link, useAddress } from './router.ts';
import {
  badge,
  button,
  channelTag,
  Choose,
  empty,
  Failure,
  Field,
  Form,
  Page,
  Panel,
  shownWhen,
  Table,
} from './ui.ts';
import { STATES, type Verification } from './wire.ts';

interface Listed {
  readonly verifications: readonly Verification[];
  readonly nextCursor?: string;
}

const PAGE = 25;
const FILTERS = ['to', 'state', 'applicationId'] as const;

export function VerificationsPage(): ComponentChild {
  const { query } = useAddress();
  const filter = new URLSearchParams({ limit: String(PAGE) });
  for (const name of FILTERS) {
    const value = query.get(name);
    if (value) filter.set(name, value);
  }
  const key = filter.toString();
  return h(Page, {
    title: 'Verifications',
    lead: 'Each PIN that was sent, newest first.',
    children: [h(Filters, { key: `filters ${key}`, query }), h(Results, { key, filter: key })],
  });
}

function Filters({ query }: { readonly query: URLSearchParams }): ComponentChild {
  const [to, setTo] = useState(query.get('to') ?? '');
  const [state, setState] = useState(query.get('state') ?? '');
  const [applicationId, setApplication] = useState(query.get('applicationId') ?? '');
  const applications = useLoad('applications', listApplications);
  const apply = (change: Record<string, string> = {}): void => {
    const wanted = { to, state, applicationId, ...change };
    const set = Object.entries(wanted).filter(([, value]) => value.trim() !== '');
    const text = new URLSearchParams(set).toString();
    go(`/verifications${text && `?${text}`}`, { replace: true });
  };
  return h(Form, {
    class: 'filters',
    onSubmit: () => apply(),
    children: [
      h(Field, { label: 'Number or address', type: 'text', value: to, onValue: setTo, placeholder: '+41…' }),
      h(Choose, {
        label: 'State',
        value: state,
        options: [{ value: '', label: 'Any' }, ...STATES.map(value => ({ value, label: words(value) }))],
        onValue: value => {
          setState(value);
          apply({ state: value });
        },
      }),
      h(Choose, {
        label: 'Application',
        value: applicationId,
        options: [
          { value: '', label: 'Any' },
          ...(applications.value ?? []).map(each => ({ value: each.applicationId, label: each.name })),
        ],
        onValue: value => {
          setApplication(value);
          apply({ applicationId: value });
        },
      }),
      button('Search', { submit: true, kind: 'plain' }),
    ],
  });
}

function Results({ filter }: { readonly filter: string }): ComponentChild {
  const [older, setOlder] = useState<Listed[]>([]);
  const work = useWork();
  const loaded = useLoad(filter, () => api<Listed>('GET', `/v1/verifications?${filter}`));
  const next = (older.at(-1) ?? loaded.value)?.nextCursor;
  const more = (): void =>
    void work.run(async () => {
      const page = await api<Listed>(
        'GET',
        `/v1/verifications?${filter}&cursor=${encodeURIComponent(next ?? '')}`,
      );
      setOlder([...older, page]);
    });
  return h(Panel, {
    children: shownWhen(loaded, ({ verifications }) => {
      const rows = [verifications, ...older.map(page => page.verifications)].flat();
      if (rows.length === 0)
        return empty(['Nothing is found. ', h('a', { href: link('/send') }, 'Send a test PIN')]);
      return [
        h(VerificationTable, { rows }),
        next !== undefined &&
          button(work.busy ? 'Loading…' : 'Show older ones', {
            kind: 'plain',
            onClick: more,
            disabled: work.busy,
          }),
        h(Failure, { error: work.error }),
      ];
    }),
  });
}

export function VerificationTable({ rows }: { readonly rows: readonly Verification[] }): ComponentChild {
  return h(Table<Verification>, {
    label: 'Verifications',
    rows,
    keyOf: ({ id }) => id,
    columns: [
      {
        head: 'To',
        cell: row => h('a', { class: 'figures strong', href: link(`/verifications/${row.id}`) }, row.to),
      },
      {
        head: 'State',
        cell: row =>
          row.state === 'pending' && row.undeliverable ? badge('undeliverable') : badge(row.state),
      },
      {
        head: 'Steps',
        wide: true,
        cell: row =>
          h(
            'span',
            { class: 'steps' },
            row.timeline.map(step => channelTag(step.channel)),
          ),
      },
      { head: 'Left', wide: true, number: true, cell: row => row.attemptsLeft },
      {
        head: 'Asked for',
        cell: row => h('time', { dateTime: row.createdAt, class: 'figures' }, when(row.createdAt)),
      },
    ],
  });
}
