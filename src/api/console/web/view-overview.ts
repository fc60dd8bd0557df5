import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

import { api } from './api.ts';
import { BarChart, Shares } from './chart.ts';
import { h } from './dom.ts';
import { CHANNEL_NAMES, country, percent, span, words } from './format.ts';
import { useLoad } from './load.ts';
import { link } from './router.ts';
import { Choose, Page, Panel, shownWhen } from './ui.ts';
import type { Activity, Channel } from './wire.ts';

const EVERY_MS = 15_000;
export const RANGES = [
  { value: 'hour', label: 'Last hour' },
  { value: 'day', label: 'Last 24 hours' },
  { value: 'week', label: 'Last 7 days' },
  { value: 'month', label: 'Last 30 days' },
] as const;

export function OverviewPage(): ComponentChild {
  const [range, setRange] = useState('day');
  const loaded = useLoad(
    range,
    byItself => api<Activity>('GET', `/activity?range=${range}`, undefined, { byItself }),
    EVERY_MS,
  );
  return h(Page, {
    title: 'Overview',
    lead: 'How PINs are delivered, and how many come back right.',
    actions: h(Choose, { label: 'Range', hideLabel: true, value: range, options: RANGES, onValue: setRange }),
    children: shownWhen(loaded, activity => [figures(activity), charts(activity)]),
  });
}

function figures(activity: Activity): ComponentChild {
  const { verifications, states, medianVerifyMs, channels, heard, undeliverable } = activity;
  const over = verifications - (states.pending ?? 0);
  const sends = channels.reduce((sum, { sends }) => sum + sends, 0);
  const delivered = channels.reduce((sum, each) => sum + each.delivered, 0);
  const calls = Object.values(heard).reduce((sum, count) => sum + count, 0);
  return h('dl', { class: 'tiles' }, [
    tile('Verifications', String(verifications), `${states.pending ?? 0} pending`),
    tile('Verified', percent(states.verified ?? 0, over), `${states.verified ?? 0} of ${over} that are over`),
    tile('Delivered', percent(delivered, sends), `${delivered} of ${sends} sends`),
    tile('Heard in full', percent(heard.full ?? 0, calls), `${heard.full ?? 0} of ${calls} calls`),
    tile(
      'Median time',
      medianVerifyMs === undefined ? '–' : span(medianVerifyMs),
      'from request to right PIN',
    ),
    tile('Undeliverable', String(undeliverable), 'no step of their plan was left'),
  ]);
}

function tile(name: string, figure: string, note: string): ComponentChild {
  return h('div', { class: 'tile' }, [
    h('dt', null, name),
    h('dd', { class: 'figure figures' }, figure),
    h('dd', { class: 'note' }, note),
  ]);
}

function charts(activity: Activity): ComponentChild {
  const { buckets, channels, countries, complete, verifications, states } = activity;
  if (verifications === 0)
    return h('div', { class: 'empty' }, [
      h('p', null, 'Nothing was sent in this time.'),
      h('a', { class: 'button main', href: link('/send') }, 'Send a test PIN'),
    ]);
  const label = (at: string): string => labelOf(at, activity.bucketMs);
  return h('div', { class: 'grid' }, [
    !complete &&
      h('p', { class: 'note across' }, `More than that happened: these are the newest ${verifications}.`),
    h(Panel, {
      title: 'Verifications',
      note: 'By when they were asked for.',
      class: 'across',
      children: h(BarChart, {
        label: 'Verifications by when they were asked for',
        series: [
          { name: 'verified', tone: 'main' },
          { name: 'not verified', tone: 'rest' },
        ],
        bars: buckets.map(({ at, started, verified }) => ({
          label: label(at),
          values: [verified, started - verified],
        })),
      }),
    }),
    h(Panel, {
      title: 'Deliveries by channel',
      note: 'Every text, call and mail that was begun.',
      children: h(BarChart, {
        label: 'Deliveries by channel',
        series: CHANNELS.map(channel => ({ name: CHANNEL_NAMES[channel], tone: channel })),
        bars: buckets.map(({ at, sent }) => ({
          label: label(at),
          values: CHANNELS.map(channel => sent[channel]),
        })),
      }),
    }),
    h(Panel, {
      title: 'Arrived',
      note: 'The carrier says so, or the whole code was heard.',
      children: h(Shares, {
        what: 'arrived',
        shares: channels
          .filter(({ sends }) => sends > 0)
          .map(({ channel, delivered, sends }) => {
            return {
              key: channel,
              name: CHANNEL_NAMES[channel],
              part: delivered,
              whole: sends,
              tone: channel,
            };
          }),
      }),
    }),
    h(Panel, {
      title: 'Conversion by country',
      note: 'Verified, of all that were asked for.',
      children: h(Shares, {
        what: 'verified',
        shares: countries.map(each => {
          return { key: each.country, name: country(each.country), part: each.verified, whole: each.started };
        }),
      }),
    }),
    h(Panel, {
      title: 'How they ended',
      children: h(
        'ul',
        { class: 'plain-list' },
        Object.entries(states).map(([state, count]) =>
          h('li', { key: state }, [
            h('a', { href: link(`/verifications?state=${state}`) }, words(state)),
            h('b', { class: 'figures' }, count),
          ]),
        ),
      ),
    }),
  ]);
}

const CHANNELS: readonly Channel[] = ['sms', 'voice', 'email'];
const DAY_MS = 86_400_000;

function labelOf(at: string, bucketMs: number): string {
  const date = new Date(at);
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (bucketMs >= DAY_MS) return day;
  return bucketMs > 3_600_000 ? `${day}, ${time}` : time;
}
