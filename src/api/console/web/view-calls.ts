import type { ComponentChild } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { api } from './api.ts';
import { Diagram } from './diagram.ts';
import { h } from './dom.ts';
import { span } from './format.ts';
import { useLoad } from './load.ts';
import { link } from './router.ts';
import { badge, empty, Page, Panel, shownWhen, type Tone } from './ui.ts';
import { pair } from './view-verification.ts';
import type { LiveCall, Step, Verification } from './wire.ts';

const EVERY_MS = 2_000;
/** Ended dialogues go after the service has forgotten them. */
const LINGER_MS = 20_000;
const DIALLING = new Set(['sending', 'sent', 'ringing', 'answered']);

export function CallsPage({ live }: { readonly live: boolean }): ComponentChild {
  return h(Page, {
    title: 'Live calls',
    lead: live
      ? 'Calls that are under way on this node, and where each dialogue is.'
      : 'Calls that are under way, by what the carriers have said.',
    children: [live && h(Dialogues, null), h(Dialling, null)],
  });
}

function Dialogues(): ComponentChild {
  const { calls, lost } = useLiveCalls();
  const now = useNow(calls.length > 0);
  return h('div', { class: 'stack', 'aria-live': 'off' }, [
    lost && h('p', { class: 'failure', role: 'status' }, 'The stream was lost; trying again…'),
    calls.length === 0 &&
      h(Panel, {
        title: 'Dialogues',
        children: [empty('Nobody is on the phone.'), h(Diagram, { at: '', path: [] })],
      }),
    ...calls.map(call => h(CallPanel, { key: call.ref, call, now })),
  ]);
}

const CAUSES: Readonly<Record<string, string>> = {
  completed: 'completed',
  hangup: 'the phone hung up',
  'gate-failed': 'no key was pressed',
  machine: 'a machine answered',
  'call-timeout': 'it took too long',
  'media-lost': 'the line was lost',
};

function CallPanel({ call, now }: { readonly call: LiveCall; readonly now: number }): ComponentChild {
  const { to, carrier, at, since, startedAt, repeats, heard, answeredBy, gate, pinId, path, cause } = call;
  const over = at === 'ended';
  const tone: Tone = over ? 'still' : 'live';
  return h(Panel, {
    title: to,
    note: `by ${carrier}`,
    actions: badge(over ? 'ended' : 'on the phone', tone),
    class: over ? 'call over' : 'call',
    children: [
      h(Diagram, { at, path }),
      h('dl', { class: 'pairs across-pairs' }, [
        pair('On the phone', span(Math.max(0, (over ? since : now) - startedAt))),
        pair('Heard', heard),
        pair('Repeats', repeats),
        answeredBy !== 'unknown' && pair('Answered by', answeredBy),
        gate !== 'none' && pair('Gate', gate),
        cause !== undefined && pair('Ended', CAUSES[cause] ?? cause),
        pinId !== undefined &&
          pair('Verification', h('a', { href: link(`/verifications/${pinId}`) }, pinId.slice(0, 8))),
      ]),
    ],
  });
}

function useLiveCalls(): { calls: readonly LiveCall[]; lost: boolean } {
  const [calls, setCalls] = useState<readonly LiveCall[]>([]);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    const events = new EventSource('/console/api/live');
    const timers = new Set<number>();
    events.addEventListener('calls', ({ data }: MessageEvent<string>) => {
      setLost(false);
      setCalls((JSON.parse(data) as { calls: LiveCall[] }).calls.toReversed());
    });
    events.addEventListener('call', ({ data }: MessageEvent<string>) => {
      const call = JSON.parse(data) as LiveCall;
      setCalls(before => {
        const known = before.some(({ ref }) => ref === call.ref);
        return known ? before.map(each => (each.ref === call.ref ? call : each)) : [call, ...before];
      });
      if (call.at !== 'ended') return;
      const forget = (): void => setCalls(before => before.filter(({ ref }) => ref !== call.ref));
      timers.add(window.setTimeout(forget, LINGER_MS));
    });
    events.addEventListener('error', () => setLost(true));
    return () => {
      events.close();
      for (const timer of timers) clearTimeout(timer);
    };
  }, []);
  return { calls, lost };
}

function useNow(running: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!running) return undefined;
    const timer = window.setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

/** Calls by their state in the store: those of other nodes too, and those that nobody has answered. */
function Dialling(): ComponentChild {
  const loaded = useLoad(
    'dialling',
    async byItself => {
      const { verifications } = await api<{ verifications: Verification[] }>(
        'GET',
        '/v1/verifications?state=pending&limit=100',
        undefined,
        { byItself },
      );
      return verifications.flatMap(({ id, to, timeline }) => {
        const call = timeline.findLast(step => step.channel === 'voice' && DIALLING.has(step.state));
        return call ? [{ id, to, call }] : [];
      });
    },
    EVERY_MS,
  );
  return h(Panel, {
    title: 'What the carriers say',
    note: 'Of the newest hundred pending verifications, every two seconds.',
    children: shownWhen(loaded, calls =>
      calls.length === 0
        ? empty('No call is under way.')
        : h(
            'ul',
            { class: 'plain-list' },
            calls.map(({ id, to, call }) =>
              h('li', { key: id }, [
                h('a', { class: 'figures strong', href: link(`/verifications/${id}`) }, to),
                h('span', { class: 'note grow' }, via(call)),
                badge(call.state),
              ]),
            ),
          ),
    ),
  });
}

function via({ carrier, at }: Step): string {
  return `${carrier ?? ''} · ${span(Math.max(0, Date.now() - Date.parse(at)))}`;
}
