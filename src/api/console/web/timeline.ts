import type { ComponentChild } from 'preact';

import { h } from './dom.ts';
import { CHANNEL_NAMES, clockTime, span, words } from './format.ts';
import { badge } from './ui.ts';
import type { Step, Verification } from './wire.ts';

const TRIGGERS: Readonly<Record<string, string>> = {
  first: 'first step',
  failure: 'the step before failed',
  'no-report': 'no report came in time',
  'not-verified': 'not verified in time',
  request: 'somebody asked for it',
  resend: 'sent again',
};

const HEARD: Readonly<Record<string, string>> = {
  full: 'the whole code was heard',
  partial: 'a part of the code was heard',
  none: 'nothing of the code was heard',
  unknown: 'nobody can tell what was heard',
};

/** All that was done to deliver a PIN, from being asked for to its end. */
export function Timeline({ verification }: { readonly verification: Verification }): ComponentChild {
  const { timeline, createdAt, verifiedAt, state, expiresAt, nextStepAt } = verification;
  const start = Date.parse(createdAt);
  const over = Date.parse(expiresAt) <= Date.now();
  return h('ol', { class: 'timeline' }, [
    moment({ at: createdAt, start, dot: 'still', title: 'Asked for' }),
    ...timeline.map((step, index) => stepMoment(step, start, index)),
    nextStepAt !== undefined &&
      moment({
        at: nextStepAt,
        start,
        dot: 'still',
        title: 'The next step begins by itself, unless something happens before',
      }),
    verifiedAt !== undefined && moment({ at: verifiedAt, start, dot: 'good', title: 'Verified' }),
    state === 'expired' && moment({ at: expiresAt, start, dot: 'still', title: 'Expired' }),
    state === 'pending' && !over && moment({ at: expiresAt, start, dot: 'still', title: 'Expires' }),
    ['exhausted', 'cancelled', 'superseded'].includes(state) &&
      h('li', { class: 'bad' }, [
        h('span', { class: 'dot bad' }),
        h('div', null, h('b', null, words(state))),
      ]),
  ]);
}

interface Moment {
  readonly at: string;
  readonly start: number;
  readonly dot: string;
  readonly title: ComponentChild;
  readonly children?: ComponentChild;
  readonly key?: string;
}

function moment({ at, start, dot, title, children, key }: Moment): ComponentChild {
  const after = Date.parse(at) - start;
  return h('li', { key: key ?? at }, [
    h('span', { class: `dot ${dot}` }),
    h('div', { class: 'grow' }, [h('div', { class: 'moment-head' }, title), children]),
    h('time', { dateTime: at, class: 'figures' }, [
      clockTime(at),
      h('small', null, after <= 0 ? '' : `+ ${span(after)}`),
    ]),
  ]);
}

function stepMoment(step: Step, start: number, index: number): ComponentChild {
  const { at, channel, carrier, trigger, state } = step;
  const facts = factsOf(step);
  return moment({
    key: `step ${index}`,
    at,
    start,
    dot: channel,
    title: [
      h('b', null, CHANNEL_NAMES[channel]),
      carrier !== undefined && h('span', { class: 'via' }, `by ${carrier}`),
      badge(state),
    ],
    children: [
      trigger !== undefined && h('p', { class: 'note' }, words(TRIGGERS[trigger] ?? trigger)),
      facts.length > 0 &&
        h(
          'ul',
          { class: 'facts' },
          facts.map(fact => h('li', { key: fact }, fact)),
        ),
    ],
  });
}

function factsOf(step: Step): readonly string[] {
  const { answeredAt, endedAt, reason, carrierReason, detail, codeHeard, gate, answeredBy, repeats } = step;
  const talked =
    answeredAt !== undefined && endedAt !== undefined && Date.parse(endedAt) - Date.parse(answeredAt);
  return [
    codeHeard !== undefined && (HEARD[codeHeard] ?? codeHeard),
    // That a call was completed says less than what was heard in it.
    reason !== undefined && reason !== 'completed' && `reason: ${reason}`,
    carrierReason !== undefined && carrierReason !== reason && `the carrier says: ${carrierReason}`,
    detail !== undefined && `detail: ${detail}`,
    answeredBy !== undefined && answeredBy !== 'unknown' && `answered by a ${answeredBy}`,
    gate !== undefined && gate !== 'none' && `gate ${gate}`,
    repeats !== undefined && repeats > 0 && `repeated ${repeats} ${repeats === 1 ? 'time' : 'times'}`,
    talked !== false && talked > 0 && `${span(talked)} on the phone`,
  ].filter(fact => typeof fact === 'string');
}
