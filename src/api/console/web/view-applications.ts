import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { h } from './dom.ts';
import { forgetApplications, listApplications, useLoad, useWork } from './load.ts';
import { go, link } from './router.ts';
import { badge, button, empty, Failure, Field, Form, Page, Panel, shownWhen, Table } from './ui.ts';
import type { Application } from './wire.ts';

export function ApplicationsPage(): ComponentChild {
  const loaded = useLoad('applications', listApplications);
  return h(Page, {
    title: 'Applications',
    lead: 'Each has its limits, its delivery plan, and the templates that it speaks.',
    children: [
      h(Panel, {
        children: shownWhen(loaded, applications =>
          applications.length === 0
            ? empty('There is none yet: make the first one below.')
            : h(Table<Application>, {
                label: 'Applications',
                rows: applications,
                keyOf: ({ applicationId }) => applicationId,
                columns: [
                  {
                    head: 'Name',
                    cell: row =>
                      h('a', { class: 'strong', href: link(`/applications/${row.applicationId}`) }, row.name),
                  },
                  {
                    head: 'State',
                    cell: row => (row.enabled ? badge('enabled', 'good') : badge('disabled', 'warm')),
                  },
                  { head: 'Tries', wide: true, number: true, cell: row => row.configuration.pinAttempts },
                  { head: 'Lifetime', wide: true, cell: row => row.configuration.pinTimeToLive },
                  { head: 'Sends a number', cell: row => row.configuration.sendPinPerPhoneNumberLimit },
                ],
              }),
        ),
      }),
      h(NewApplication, null),
    ],
  });
}

function NewApplication(): ComponentChild {
  const [name, setName] = useState('');
  const work = useWork();
  const make = (): void =>
    void work.run(async () => {
      const made = await api<Application>('POST', '/2fa/2/applications', { name: name.trim() });
      forgetApplications();
      go(`/applications/${made.applicationId}`);
    });
  return h(Panel, {
    title: 'New application',
    note: 'It begins with the usual limits: 10 tries, 15 minutes, 3 sends a day to a number.',
    children: [
      h(Form, {
        class: 'inline-form',
        onSubmit: make,
        children: [
          h(Field, { label: 'Name', value: name, onValue: setName, maxLength: 100, required: true }),
          button('Create', { submit: true, icon: 'plus', disabled: work.busy || name.trim() === '' }),
        ],
      }),
      h(Failure, { error: work.error }),
    ],
  });
}
