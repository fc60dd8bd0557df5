import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { ApiError, session } from './api.ts';
import { h } from './dom.ts';
import { useWork } from './load.ts';
import { button, Field, Form } from './ui.ts';
import type { SessionView } from './wire.ts';

export function SignIn({ onSignedIn }: { onSignedIn: (about: SessionView) => void }): ComponentChild {
  const [key, setKey] = useState('');
  const work = useWork();
  const submit = (): void =>
    void work.run(async () => {
      if (key.trim() === '') throw new ApiError(400, 'Enter an API key.');
      onSignedIn(await session.begin(key));
    });
  const refused =
    work.error?.status === 401 ? 'There is no such key, or it was revoked.' : work.error?.message;
  return h('main', { class: 'sign-in' }, [
    h('div', { class: 'sign-in-card' }, [
      h('img', { src: '/console/web/icon.svg', alt: '', width: 52, height: 52 }),
      h('h1', null, 'Saypin console'),
      h(
        'p',
        { class: 'lead' },
        'Sign in with an API key. The page never keeps it: you get a session that ends with the browser.',
      ),
      h(Form, {
        onSubmit: submit,
        children: [
          h(Field, {
            label: 'API key',
            type: 'password',
            value: key,
            onValue: setKey,
            autocomplete: 'current-password',
            error: refused,
            required: true,
          }),
          button(work.busy ? 'Signing in…' : 'Sign in', { submit: true, disabled: work.busy }),
        ],
      }),
      h('p', { class: 'note' }, [
        'The first key was made at the first start: the line that the service printed says where it is. More are made under ',
        h('b', null, 'API keys'),
        '.',
      ]),
    ]),
  ]);
}
