import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { captionsOf } from './captions.ts';
import { h } from './dom.ts';
import { minutes } from './format.ts';
import type { PhoneClient } from './phone-client.ts';
import { Waveform } from './waveform.ts';
import type { Call } from './wire.ts';

/** The call as it goes, or the last one: captions of who did what, and the whole of its sound so far. */
export function ProgressPanel({ client }: { client: PhoneClient }): ComponentChild {
  const { calls, number } = client.state;
  const list = useRef<HTMLDivElement>(null);
  const call = calls.findLast(({ state }) => state !== 'queued' && state !== 'dialing');
  const track = call && client.track(call);
  const captions = call ? captionsOf(call, track?.activity ?? []) : [];
  useEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [captions.length]);
  const live = call !== undefined && call.state !== 'ended';
  return h('section', { class: 'panel progress', 'aria-label': `Progress of calls to ${number}` }, [
    h('h3', null, ['Call progress', h('span', { class: live ? 'lamp on' : 'lamp' }, progressLabel(call))]),
    call === undefined &&
      h('p', { class: 'quiet' }, 'Nothing yet. What happens on a call appears here as it happens.'),
    track !== undefined &&
      track.peaks.length > 0 &&
      h(Waveform, {
        peaks: track.peaks,
        keys: call?.keys ?? [],
        ...(live && { windowMs: Math.max(10_000, track.peaks.length * 20) }),
      }),
    h(
      'div',
      { class: 'captions', role: 'log', 'aria-label': 'Captions', tabIndex: 0, ref: list },
      h(
        'ol',
        null,
        captions.map(({ kind, text, ms }, index) =>
          h('li', { key: index, class: `is-${kind}` }, [
            h('time', { class: 'figures' }, minutes(ms / 1000)),
            h('span', null, text),
          ]),
        ),
      ),
    ),
  ]);
}

function progressLabel(call: Call | undefined): string {
  if (call === undefined) return '';
  return call.state === 'ended' ? 'Last call' : 'Live';
}
