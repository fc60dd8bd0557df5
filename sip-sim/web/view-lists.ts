import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { h } from './dom.ts';
import { minutes, when } from './format.ts';
import { icon } from './icons.ts';
import { Replay } from './replay.ts';
import type { Call, Mail, Message } from './wire.ts';

const NOT_TALKED: Readonly<Record<string, string>> = {
  busy: 'Declined',
  'no-answer': 'Missed',
  canceled: 'Missed',
  failed: 'Not reached',
};

/** The call log, newest first; an answered call opens to its recording. */
export function CallLog({ calls }: { calls: readonly Call[] }): ComponentChild {
  const [open, setOpen] = useState<string>();
  const over = calls.filter(call => call.state === 'ended').toReversed();
  if (over.length === 0)
    return empty('clock', 'No calls yet', 'Calls to this number are kept here, with their sound.');
  return h(
    'ul',
    { class: 'rows', tabIndex: 0, 'aria-label': 'Calls' },
    over.map(call => {
      const talked = call.answeredAt !== null;
      const shown = open === call.id;
      const seconds = call.secondsRecorded;
      const outcome = talked ? minutes(seconds) : (NOT_TALKED[call.outcome ?? ''] ?? 'Ended');
      const line = [
        icon(talked ? 'incoming' : 'missed', talked ? 'good' : 'bad'),
        h('span', { class: 'grow' }, [
          h('b', null, call.fromDisplay),
          h('small', null, talked ? `Answered, ${outcome}` : outcome),
        ]),
        h('time', { dateTime: call.createdAt }, when(call.createdAt)),
      ];
      if (!talked) return h('li', { key: call.id }, h('div', { class: 'row' }, line));
      return h('li', { key: call.id }, [
        h(
          'button',
          {
            type: 'button',
            class: 'row',
            'aria-expanded': shown,
            onClick: () => setOpen(shown ? undefined : call.id),
          },
          line,
        ),
        shown && h(Replay, { call }),
      ]);
    }),
  );
}

/** Texts as bubbles, oldest first. */
export function Texts({ messages }: { messages: readonly Message[] }): ComponentChild {
  if (messages.length === 0) return empty('message', 'No messages', 'Texts to this number arrive here.');
  return h(
    'ul',
    { class: 'bubbles', tabIndex: 0, 'aria-label': 'Messages' },
    messages.map(message =>
      h('li', { key: message.id }, [
        h('p', { class: 'meta' }, [
          h('b', null, message.from === '' ? 'Unknown sender' : message.from),
          h('time', { dateTime: message.receivedAt }, when(message.receivedAt)),
        ]),
        h('p', { class: 'bubble' }, message.body),
      ]),
    ),
  );
}

/** Mail to any address, or to one, newest first. */
export function MailBox({ mails }: { mails: readonly Mail[] }): ComponentChild {
  const [address, setAddress] = useState('');
  const [open, setOpen] = useState<string>();
  if (mails.length === 0)
    return empty('mail', 'No mail', 'Mail to any address at the simulator arrives here.');
  const addresses = [...new Set(mails.map(mail => mail.to))].toSorted();
  const shown = mails.filter(mail => address === '' || mail.to === address).toReversed();
  return h('div', { class: 'mailbox' }, [
    h('label', { class: 'field inline' }, [
      h('span', null, 'To'),
      h(
        'select',
        { value: address, onChange: event => setAddress(event.currentTarget.value) },
        ['', ...addresses].map(value =>
          h('option', { key: value, value }, value === '' ? 'Everyone' : value),
        ),
      ),
    ]),
    h(
      'ul',
      { class: 'rows', tabIndex: 0, 'aria-label': 'Mails' },
      shown.map(mail =>
        h('li', { key: mail.id }, [
          h(
            'button',
            {
              type: 'button',
              class: 'row mail',
              'aria-expanded': open === mail.id,
              onClick: () => setOpen(open === mail.id ? undefined : mail.id),
            },
            [
              h('span', { class: 'grow' }, [
                h('b', null, mail.subject === '' ? 'No subject' : mail.subject),
                h('small', null, `${mail.from} to ${mail.to}`),
              ]),
              h('time', { dateTime: mail.receivedAt }, when(mail.receivedAt)),
            ],
          ),
          open === mail.id && h('p', { class: 'mail-text' }, textOf(mail)),
        ]),
      ),
    ),
  ]);
}

/** The text part; a mail that has only markup is shown as what it is. */
function textOf(mail: Mail): string {
  return mail.text.trim() === '' ? (mail.html ?? '') : mail.text;
}

function empty(name: 'clock' | 'message' | 'mail', title: string, text: string): ComponentChild {
  return h('div', { class: 'empty' }, [icon(name), h('b', null, title), h('p', null, text)]);
}
