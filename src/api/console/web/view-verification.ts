import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { h } from './dom.ts';
import { CHANNEL_NAMES, when } from './format.ts';
import { listApplications, useLoad, useWork } from './load.ts';
import { link } from './router.ts';
import { Timeline } from './timeline.ts';
import { badge, button, Failure, Field, Form, Page, Panel, shownWhen } from './ui.ts';
import type { Verification } from './wire.ts';

const EVERY_MS = 1_500;

interface Checked {
  readonly verified: boolean;
  readonly reason?: string;
  readonly attemptsLeft: number;
}

export function VerificationPage({
  id,
  simulatorUrl,
}: {
  readonly id: string;
  readonly simulatorUrl?: string | undefined;
}): ComponentChild {
  const path = `/v1/verifications/${encodeURIComponent(id)}`;
  const loaded = useLoad(id, byItself => api<Verification>('GET', path, undefined, { byItself }), EVERY_MS);
  const verification = loaded.value;
  return h(Page, {
    title: verification?.to ?? 'Verification',
    back: { href: link('/verifications'), label: 'Verifications' },
    lead: h('code', null, id),
    actions:
      simulatorUrl !== undefined && verification !== undefined && phoneLink(simulatorUrl, verification.to),
    children: shownWhen(loaded, found =>
      h('div', { class: 'grid side-by-side' }, [
        h(Panel, { title: 'Timeline', children: h(Timeline, { verification: found }) }),
        h('div', { class: 'stack' }, [
          h(Facts, { verification: found }),
          found.state === 'pending' && h(CheckPanel, { path, onDone: loaded.reload }),
          found.state === 'pending' && h(Steps, { path, verification: found, onDone: loaded.reload }),
        ]),
      ]),
    ),
  });
}

export function phoneLink(simulatorUrl: string, to: string): ComponentChild {
  const href = new URL(`/phones/${encodeURIComponent(to)}`, simulatorUrl).href;
  return h('a', { class: 'button plain', href, target: '_blank', rel: 'noreferrer' }, 'Open its phone');
}

function Facts({ verification }: { readonly verification: Verification }): ComponentChild {
  const { state, undeliverable, attemptsLeft, expiresAt, applicationId, template, plan, createdAt } =
    verification;
  const applications = useLoad('applications', listApplications);
  const name = applications.value?.find(each => each.applicationId === applicationId)?.name ?? applicationId;
  return h(Panel, {
    title: 'State',
    actions: undeliverable && state === 'pending' ? badge('undeliverable') : badge(state),
    children: h('dl', { class: 'pairs' }, [
      pair('Application', h('a', { href: link(`/applications/${applicationId}`) }, name)),
      template !== undefined &&
        pair(
          'Template',
          h(
            'a',
            { href: link(`/applications/${applicationId}/templates/${template}`) },
            template.slice(0, 8),
          ),
        ),
      pair('Tries left', attemptsLeft),
      pair('Asked for', when(createdAt)),
      pair('Expires', when(expiresAt)),
      plan && pair('Plan', plan.steps.map(({ channel }) => CHANNEL_NAMES[channel]).join(' → ')),
    ]),
  });
}

export function pair(name: string, value: ComponentChild): ComponentChild {
  return h('div', { key: name }, [h('dt', null, name), h('dd', { class: 'figures' }, value)]);
}

export function CheckPanel({
  path,
  onDone,
}: {
  readonly path: string;
  readonly onDone: () => void;
}): ComponentChild {
  const [pin, setPin] = useState('');
  const [checked, setChecked] = useState<Checked>();
  const work = useWork();
  const check = (): void =>
    void work.run(async () => {
      setChecked(await api<Checked>('POST', `${path}/check`, { pin: pin.trim() }));
      setPin('');
      onDone();
    });
  return h(Panel, {
    title: 'Check a PIN',
    note: 'What did the phone say? A wrong one costs a try.',
    children: [
      h(Form, {
        class: 'inline-form',
        onSubmit: check,
        children: [
          h(Field, {
            label: 'PIN',
            value: pin,
            onValue: setPin,
            autocomplete: 'one-time-code',
            maxLength: 64,
          }),
          button('Check', { submit: true, disabled: work.busy || pin.trim() === '' }),
        ],
      }),
      h(
        'p',
        { role: 'status', class: checked?.verified === true ? 'good' : 'bad' },
        checked && verdict(checked),
      ),
      h(Failure, { error: work.error }),
    ],
  });
}

function verdict({ verified, reason, attemptsLeft }: Checked): string {
  if (verified) return 'Right.';
  return reason === 'wrong' ? `Wrong. ${attemptsLeft} tries are left.` : `Not compared: ${reason ?? 'over'}.`;
}

function Steps({
  path,
  verification,
  onDone,
}: {
  readonly path: string;
  readonly verification: Verification;
  readonly onDone: () => void;
}): ComponentChild {
  const work = useWork();
  const act = (what: string, body?: unknown): void =>
    void work.run(async () => {
      await api('POST', `${path}/${what}`, body ?? {});
      onDone();
    });
  const { nextSmsAllowedAt, nextVoiceAllowedAt } = verification;
  return h(Panel, {
    title: 'Go on',
    children: [
      h('div', { class: 'row-of-buttons' }, [
        nextVoiceAllowedAt !== undefined &&
          button('Call now', {
            kind: 'plain',
            icon: 'calls',
            disabled: work.busy,
            onClick: () => act('next', { channel: 'voice' }),
          }),
        nextSmsAllowedAt !== undefined &&
          button('Text now', {
            kind: 'plain',
            icon: 'send',
            disabled: work.busy,
            onClick: () => act('next', { channel: 'sms' }),
          }),
        button('Cancel it', { kind: 'danger', disabled: work.busy, onClick: () => act('cancel') }),
      ]),
      h(Failure, { error: work.error }),
    ],
  });
}
