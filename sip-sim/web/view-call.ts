import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { endingOf } from './captions.ts';
import { h } from './dom.ts';
import { minutes } from './format.ts';
import { icon } from './icons.ts';
import type { PhoneClient } from './phone-client.ts';
import { Waveform } from './waveform.ts';
import type { Call } from './wire.ts';

const LIVE_WINDOW_MS = 6_000;
const PRESSED_MS = 160;

const KEYS: readonly (readonly [key: string, letters: string])[] = [
  ['1', ''],
  ['2', 'ABC'],
  ['3', 'DEF'],
  ['4', 'GHI'],
  ['5', 'JKL'],
  ['6', 'MNO'],
  ['7', 'PQRS'],
  ['8', 'TUV'],
  ['9', 'WXYZ'],
  ['*', ''],
  ['0', '+'],
  ['#', ''],
];
const NAMES: Readonly<Record<string, string>> = { '*': 'star', '#': 'hash' };

export function Ringing({ client, call }: { client: PhoneClient; call: Call }): ComponentChild {
  return h('div', { class: 'stage call ringing' }, [
    h('div', { class: 'caller' }, [
      h('p', { class: 'over' }, 'Incoming call'),
      h('h2', null, call.fromDisplay),
      h('p', { class: 'under' }, call.fromCountry ?? 'Unknown place'),
    ]),
    h('div', { class: 'waves', 'aria-hidden': 'true' }, [
      h('i'),
      h('i'),
      h('i'),
      h('b', null, icon('handset')),
    ]),
    h('div', { class: 'actions' }, [
      action('decline', 'Decline', () => client.decline()),
      action('answer', 'Answer', () => client.answer()),
    ]),
  ]);
}

export function Talking({
  client,
  call,
  pressed,
}: {
  client: PhoneClient;
  call: Call;
  /** The key that the keyboard holds down. */
  pressed: string | undefined;
}): ComponentChild {
  const [muted, setMuted] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useTick(500);
  // The button that answered is gone; the keyboard goes on from here.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const answered = call.answeredAt === null ? Date.now() : Date.parse(call.answeredAt);
  const seconds = ((Date.now() - answered) / 1000) * client.state.speed;
  const behind = client.state.speed === 1 ? client.speaker.behindMs() : undefined;
  return h('div', { class: 'stage call talking' }, [
    h('div', { class: 'caller' }, [
      h('h2', { ref: heading, tabIndex: -1 }, call.fromDisplay),
      h('p', { class: 'under figures' }, minutes(seconds)),
    ]),
    h(Waveform, { peaks: client.track(call)?.peaks ?? [], keys: call.keys, windowMs: LIVE_WINDOW_MS }),
    h(
      'p',
      { class: 'pressed figures', 'aria-label': 'Keys pressed' },
      call.keys.map(({ key }) => key).join(' '),
    ),
    h(
      'div',
      { class: 'keypad', role: 'group', 'aria-label': 'Keypad' },
      KEYS.map(([key, letters]) => h(Key, { key, name: key, letters, down: pressed === key, client })),
    ),
    h('div', { class: 'actions three' }, [
      h(
        'button',
        {
          type: 'button',
          class: 'round ghost',
          'aria-pressed': muted,
          'aria-label': 'Mute the loudspeaker',
          onClick: () => {
            client.speaker.mute(!muted);
            setMuted(!muted);
          },
        },
        icon(muted ? 'muted' : 'speaker'),
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'round decline',
          'aria-label': 'Hang up',
          onClick: () => void client.hangUp(),
        },
        icon('handset'),
      ),
      h('span', { class: 'behind figures' }, soundText(client.state.speed, behind)),
    ]),
  ]);
}

/** For a moment after the call. */
export function Ended({ call, onReplay }: { call: Call; onReplay: () => void }): ComponentChild {
  const talked = call.answeredAt !== null;
  return h('div', { class: 'stage over-now' }, [
    h('p', { class: 'over' }, endingOf(call)),
    h('h2', { class: 'figures' }, call.fromDisplay),
    h('p', { class: 'under figures' }, talked ? minutes(call.secondsRecorded) : ''),
    talked && h('button', { type: 'button', class: 'button', onClick: onReplay }, 'Listen again'),
  ]);
}

function Key(props: { name: string; letters: string; down: boolean; client: PhoneClient }): ComponentChild {
  const [down, setDown] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return h(
    'button',
    {
      type: 'button',
      class: down || props.down ? 'key down' : 'key',
      'aria-label': NAMES[props.name],
      onClick: () => {
        void props.client.press(props.name);
        setDown(true);
        timer.current = window.setTimeout(() => setDown(false), PRESSED_MS);
      },
    },
    h('b', { 'data-letters': props.letters }, props.name),
  );
}

function soundText(speed: number, behindMs: number | undefined): string {
  if (speed !== 1) return `${speed}× speed, no sound`;
  return behindMs === undefined ? '' : `${Math.round(behindMs / 10) * 10} ms behind`;
}

function action(kind: 'answer' | 'decline', label: string, act: () => Promise<void>): ComponentChild {
  return h('button', { type: 'button', class: 'action', onClick: () => void act() }, [
    h('span', { class: `round ${kind}` }, icon('handset')),
    h('span', null, label),
  ]);
}

/** Draws again every so many ms, for what changes by itself. */
export function useTick(ms: number): void {
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again(count => count + 1), ms);
    return () => clearInterval(timer);
  }, [ms]);
}
