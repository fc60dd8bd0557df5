import type { ComponentChild, ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

import type { ApiError } from './api.ts';
import { h } from './dom.ts';
import { icon, type IconName } from './icons.ts';
import type { Loaded } from './load.ts';
import { CHANNEL_NAMES, words } from './format.ts';

export interface PageProps {
  readonly title: string;
  /** Above the title: where one came from. */
  readonly back?: { readonly href: string; readonly label: string };
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** Every page begins with its title, which gets the focus when one comes to it. */
export function Page({ title, back, lead, actions, children }: PageProps): ComponentChild {
  return h('div', { class: 'page-body' }, [
    h('header', { class: 'page-head' }, [
      h('div', { class: 'grow' }, [
        back && h('a', { class: 'back', href: back.href }, `‹ ${back.label}`),
        h('h1', { tabIndex: -1 }, title),
        lead !== undefined && h('p', { class: 'lead' }, lead),
      ]),
      actions !== undefined && h('div', { class: 'page-actions' }, actions),
    ]),
    children,
  ]);
}

export function Panel(props: {
  readonly title?: string;
  readonly note?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly class?: string;
  readonly children?: ComponentChildren;
}): ComponentChild {
  const { title, note, actions, children } = props;
  return h('section', { class: `panel ${props.class ?? ''}`.trim(), 'aria-label': title }, [
    title !== undefined &&
      h('div', { class: 'panel-head' }, [
        h('div', { class: 'grow' }, [
          h('h2', null, title),
          note !== undefined && h('p', { class: 'note' }, note),
        ]),
        actions,
      ]),
    children,
  ]);
}

export interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly type?: 'text' | 'tel' | 'password' | 'number' | 'url' | 'datetime-local';
  readonly rows?: number;
  readonly placeholder?: string;
  readonly autocomplete?: string;
  readonly required?: boolean;
  readonly disabled?: boolean;
  readonly step?: string;
  readonly maxLength?: number;
  readonly class?: string;
}

/** A line (or, with `rows`, some lines) of text with its label, and what is wrong with it. */
export function Field(props: FieldProps): ComponentChild {
  const id = useId();
  const { label, value, onValue, hint, error, rows, type = 'text' } = props;
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(
    Boolean,
  );
  const shared = {
    id,
    value,
    placeholder: props.placeholder,
    required: props.required,
    disabled: props.disabled,
    maxLength: props.maxLength,
    spellcheck: false,
    'aria-invalid': error === undefined ? undefined : ('true' as const),
    'aria-describedby': described.length > 0 ? described.join(' ') : undefined,
  };
  return h('div', { class: `field ${props.class ?? ''}`.trim() }, [
    h('label', { for: id }, label),
    rows === undefined
      ? h('input', {
          ...shared,
          // The types of preact are one for each type of input.
          type: type as 'text',
          autocomplete: (props.autocomplete ?? 'off') as 'off',
          step: props.step,
          onInput: event => onValue(event.currentTarget.value),
        })
      : h('textarea', { ...shared, rows, onInput: event => onValue(event.currentTarget.value) }),
    hint !== undefined && h('small', { id: `${id}-hint` }, hint),
    error !== undefined && h('small', { id: `${id}-error`, class: 'failure' }, error),
  ]);
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

export function Choose(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onValue: (value: string) => void;
  readonly hint?: string;
  readonly hideLabel?: boolean;
}): ComponentChild {
  const id = useId();
  const { label, value, options, onValue, hint } = props;
  return h('div', { class: 'field' }, [
    h('label', { for: id, class: props.hideLabel === true ? 'out-of-sight' : undefined }, label),
    h(
      'select',
      {
        id,
        value,
        onChange: event => onValue(event.currentTarget.value),
        'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
      },
      options.map(option =>
        h(
          'option',
          { key: option.value, value: option.value, selected: option.value === value },
          option.label,
        ),
      ),
    ),
    hint !== undefined && h('small', { id: `${id}-hint` }, hint),
  ]);
}

export function Check(props: {
  readonly label: string;
  readonly checked: boolean;
  readonly onValue: (checked: boolean) => void;
}): ComponentChild {
  return h('label', { class: 'check' }, [
    h('input', {
      type: 'checkbox',
      checked: props.checked,
      onChange: event => props.onValue(event.currentTarget.checked),
    }),
    h('span', null, props.label),
  ]);
}

export function button(
  label: string,
  props: {
    readonly onClick?: () => void;
    readonly kind?: 'main' | 'plain' | 'danger' | 'small';
    readonly icon?: IconName;
    readonly submit?: boolean;
    readonly disabled?: boolean;
    readonly label?: string;
  },
): ComponentChild {
  return h(
    'button',
    {
      type: props.submit === true ? 'submit' : 'button',
      class: `button ${props.kind ?? 'main'}`,
      disabled: props.disabled,
      'aria-label': props.label,
      onClick: props.onClick && (() => props.onClick?.()),
    },
    [props.icon && icon(props.icon), label],
  );
}

/** A form whose button or Enter does `onSubmit`. */
export function Form(props: {
  readonly onSubmit: () => void;
  readonly class?: string;
  readonly children?: ComponentChildren;
}): ComponentChild {
  return h(
    'form',
    {
      class: props.class ?? 'form',
      noValidate: true,
      onSubmit: event => {
        event.preventDefault();
        props.onSubmit();
      },
    },
    props.children,
  );
}

export function Failure({ error }: { readonly error: ApiError | undefined }): ComponentChild {
  return error && h('p', { class: 'failure', role: 'alert' }, error.message);
}

/** What is loaded, or that it is not there yet, or why it never will be. */
export function shownWhen<Value>(
  loaded: Loaded<Value>,
  show: (value: Value) => ComponentChildren,
): ComponentChildren {
  if (loaded.value !== undefined) return show(loaded.value);
  if (!loaded.error) return h('p', { class: 'loading', 'aria-busy': 'true' }, 'Loading…');
  const { status } = loaded.error;
  if (status === 403) return h('p', { class: 'empty' }, 'The key that you signed in with may not see this.');
  return h('div', { class: 'empty' }, [
    h('p', { role: 'alert' }, status === 404 ? 'There is no such thing here.' : loaded.error.message),
    button('Try again', { kind: 'plain', onClick: loaded.reload }),
  ]);
}

export function empty(text: ComponentChildren): ComponentChild {
  return h('p', { class: 'empty' }, text);
}

export type Tone = 'good' | 'bad' | 'warm' | 'live' | 'still';

const TONES: Readonly<Record<string, Tone>> = {
  verified: 'good',
  delivered: 'good',
  pending: 'live',
  sending: 'live',
  sent: 'live',
  ringing: 'live',
  answered: 'live',
  exhausted: 'bad',
  failed: 'bad',
  undelivered: 'bad',
  undeliverable: 'bad',
  skipped: 'warm',
  unclear: 'warm',
  superseded: 'warm',
};

export function badge(state: string, tone: Tone = TONES[state] ?? 'still'): ComponentChild {
  return h('span', { class: `badge ${tone}` }, words(state));
}

export function channelTag(channel: keyof typeof CHANNEL_NAMES): ComponentChild {
  return h('span', { class: `channel ${channel}` }, CHANNEL_NAMES[channel]);
}

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Left out where the page is narrow. */
  readonly wide?: boolean;
  readonly number?: boolean;
}

export function Table<Row>(props: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}): ComponentChild {
  const { label, columns, rows, keyOf } = props;
  const classOf = (column: Column<Row>): string =>
    [column.wide === true && 'wide', column.number === true && 'number'].filter(Boolean).join(' ');
  return h('div', { class: 'table-box' }, [
    h('table', { 'aria-label': label }, [
      h('thead', null, [
        h(
          'tr',
          null,
          columns.map(column =>
            h('th', { key: column.head, scope: 'col', class: classOf(column) }, [
              column.head === '' ? h('span', { class: 'out-of-sight' }, 'Actions') : column.head,
            ]),
          ),
        ),
      ]),
      h(
        'tbody',
        null,
        rows.map(row =>
          h(
            'tr',
            { key: keyOf(row) },
            columns.map(column => h('td', { key: column.head, class: classOf(column) }, column.cell(row))),
          ),
        ),
      ),
    ]),
  ]);
}

/** Something that is shown once: to be copied now. */
export function Secret({ label, value }: { readonly label: string; readonly value: string }): ComponentChild {
  return h('div', { class: 'secret', role: 'status' }, [
    h('p', null, [h('b', null, label), ' It is shown this once: copy it now.']),
    h('code', null, value),
    button('Copy', { kind: 'plain', onClick: () => void navigator.clipboard.writeText(value) }),
  ]);
}
