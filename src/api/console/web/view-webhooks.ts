import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { h } from './dom.ts';
import { when } from './format.ts';
import { useLoad, useWork } from './load.ts';
import { link } from './router.ts';
import {
  badge,
  button,
  Choose,
  empty,
  Failure,
  Field,
  Form,
  Page,
  Panel,
  Secret,
  shownWhen,
  Table,
} from './ui.ts';
import type { CustomerEvent, Webhook } from './wire.ts';

interface Tested {
  readonly answers: readonly {
    readonly which: string;
    readonly accepted: boolean;
    readonly durationMs: number;
    readonly status?: number;
    readonly error?: string;
  }[];
}

const WHAT = [
  { value: '*', label: 'All events', types: ['*'] },
  {
    value: 'ends',
    label: 'How verifications end',
    types: [
      'verification.verified',
      'verification.expired',
      'verification.exhausted',
      'verification.undeliverable',
    ],
  },
  { value: 'verified', label: 'Verified only', types: ['verification.verified'] },
] as const;

const HOUR_MS = 3_600_000;

export function WebhooksPage(): ComponentChild {
  const loaded = useLoad(
    'webhooks',
    async () => (await api<{ webhooks: Webhook[] }>('GET', '/v1/webhooks')).webhooks,
  );
  return h(Page, {
    title: 'Webhooks',
    lead: 'Addresses that are told what becomes of verifications, and what they were told.',
    children: [
      h(NewWebhook, { onMade: loaded.reload }),
      shownWhen(loaded, webhooks => [
        webhooks.length === 0 && h(Panel, { title: 'Endpoints', children: empty('None yet.') }),
        ...webhooks.map(webhook => h(WebhookPanel, { key: webhook.id, webhook, onChange: loaded.reload })),
      ]),
      h(Events, null),
    ],
  });
}

function WebhookPanel({
  webhook,
  onChange,
}: {
  readonly webhook: Webhook;
  readonly onChange: () => void;
}): ComponentChild {
  const { id, url, types, description, enabled, disabledReason, secondaryUrl } = webhook;
  const path = `/v1/webhooks/${encodeURIComponent(id)}`;
  const [said, setSaid] = useState<ComponentChild>();
  const [asked, setAsked] = useState(false);
  const work = useWork();
  const test = (): void =>
    void work.run(async () => {
      const { answers } = await api<Tested>('POST', `${path}/test`, {});
      setSaid(
        h(
          'ul',
          { class: 'facts' },
          answers.map(each =>
            h(
              'li',
              { key: each.which, class: each.accepted ? 'good' : 'bad' },
              `${each.which}: ${each.status ?? each.error ?? 'no answer'}, ${each.durationMs} ms`,
            ),
          ),
        ),
      );
    });
  const replay = (): void =>
    void work.run(async () => {
      const since = new Date(Date.now() - HOUR_MS).toISOString();
      const { count } = await api<{ count: number }>('POST', `${path}/replay`, { since });
      setSaid(`${count} events of the last hour are sent again.`);
    });
  const change = (method: string, body?: unknown): void =>
    void work.run(async () => {
      await api(method, path, body);
      onChange();
    });
  return h(Panel, {
    title: url,
    note: [
      description ?? '',
      description === undefined ? '' : ' · ',
      types.join(', '),
      secondaryUrl === undefined ? '' : ` · then ${secondaryUrl}`,
    ],
    actions: enabled ? badge('enabled', 'good') : badge(disabledReason ?? 'disabled', 'warm'),
    class: 'long-title',
    children: [
      h('div', { class: 'row-of-buttons' }, [
        button('Test', { kind: 'plain', icon: 'send', disabled: work.busy, onClick: test }),
        button('Replay the last hour', { kind: 'plain', disabled: work.busy || !enabled, onClick: replay }),
        button(enabled ? 'Disable' : 'Enable', {
          kind: 'plain',
          disabled: work.busy,
          onClick: () => change('PATCH', { enabled: !enabled }),
        }),
        asked
          ? button('Remove for good', {
              kind: 'danger',
              disabled: work.busy,
              onClick: () => change('DELETE'),
            })
          : button('Remove', { kind: 'plain', onClick: () => setAsked(true) }),
      ]),
      h('div', { role: 'status' }, said),
      h(Failure, { error: work.error }),
    ],
  });
}

function NewWebhook({ onMade }: { readonly onMade: () => void }): ComponentChild {
  const [url, setUrl] = useState('');
  const [description, setDescription] = useState('');
  const [what, setWhat] = useState('*');
  const [secret, setSecret] = useState<string>();
  const work = useWork();
  const make = (): void =>
    void work.run(async () => {
      const types = WHAT.find(({ value }) => value === what)?.types;
      const made = await api<{ secret: string }>('POST', '/v1/webhooks', {
        url: url.trim(),
        types,
        ...(description.trim() && { description: description.trim() }),
      });
      setSecret(made.secret);
      setUrl('');
      setDescription('');
      onMade();
    });
  return h(Panel, {
    title: 'New endpoint',
    children: [
      h(Form, {
        class: 'inline-form',
        onSubmit: make,
        children: [
          h(Field, {
            label: 'Address',
            type: 'url',
            value: url,
            onValue: setUrl,
            placeholder: 'https://shop.example.com/hooks',
            class: 'wide-field',
          }),
          h(Field, { label: 'Description', value: description, onValue: setDescription, maxLength: 200 }),
          h(Choose, { label: 'Gets', value: what, options: WHAT, onValue: setWhat }),
          button('Add', { submit: true, icon: 'plus', disabled: work.busy || url.trim() === '' }),
        ],
      }),
      h(Failure, { error: work.error }),
      secret !== undefined && h(Secret, { label: 'Its secret.', value: secret }),
    ],
  });
}

function Events(): ComponentChild {
  const since = new Date(Date.now() - HOUR_MS).toISOString();
  const loaded = useLoad('events', async () => {
    const { events } = await api<{ events: CustomerEvent[] }>('GET', `/v1/events?limit=100&since=${since}`);
    return events.toReversed();
  });
  return h(Panel, {
    title: 'Events of the last hour',
    actions: button('Look again', { kind: 'small', onClick: loaded.reload }),
    children: shownWhen(loaded, events =>
      events.length === 0 ? empty('Nothing happened.') : h(EventTable, { events }),
    ),
  });
}

/** May be broken behind a stop. */
function breakable(type: string): ComponentChild {
  return type.split('.').flatMap((word, index) => (index === 0 ? [word] : ['.', h('wbr', null), word]));
}

function EventTable({ events }: { readonly events: readonly CustomerEvent[] }): ComponentChild {
  const [said, setSaid] = useState('');
  const work = useWork();
  const replay = (id: string): void =>
    void work.run(async () => {
      const { count } = await api<{ count: number }>(
        'POST',
        `/v1/events/${encodeURIComponent(id)}/replay`,
        {},
      );
      setSaid(`Sent again to ${count} ${count === 1 ? 'endpoint' : 'endpoints'}.`);
    });
  return [
    h('p', { role: 'status', class: 'good' }, said),
    h(Failure, { error: work.error }),
    h(Table<CustomerEvent>, {
      label: 'Events',
      rows: events,
      keyOf: ({ id }) => id,
      columns: [
        { head: 'Event', cell: row => h('code', null, breakable(row.type)) },
        {
          head: 'To',
          cell: ({ data }) =>
            h(
              'a',
              { class: 'figures', href: link(`/verifications/${data.verificationId ?? ''}`) },
              data.to ?? '',
            ),
        },
        {
          head: 'When',
          wide: true,
          cell: row => h('time', { dateTime: row.timestamp, class: 'figures' }, when(row.timestamp)),
        },
        {
          head: '',
          cell: row =>
            button('Replay', {
              kind: 'small',
              label: `Replay ${row.type}`,
              disabled: work.busy,
              onClick: () => replay(row.id),
            }),
        },
      ],
    }),
  ];
}
