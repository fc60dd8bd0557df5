import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { h } from './dom.ts';
import { languageName } from './format.ts';
import { useLoad, useWork } from './load.ts';
import { Preview } from './preview.ts';
import { go, link } from './router.ts';
import { SpeechRate } from './speech-rate.ts';
import { TestSend } from './test-send.ts';
import { button, Choose, Failure, Field, Form, Page, Panel, shownWhen } from './ui.ts';
import { DeliveryPanel } from './view-application.ts';
import type { Template, Voices } from './wire.ts';

const NEW = 'new';
const PIN_TYPES = ['NUMERIC', 'ALPHA', 'HEX', 'ALPHANUMERIC'] as const;

interface Ids {
  readonly applicationId: string;
  readonly messageId: string;
  readonly simulatorUrl?: string | undefined;
}

/** A template as it is being written: figures as text, so that a field may be empty. */
interface Draft {
  readonly text: string;
  readonly language: string;
  readonly voice: string;
  readonly rate: string;
  readonly pinLength: string;
  readonly pinType: string;
  readonly sender: string;
  readonly repeatKey: string;
}

const BLANK: Draft = {
  text: 'Hello. Your code is,, {{pin}}. Once more,, {{pin}}.',
  language: '',
  voice: '',
  rate: '1',
  pinLength: '4',
  pinType: 'NUMERIC',
  sender: '',
  repeatKey: '1',
};

export function TemplatePage(ids: Ids): ComponentChild {
  const { applicationId, messageId } = ids;
  const path = `/2fa/2/applications/${encodeURIComponent(applicationId)}/messages`;
  const loaded = useLoad(messageId, async () => ({
    template:
      messageId === NEW ? undefined : await api<Template>('GET', `${path}/${encodeURIComponent(messageId)}`),
    voices: await api<Voices>('GET', '/voices'),
  }));
  return h(Page, {
    title: messageId === NEW ? 'New template' : 'Template',
    back: { href: link(`/applications/${applicationId}`), label: 'Application' },
    lead: messageId === NEW ? 'Write the words, and hear them as a phone will.' : h('code', null, messageId),
    children: shownWhen(loaded, ({ template, voices }) => h(Editor, { ...ids, path, template, voices })),
  });
}

function Editor(
  props: Ids & { readonly path: string; readonly template: Template | undefined; readonly voices: Voices },
): ComponentChild {
  const { path, template, voices, applicationId, messageId, simulatorUrl } = props;
  const [draft, setDraft] = useState(template === undefined ? BLANK : draftOf(template));
  const [saved, setSaved] = useState(false);
  const work = useWork();
  const put = (change: Partial<Draft>): void => {
    setSaved(false);
    setDraft({ ...draft, ...change });
  };
  const save = (): void =>
    void work.run(async () => {
      const body = bodyOf(draft);
      if (template) await api('PUT', `${path}/${encodeURIComponent(messageId)}`, body);
      else {
        const made = await api<Template>('POST', path, body);
        go(`/applications/${applicationId}/templates/${made.messageId}`, { replace: true });
      }
      setSaved(true);
    });
  const wrong = (field: string): string | undefined =>
    work.error?.fields.find(each => each.field === field)?.message;
  const language = draft.language || voices.defaultLanguage;
  const speakers = voices.voices.filter(voice => voice.language === language);
  return h('div', { class: 'stack' }, [
    h('div', { class: 'grid editor' }, [
      h(Panel, {
        title: 'Words and voice',
        children: h(Form, {
          onSubmit: save,
          children: [
            h(Field, {
              label: 'Text',
              rows: 4,
              value: draft.text,
              onValue: text => put({ text }),
              hint: '{{pin}} is the PIN, {{name}} a placeholder, each comma a pause. SSML works too.',
              error: wrong('messageText'),
              maxLength: 1_400,
              class: 'prose',
            }),
            h('div', { class: 'two' }, [
              h(Choose, {
                label: 'Language',
                value: draft.language,
                options: [
                  { value: '', label: `Default (${languageName(voices.defaultLanguage)})` },
                  ...voices.languages.map(code => ({ value: code, label: languageName(code) })),
                ],
                onValue: value => put({ language: value, voice: '' }),
              }),
              h(Choose, {
                label: 'Voice',
                value: draft.voice,
                options: [
                  { value: '', label: 'Default voice' },
                  ...[
                    ...new Set([...(draft.voice ? [draft.voice] : []), ...speakers.map(({ name }) => name)]),
                  ].map(name => ({ value: name, label: name })),
                ],
                onValue: voice => put({ voice }),
              }),
              h(SpeechRate, { value: draft.rate, onValue: rate => put({ rate }) }),
              h(Field, {
                label: 'Repeat key',
                value: draft.repeatKey,
                onValue: repeatKey => put({ repeatKey }),
                hint: 'Pressed to hear it again.',
                error: wrong('repeatDTMF'),
                maxLength: 16,
              }),
              h(Choose, {
                label: 'PIN is',
                value: draft.pinType,
                options: PIN_TYPES.map(value => ({ value, label: value.toLowerCase() })),
                onValue: pinType => put({ pinType }),
              }),
              h(Field, {
                label: 'PIN length',
                type: 'number',
                value: draft.pinLength,
                onValue: pinLength => put({ pinLength }),
                error: wrong('pinLength'),
              }),
              h(Field, {
                label: 'Sender',
                value: draft.sender,
                onValue: sender => put({ sender }),
                hint: 'Name or number; empty: that of the route.',
                error: wrong('senderId'),
                maxLength: 64,
              }),
            ]),
            h(Failure, { error: work.error }),
            h('div', { class: 'row-of-buttons' }, [
              button(template ? 'Save template' : 'Create template', { submit: true, disabled: work.busy }),
              h('span', { role: 'status', class: 'good' }, saved && !work.busy && 'Saved.'),
            ]),
          ],
        }),
      }),
      h('div', { class: 'stack' }, [
        h(Preview, { wording: wordingOf(draft) }),
        template &&
          h(TestSend, {
            simulatorUrl,
            request: { applicationId, template: messageId },
            note: 'As it is saved, to a phone at hand.',
          }),
      ]),
    ]),
    template &&
      h(DeliveryPanel, {
        path: `/v1/applications/${encodeURIComponent(applicationId)}/templates/${encodeURIComponent(messageId)}/delivery`,
      }),
  ]);
}

function draftOf(template: Template): Draft {
  return {
    text: template.messageText ?? '',
    language: template.language ?? '',
    voice: template.voiceName ?? '',
    rate: String(template.speechRate ?? 1),
    pinLength: String(template.pinLength),
    pinType: template.pinType,
    sender: template.senderId ?? '',
    repeatKey: template.repeatDTMF ?? '',
  };
}

function bodyOf(draft: Draft): object {
  return {
    messageText: draft.text,
    pinType: draft.pinType,
    pinLength: Number(draft.pinLength),
    speechRate: Number(draft.rate),
    ...(draft.language && { language: draft.language }),
    ...(draft.voice && { voiceName: draft.voice }),
    ...(draft.sender && { senderId: draft.sender }),
    ...(draft.repeatKey && { repeatDTMF: draft.repeatKey }),
  };
}

function wordingOf(draft: Draft) {
  const length = Math.round(Number(draft.pinLength));
  return {
    text: draft.text,
    speechRate: Number(draft.rate),
    pinLength: Math.min(Math.max(length || 1, 1), 32),
    pinType: draft.pinType,
    ...(draft.language && { language: draft.language }),
    ...(draft.voice && { voice: draft.voice }),
  };
}
