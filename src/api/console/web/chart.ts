import type { ComponentChild } from 'preact';

import { h } from './dom.ts';

/** Charts of plain boxes: they scale with the page, take its colours, and need no library of a hundred kilobytes. */

export interface Series {
  readonly name: string;
  /** A class with a colour of its own in the style sheet. */
  readonly tone: string;
}

export interface Bar {
  readonly label: string;
  /** One a series, from the bottom up. */
  readonly values: readonly number[];
}

/** Stacked bars over time, with a scale, and all figures as a table for whoever cannot see them. */
export function BarChart(props: {
  readonly label: string;
  readonly series: readonly Series[];
  readonly bars: readonly Bar[];
}): ComponentChild {
  const { label, series, bars } = props;
  const top = niceTop(Math.max(0, ...bars.map(total)));
  const every = Math.max(1, Math.ceil(bars.length / 6));
  return h('figure', { class: 'chart' }, [
    h('figcaption', { class: 'legend' }, [
      h('span', { class: 'out-of-sight' }, `${label}. `),
      ...series.map(({ name, tone }) => h('span', { key: name, class: `key ${tone}` }, name)),
    ]),
    h('div', { class: 'plot', 'aria-hidden': 'true' }, [
      h('div', { class: 'scale' }, [h('span', null, top), h('span', null, top / 2), h('span', null, 0)]),
      h(
        'div',
        { class: 'bars' },
        bars.map((bar, index) =>
          h('div', { key: index, class: 'bar' }, [
            h('div', { class: 'tip' }, [
              h('b', null, bar.label),
              ...series.map(({ name, tone }, at) =>
                h('span', { class: `key ${tone}` }, `${bar.values[at] ?? 0} ${name}`),
              ),
            ]),
            ...bar.values.map(
              (value, at) =>
                value > 0 &&
                h('i', { class: series[at]?.tone, style: { height: `${(100 * value) / top}%` } }),
            ),
            index % every === 0 && h('span', { class: 'tick' }, bar.label),
          ]),
        ),
      ),
    ]),
    h('table', { class: 'out-of-sight' }, [
      h('caption', null, label),
      h(
        'thead',
        null,
        h('tr', null, [
          h('th', { scope: 'col' }, 'From'),
          ...series.map(({ name }) => h('th', { scope: 'col' }, name)),
        ]),
      ),
      h(
        'tbody',
        null,
        bars
          .filter(bar => total(bar) > 0)
          .map(bar =>
            h('tr', { key: bar.label }, [
              h('th', { scope: 'row' }, bar.label),
              ...bar.values.map(value => h('td', null, value)),
            ]),
          ),
      ),
    ]),
  ]);
}

export interface Share {
  readonly name: ComponentChild;
  readonly key: string;
  readonly part: number;
  readonly whole: number;
  readonly tone?: string;
}

/** How much of each came to be, the longest bar being the largest whole. */
export function Shares({
  shares,
  what,
}: {
  readonly shares: readonly Share[];
  readonly what: string;
}): ComponentChild {
  const most = Math.max(1, ...shares.map(({ whole }) => whole));
  return h(
    'ul',
    { class: 'shares' },
    shares.map(({ name, key, part, whole, tone = 'main' }) =>
      h('li', { key }, [
        h('span', { class: 'share-name' }, name),
        h('span', { class: 'track', 'aria-hidden': 'true' }, [
          h('i', { class: 'whole', style: { width: `${(100 * whole) / most}%` } }),
          h('i', { class: tone, style: { width: `${(100 * part) / most}%` } }),
        ]),
        h('span', { class: 'share-figure figures' }, [
          h('b', null, whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`),
          ` ${part} of ${whole}`,
          h('span', { class: 'out-of-sight' }, ` ${what}`),
        ]),
      ]),
    ),
  );
}

function total({ values }: Bar): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The next 2, 4, 10, 20, 40, 100 …: half of it is whole, too. */
function niceTop(most: number): number {
  for (let power = 1; ; power *= 10)
    for (const step of [2, 4, 10]) if (step * power >= most) return step * power;
}
