import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { CHOICES } from './behaviour.ts';
import { control } from './control.ts';
import { h } from './dom.ts';
import { icon, type IconName } from './icons.ts';
import type { PhoneClient } from './phone-client.ts';
import { currentCall } from './phone-state.ts';
import { BehaviourPanel } from './view-behaviour.ts';
import { Ended, Ringing, Talking, useTick } from './view-call.ts';
import { CallLog, MailBox, Texts } from './view-lists.ts';
import { ProgressPanel } from './view-progress.ts';
import type { Call } from './wire.ts';

type Tab = 'phone' | 'calls' | 'texts' | 'mail';

const TABS: readonly { readonly tab: Tab; readonly label: string; readonly icon: IconName }[] = [
  { tab: 'phone', label: 'Phone', icon: 'handset' },
  { tab: 'calls', label: 'Calls', icon: 'clock' },
  { tab: 'texts', label: 'Messages', icon: 'message' },
  { tab: 'mail', label: 'Mail', icon: 'mail' },
];
const CLOCK_MS = 10_000;
/** How long a call that is over stays on the screen. */
const ENDED_MS = 6_000;

/** One phone on the table: the device, and beside it what only a tester sees. */
export function PhoneStation(props: {
  client: PhoneClient;
  /** The phone that the keyboard belongs to. */
  active: boolean;
  pressedKey: string | undefined;
  onTouch: () => void;
  onRemove: (() => void) | undefined;
}): ComponentChild {
  const { client } = props;
  const [, changed] = useState(0);
  useEffect(() => client.onChange(() => changed(count => count + 1)), [client]);
  const { state } = client;
  return h(
    'article',
    {
      class: props.active ? 'station active' : 'station',
      'aria-label': `Phone ${state.display}`,
      onPointerDown: props.onTouch,
      onFocusCapture: props.onTouch,
    },
    [
      h('header', { class: 'station-head' }, [
        h('h2', { class: 'figures' }, state.display),
        h('span', null, state.connected ? state.country : 'No connection to the simulator…'),
        props.onRemove &&
          h(
            'button',
            {
              type: 'button',
              class: 'bare',
              'aria-label': `Put ${state.display} away`,
              onClick: props.onRemove,
            },
            icon('close'),
          ),
      ]),
      h(Device, { client, pressedKey: props.active ? props.pressedKey : undefined }),
      h(ProgressPanel, { client }),
      h(BehaviourPanel, { client }),
    ],
  );
}

function Device({
  client,
  pressedKey,
}: {
  client: PhoneClient;
  pressedKey: string | undefined;
}): ComponentChild {
  const [tab, setTab] = useState<Tab>('phone');
  const { state } = client;
  const call = currentCall(state);
  useEffect(() => {
    if (call) setTab('phone');
  }, [call?.id]);
  const known = state.behaviour !== undefined;
  const missed = state.calls.filter(call => call.state === 'ended' && call.answeredAt === null);
  const counts: Readonly<Record<Tab, number>> = {
    phone: 0,
    calls: useUnseen(known ? missed.length : undefined, tab === 'calls'),
    texts: useUnseen(known ? state.messages.length : undefined, tab === 'texts'),
    mail: useUnseen(known ? state.mails.length : undefined, tab === 'mail'),
  };
  const ended = useJustEnded(client);
  const inCall = tab === 'phone' && call !== undefined;
  const stage = (shown: Call | undefined): ComponentChild => {
    switch (shown?.state) {
      case 'ringing':
        return h(Ringing, { key: shown.id, client, call: shown });
      case 'answered':
        return h(Talking, { key: shown.id, client, call: shown, pressed: pressedKey });
      case 'ended':
        return h(Ended, { call: shown, onReplay: () => setTab('calls') });
      default:
        return h(Home, { client });
    }
  };
  return h(
    'section',
    { class: inCall ? 'device in-call' : 'device', 'aria-label': `Screen of ${state.display}` },
    h('div', { class: 'screen' }, [
      h(StatusBar, { network: state.country }),
      h('div', { class: 'content' }, [
        tab === 'phone' && stage(call ?? ended),
        tab === 'calls' && titled('Calls', h(CallLog, { calls: state.calls })),
        tab === 'texts' && titled('Messages', h(Texts, { messages: state.messages })),
        tab === 'mail' && titled('Mail', h(MailBox, { mails: state.mails })),
      ]),
      h(
        'nav',
        { class: 'tabs', 'aria-label': `Apps of ${state.display}` },
        TABS.map(entry =>
          h(
            'button',
            {
              key: entry.tab,
              type: 'button',
              class: tab === entry.tab ? 'tab on' : 'tab',
              'aria-current': tab === entry.tab ? 'page' : undefined,
              onClick: () => setTab(entry.tab),
            },
            [
              icon(entry.icon),
              h('span', null, entry.label),
              counts[entry.tab] > 0 &&
                h('em', { class: 'badge figures' }, [
                  counts[entry.tab],
                  h('span', { class: 'out-of-sight' }, ' new'),
                ]),
            ],
          ),
        ),
      ),
    ]),
  );
}

function StatusBar({ network }: { network: string | null }): ComponentChild {
  useTick(CLOCK_MS);
  const time = new Date().toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return h('div', { class: 'status' }, [
    h('b', { class: 'figures' }, time),
    h('span', null, network ?? 'No network'),
  ]);
}

function Home({ client }: { client: PhoneClient }): ComponentChild {
  const { state } = client;
  const last = state.calls.at(-1);
  const [failure, setFailure] = useState<string>();
  const ring = (): void => {
    setFailure(undefined);
    control('POST', `/phones/${encodeURIComponent(state.number)}/ring`).catch((error: unknown) =>
      setFailure(error instanceof Error ? error.message : 'it does not ring'),
    );
  };
  return h('div', { class: 'stage home' }, [
    h('div', { class: 'rings', 'aria-hidden': 'true' }, [h('i'), h('i'), h('i')]),
    h('p', { class: 'over' }, 'This phone is'),
    h('p', { class: 'number figures' }, state.display),
    h('p', { class: 'under' }, idleText(state.behaviour?.outcome, last)),
    h(
      'button',
      { type: 'button', class: 'button', onClick: ring, disabled: !state.connected },
      'Place a test call',
    ),
    failure !== undefined && h('p', { class: 'failure', role: 'alert' }, failure),
  ]);
}

function idleText(outcome: string | undefined, last: Call | undefined): string {
  if (outcome === undefined) return 'Connecting…';
  if (last && (last.state === 'queued' || last.state === 'dialing')) return 'Somebody is dialling…';
  if (outcome === 'manual') return 'Waiting for a call';
  const choice = CHOICES.find(({ outcome: known }) => known === outcome);
  return `Set to “${choice?.label ?? outcome}”`;
}

function titled(title: string, content: ComponentChild): ComponentChild {
  return h('div', { class: 'app' }, [h('h3', null, title), content]);
}

/** How many came since this was last looked at, or since the page was opened; undefined before anything is known. */
function useUnseen(count: number | undefined, looking: boolean): number {
  const seen = useRef<number>(undefined);
  if (count === undefined) return 0;
  if (looking || seen.current === undefined || count < seen.current) seen.current = count;
  return count - seen.current;
}

/** The call that was over a moment ago while this page watched. */
function useJustEnded(client: PhoneClient): Call | undefined {
  const current = currentCall(client.state)?.id;
  const [watched, setWatched] = useState<string>();
  useEffect(() => {
    if (current !== undefined) {
      setWatched(current);
      return undefined;
    }
    const timer = setTimeout(() => setWatched(undefined), ENDED_MS);
    return () => clearTimeout(timer);
  }, [current]);
  return client.state.calls.find(({ id, state }) => id === watched && state === 'ended');
}
