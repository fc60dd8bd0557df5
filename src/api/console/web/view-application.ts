import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { h } from './dom.ts';
import { languageName } from './format.ts';
import { forgetApplications, useLoad, useWork } from './load.ts';
import { PlanEditor } from './plan-editor.ts';
import { link } from './router.ts';
import { badge, button, Check, empty, Failure, Field, Form, Page, Panel, shownWhen, Table } from './ui.ts';
import type { Application, Configuration, Plan, Template } from './wire.ts';

export function ApplicationPage({ id }: { readonly id: string }): ComponentChild {
  const path = `/2fa/2/applications/${encodeURIComponent(id)}`;
  const loaded = useLoad(id, () => api<Application>('GET', path));
  return h(Page, {
    title: loaded.value?.name ?? 'Application',
    back: { href: link('/applications'), label: 'Applications' },
    lead: h('code', null, id),
    actions: loaded.value && (loaded.value.enabled ? badge('enabled', 'good') : badge('disabled', 'warm')),
    children: shownWhen(loaded, application => [
      h(Templates, { id, path }),
      h('div', { class: 'grid' }, [
        h(Limits, { application, path, onSaved: loaded.reload }),
        h(DeliveryPanel, { path: `/v1/applications/${encodeURIComponent(id)}/delivery` }),
      ]),
    ]),
  });
}

function Templates({ id, path }: { readonly id: string; readonly path: string }): ComponentChild {
  const loaded = useLoad(id, () => api<readonly Template[]>('GET', `${path}/messages`));
  return h(Panel, {
    title: 'Templates',
    actions: h(
      'a',
      { class: 'button main', href: link(`/applications/${id}/templates/new`) },
      'New template',
    ),
    children: shownWhen(loaded, templates =>
      templates.length === 0
        ? empty('No template yet. A template has the words, the voice, and the kind of PIN.')
        : h(Table<Template>, {
            label: 'Templates',
            rows: templates,
            keyOf: ({ messageId }) => messageId,
            columns: [
              {
                head: 'Words',
                cell: row =>
                  row.messageText === undefined
                    ? h('span', null, `E-mail template ${row.emailTemplateId ?? ''}`)
                    : h(
                        'a',
                        { class: 'clamp', href: link(`/applications/${id}/templates/${row.messageId}`) },
                        row.messageText,
                      ),
              },
              {
                head: 'Language',
                wide: true,
                cell: row => (row.language === undefined ? 'Default' : languageName(row.language)),
              },
              { head: 'Voice', wide: true, cell: row => row.voiceName ?? 'Default' },
              { head: 'PIN', wide: true, cell: row => `${row.pinLength} × ${row.pinType.toLowerCase()}` },
            ],
          }),
    ),
  });
}

const LIMITS = [
  { name: 'pinTimeToLive', label: 'Lifetime of a PIN', hint: 'Such as 15m, at most a year.' },
  { name: 'verifyPinLimit', label: 'Checks a number', hint: 'Such as 1/3s: one every three seconds.' },
  { name: 'sendPinPerPhoneNumberLimit', label: 'Sends a number', hint: 'Such as 3/1d.' },
  { name: 'sendPinPerApplicationLimit', label: 'Sends in all', hint: 'Such as 10000/1d.' },
] as const satisfies readonly { name: keyof Configuration; label: string; hint: string }[];

function Limits(props: {
  readonly application: Application;
  readonly path: string;
  readonly onSaved: () => void;
}): ComponentChild {
  const { application, path, onSaved } = props;
  const [name, setName] = useState(application.name);
  const [enabled, setEnabled] = useState(application.enabled);
  const [set, setConfiguration] = useState(application.configuration);
  const [attempts, setAttempts] = useState(String(application.configuration.pinAttempts));
  const [saved, setSaved] = useState(false);
  const work = useWork();
  const change = (part: Partial<Configuration>): void => {
    setSaved(false);
    setConfiguration({ ...set, ...part });
  };
  const save = (): void =>
    void work.run(async () => {
      const configuration = { ...set, pinAttempts: Number(attempts) };
      await api('PUT', path, { name: name.trim(), enabled, configuration });
      forgetApplications();
      setSaved(true);
      onSaved();
    });
  const wrong = (field: string): string | undefined =>
    work.error?.fields.find(each => each.field.endsWith(field))?.message;
  return h(Panel, {
    title: 'Limits',
    children: h(Form, {
      onSubmit: save,
      children: [
        h(Field, { label: 'Name', value: name, onValue: setName, maxLength: 100, error: wrong('name') }),
        h('div', { class: 'two' }, [
          h(Field, {
            label: 'Tries for a PIN',
            value: attempts,
            type: 'number',
            onValue: setAttempts,
            hint: 'Wrong ones, before it is dead.',
            error: wrong('pinAttempts'),
          }),
          ...LIMITS.map(({ name: field, label, hint }) =>
            h(Field, {
              key: field,
              label,
              hint,
              value: set[field],
              onValue: value => change({ [field]: value }),
              error: wrong(field),
            }),
          ),
        ]),
        h(Check, {
          label: 'A PIN that was right is right again until it expires',
          checked: set.allowMultiplePinVerifications,
          onValue: allowMultiplePinVerifications => change({ allowMultiplePinVerifications }),
        }),
        h(Check, { label: 'Enabled', checked: enabled, onValue: setEnabled }),
        h(Failure, { error: work.error }),
        h('div', { class: 'row-of-buttons' }, [
          button('Save limits', { submit: true, disabled: work.busy }),
          h('span', { role: 'status', class: 'good' }, saved && !work.busy && 'Saved.'),
        ]),
      ],
    }),
  });
}

/** The plan of an application or template, where it has one. */
export function DeliveryPanel({ path }: { readonly path: string }): ComponentChild {
  const loaded = useLoad(
    path,
    async () => (await api<Plan | undefined>('GET', path, undefined, { optional: true })) ?? null,
  );
  return h(Panel, {
    title: 'Delivery plan',
    note: 'Each step brings the same PIN; the next one begins by the rules of the one before.',
    children: shownWhen(loaded, plan =>
      h(PlanEditor, { key: JSON.stringify(plan), path, plan, onSaved: loaded.reload }),
    ),
  });
}
