import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { h } from './dom.ts';
import { icon } from './icons.ts';
import { useLoad, useWork } from './load.ts';
import { button, Check, Choose, Failure, Field, Form } from './ui.ts';
import type { Carrier, Plan, PlanStep } from './wire.ts';

const MOST_STEPS = 8;

/** A step as it is being written: seconds as text, so that a field may be empty. */
interface Draft {
  readonly channel: 'sms' | 'voice';
  readonly carrier: string;
  readonly onFailure: boolean;
  readonly noReport: string;
  readonly notVerified: string;
}

const FIRST: Draft = { channel: 'sms', carrier: '', onFailure: true, noReport: '45', notVerified: '' };
const CALL: Draft = { channel: 'voice', carrier: '', onFailure: true, noReport: '', notVerified: '' };

export function PlanEditor(props: {
  readonly path: string;
  readonly plan: Plan | null;
  readonly onSaved: () => void;
}): ComponentChild {
  const { path, plan, onSaved } = props;
  const [steps, setSteps] = useState<readonly Draft[]>((plan?.steps ?? []).map(draftOf));
  const carriers = useLoad(
    'carriers',
    async () => (await api<{ carriers: Carrier[] }>('GET', '/carriers')).carriers,
  );
  const work = useWork();
  const put = (index: number, change: Partial<Draft>): void =>
    setSteps(steps.map((step, at) => (at === index ? { ...step, ...change } : step)));
  const swap = (index: number): void => {
    const moved = [...steps];
    const [one, other] = [moved[index - 1], moved[index]];
    if (one && other) moved.splice(index - 1, 2, other, one);
    setSteps(moved);
  };
  const save = (): void =>
    void work.run(async () => {
      await api('PUT', path, { steps: steps.map((step, index) => stepOf(step, index === steps.length - 1)) });
      onSaved();
    });
  const remove = (): void =>
    void work.run(async () => {
      await api('DELETE', path);
      onSaved();
    });
  if (steps.length === 0)
    return h('div', { class: 'empty' }, [
      h('p', null, 'None of its own: what the configuration says is done, or a text and then a call.'),
      button('Make a plan', { kind: 'plain', icon: 'plus', onClick: () => setSteps([FIRST, CALL]) }),
    ]);
  return h(Form, {
    onSubmit: save,
    children: [
      h(
        'ol',
        { class: 'plan' },
        steps.map((step, index) =>
          h('li', { key: index }, [
            h('fieldset', null, [
              h('legend', null, `Step ${index + 1}`),
              h('div', { class: 'two' }, [
                h(Choose, {
                  label: 'Channel',
                  value: step.channel,
                  options: [
                    { value: 'sms', label: 'SMS' },
                    { value: 'voice', label: 'Voice call' },
                  ],
                  onValue: channel =>
                    put(index, { channel: channel === 'voice' ? 'voice' : 'sms', carrier: '' }),
                }),
                h(Choose, {
                  label: 'Carrier',
                  value: step.carrier,
                  options: [
                    { value: '', label: 'As the routes say' },
                    ...(carriers.value ?? [])
                      .filter(({ channels }) => channels.includes(step.channel))
                      .map(({ name }) => ({ value: name, label: name })),
                  ],
                  onValue: carrier => put(index, { carrier }),
                }),
              ]),
              index < steps.length - 1 && nextRules(step, change => put(index, change)),
              h('div', { class: 'row-of-buttons' }, [
                index > 0 && moveButton(`Move step ${index + 1} up`, () => swap(index)),
                button('Remove', {
                  kind: 'small',
                  label: `Remove step ${index + 1}`,
                  onClick: () => setSteps(steps.filter((_, at) => at !== index)),
                }),
              ]),
            ]),
          ]),
        ),
      ),
      h(Failure, { error: work.error }),
      h('div', { class: 'row-of-buttons' }, [
        button('Save plan', { submit: true, disabled: work.busy }),
        steps.length < MOST_STEPS &&
          button('Add a step', { kind: 'plain', icon: 'plus', onClick: () => setSteps([...steps, CALL]) }),
        plan !== null && button('Remove plan', { kind: 'danger', disabled: work.busy, onClick: remove }),
      ]),
    ],
  });
}

function nextRules(step: Draft, put: (change: Partial<Draft>) => void): ComponentChild {
  return h('div', { class: 'next-rules' }, [
    h('p', { class: 'note' }, ['The next step begins', icon('down')]),
    h(Check, {
      label: 'at once when this one fails',
      checked: step.onFailure,
      onValue: onFailure => put({ onFailure }),
    }),
    h('div', { class: 'two' }, [
      h(Field, {
        label: 'without a report for (seconds)',
        type: 'number',
        value: step.noReport,
        placeholder: 'never',
        onValue: noReport => put({ noReport }),
      }),
      h(Field, {
        label: 'not verified for (seconds)',
        type: 'number',
        value: step.notVerified,
        placeholder: 'never',
        onValue: notVerified => put({ notVerified }),
      }),
    ]),
  ]);
}

function moveButton(label: string, onClick: () => void): ComponentChild {
  return h('button', { type: 'button', class: 'button small', 'aria-label': label, onClick }, [
    icon('up'),
    'Up',
  ]);
}

function draftOf({ channel, carrier, next }: PlanStep): Draft {
  return {
    channel,
    carrier: carrier ?? '',
    onFailure: next?.onFailure ?? true,
    noReport: String(next?.noReportAfterSeconds ?? ''),
    notVerified: String(next?.notVerifiedAfterSeconds ?? ''),
  };
}

function stepOf({ channel, carrier, onFailure, noReport, notVerified }: Draft, last: boolean): PlanStep {
  const start = { channel, ...(carrier !== '' && { carrier }) };
  if (last) return start;
  return {
    ...start,
    next: {
      onFailure,
      ...(noReport !== '' && { noReportAfterSeconds: Number(noReport) }),
      ...(notVerified !== '' && { notVerifiedAfterSeconds: Number(notVerified) }),
    },
  };
}
