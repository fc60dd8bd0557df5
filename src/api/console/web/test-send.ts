import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { h } from './dom.ts';
import { useLoad, useWork } from './load.ts';
import { link } from './router.ts';
import { Timeline } from './timeline.ts';
import { badge, button, Choose, Failure, Field, Form, Panel } from './ui.ts';
import { CheckPanel, phoneLink } from './view-verification.ts';
import type { Verification } from './wire.ts';

const EVERY_MS = 1_000;
/** A number that the simulator's documents use. */
const EXAMPLE = '+41793026727';

/** Sends a PIN and follows it. `request`: what it has beside the number and the channel. */
export function TestSend(props: {
  readonly request: object;
  readonly simulatorUrl?: string | undefined;
  readonly note: string;
}): ComponentChild {
  const { request, simulatorUrl, note } = props;
  const [to, setTo] = useState(simulatorUrl === undefined ? '' : EXAMPLE);
  const [channel, setChannel] = useState('voice');
  const [sent, setSent] = useState<string>();
  const work = useWork();
  const send = (): void =>
    void work.run(async () => {
      const body = { ...request, to: to.trim(), ...(channel && { channel }) };
      const made = await api<Verification>('POST', '/v1/verifications', body);
      setSent(made.id);
    });
  return h('div', { class: 'stack' }, [
    h(Panel, {
      title: 'Send a test PIN',
      note,
      children: [
        h(Form, {
          class: 'inline-form',
          onSubmit: send,
          children: [
            h(Field, {
              label: 'Number',
              type: 'tel',
              value: to,
              onValue: setTo,
              placeholder: '+41…',
              autocomplete: 'tel',
            }),
            h(Choose, {
              label: 'By',
              value: channel,
              options: [
                { value: 'voice', label: 'Call' },
                { value: 'sms', label: 'Text' },
                { value: '', label: 'Its plan' },
              ],
              onValue: setChannel,
            }),
            button(work.busy ? 'Sending…' : 'Send', {
              submit: true,
              icon: 'send',
              disabled: work.busy || to.trim() === '',
            }),
          ],
        }),
        h(Failure, { error: work.error }),
        simulatorUrl !== undefined &&
          to.trim() !== '' &&
          h('p', { class: 'note' }, phoneLink(simulatorUrl, to.trim())),
      ],
    }),
    sent !== undefined && h(Followed, { id: sent, key: sent }),
  ]);
}

function Followed({ id }: { readonly id: string }): ComponentChild {
  const path = `/v1/verifications/${id}`;
  const { value, reload } = useLoad(
    id,
    byItself => api<Verification>('GET', path, undefined, { byItself }),
    EVERY_MS,
  );
  if (!value) return undefined;
  return h('div', { class: 'stack' }, [
    h(Panel, {
      title: 'What became of it',
      actions: badge(value.state),
      children: [
        h(Timeline, { verification: value }),
        h('p', { class: 'note' }, h('a', { href: link(`/verifications/${id}`) }, 'Open the verification')),
      ],
    }),
    value.state === 'pending' && h(CheckPanel, { path, onDone: reload }),
  ]);
}
