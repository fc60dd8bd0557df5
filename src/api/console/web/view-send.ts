import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { h } from './dom.ts';
import { languageName } from './format.ts';
import { useLoad } from './load.ts';
import { Preview } from './preview.ts';
import { SpeechRate } from './speech-rate.ts';
import { TestSend } from './test-send.ts';
import { Choose, Field, Page, Panel, shownWhen } from './ui.ts';
import type { Voices } from './wire.ts';

/** Words that are tried out without being kept. */
export function SendPage({ simulatorUrl }: { readonly simulatorUrl?: string | undefined }): ComponentChild {
  const loaded = useLoad('voices', () => api<Voices>('GET', '/voices'));
  return h(Page, {
    title: 'Send a test',
    lead: 'Words of the moment, heard here first and then by a phone. Nothing is kept but the verification.',
    children: shownWhen(loaded, voices => h(Try, { voices, simulatorUrl })),
  });
}

function Try({
  voices,
  simulatorUrl,
}: {
  readonly voices: Voices;
  readonly simulatorUrl?: string | undefined;
}): ComponentChild {
  const [text, setText] = useState('Hello. Your code is,, {{pin}}.');
  const [language, setLanguage] = useState(voices.defaultLanguage);
  const [voice, setVoice] = useState('');
  const [rate, setRate] = useState('1');
  const speakers = voices.voices.filter(each => each.language === language);
  const pinLength = 6;
  const shared = { text, language, speechRate: Number(rate), pinLength, ...(voice && { voice }) };
  return h('div', { class: 'grid editor' }, [
    h('div', { class: 'stack' }, [
      h(Panel, {
        title: 'Words',
        children: h('div', { class: 'form' }, [
          h(Field, {
            label: 'Text',
            rows: 3,
            value: text,
            onValue: setText,
            maxLength: 1_400,
            class: 'prose',
          }),
          h('div', { class: 'two' }, [
            h(Choose, {
              label: 'Language',
              value: language,
              options: voices.languages.map(code => ({ value: code, label: languageName(code) })),
              onValue: code => {
                setLanguage(code);
                setVoice('');
              },
            }),
            h(Choose, {
              label: 'Voice',
              value: voice,
              options: [
                { value: '', label: 'Default voice' },
                ...speakers.map(({ name }) => ({ value: name, label: name })),
              ],
              onValue: setVoice,
            }),
          ]),
          h(SpeechRate, { value: rate, onValue: setRate }),
        ]),
      }),
      h(TestSend, { simulatorUrl, request: { ...shared, repeatKey: '1' }, note: 'Key 1 repeats it.' }),
    ]),
    h(Preview, { wording: { ...shared, pinType: 'NUMERIC' } }),
  ]);
}
