import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { h } from './dom.ts';
import { when } from './format.ts';
import { useLoad, useWork } from './load.ts';
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
import type { ApiKey } from './wire.ts';

const ROLES = [
  { value: '*', label: 'Everything but administration', scopes: ['*'] },
  { value: 'send', label: 'Send and verify PINs', scopes: ['2fa:pin:send'] },
  { value: 'manage', label: 'Manage 2FA', scopes: ['2fa:manage'] },
  { value: 'admin', label: 'Everything, keys and users too', scopes: ['*', 'keys:manage'] },
] as const;

export function KeysPage(): ComponentChild {
  const loaded = useLoad('keys', async () => (await api<{ keys: ApiKey[] }>('GET', '/v1/keys')).keys);
  return h(Page, {
    title: 'API keys',
    lead: 'What programs and people come in with. A key is shown once, and only its hash is kept.',
    children: shownWhen(loaded, keys => [
      h(NewKey, { onMade: loaded.reload }),
      h(Panel, {
        title: 'Keys',
        note: 'The key of the configuration is not among them.',
        children:
          keys.length === 0 ? empty('None was made yet.') : h(KeyTable, { keys, onRevoked: loaded.reload }),
      }),
    ]),
  });
}

function KeyTable({
  keys,
  onRevoked,
}: {
  readonly keys: readonly ApiKey[];
  readonly onRevoked: () => void;
}): ComponentChild {
  const [asked, setAsked] = useState<string>();
  const work = useWork();
  const revoke = (id: string): void =>
    void work.run(async () => {
      await api('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
      setAsked(undefined);
      onRevoked();
    });
  return [
    h(Failure, { error: work.error }),
    h(Table<ApiKey>, {
      label: 'API keys',
      rows: keys,
      keyOf: ({ id }) => id,
      columns: [
        { head: 'Name', cell: row => h('b', { class: 'clamp' }, row.name) },
        { head: 'May', wide: true, cell: row => h('code', null, row.scopes.join(' ')) },
        { head: 'Used', wide: true, cell: row => (row.lastUsedAt === null ? 'Never' : when(row.lastUsedAt)) },
        { head: 'State', cell: row => (row.revokedAt === null ? badge('active', 'good') : badge('revoked')) },
        {
          head: '',
          cell: row =>
            row.revokedAt === null &&
            (asked === row.id
              ? button('Revoke for good', {
                  kind: 'danger',
                  disabled: work.busy,
                  onClick: () => revoke(row.id),
                })
              : button('Revoke', {
                  kind: 'small',
                  label: `Revoke ${row.name}`,
                  onClick: () => setAsked(row.id),
                })),
        },
      ],
    }),
  ];
}

function NewKey({ onMade }: { readonly onMade: () => void }): ComponentChild {
  const [name, setName] = useState('');
  const [role, setRole] = useState('*');
  const [made, setMade] = useState<string>();
  const work = useWork();
  const make = (): void =>
    void work.run(async () => {
      const scopes = ROLES.find(({ value }) => value === role)?.scopes;
      const { key } = await api<{ key: string }>('POST', '/v1/keys', { name: name.trim(), scopes });
      setMade(key);
      setName('');
      onMade();
    });
  return h(Panel, {
    title: 'New key',
    children: [
      h(Form, {
        class: 'inline-form',
        onSubmit: make,
        children: [
          h(Field, { label: 'Name', value: name, onValue: setName, maxLength: 100, placeholder: 'web shop' }),
          h(Choose, { label: 'May', value: role, options: ROLES, onValue: setRole }),
          button('Make a key', { submit: true, icon: 'plus', disabled: work.busy || name.trim() === '' }),
        ],
      }),
      h(Failure, { error: work.error }),
      made !== undefined && h(Secret, { label: 'The new key.', value: made }),
    ],
  });
}
