import type { ComponentChild } from 'preact';

import { api } from './api.ts';
import { Shares } from './chart.ts';
import { h } from './dom.ts';
import { ago, CHANNEL_NAMES } from './format.ts';
import { useLoad } from './load.ts';
import { badge, channelTag, empty, Page, Panel, shownWhen, type Tone } from './ui.ts';
import { pair } from './view-verification.ts';
import type { Activity, Carrier, CarrierTally } from './wire.ts';

const EVERY_MS = 15_000;
const DOWN: { label: string; tone: Tone } = { label: 'down', tone: 'bad' };

export function CarriersPage(): ComponentChild {
  const loaded = useLoad(
    'carriers',
    async byItself => {
      const [{ carriers }, activity] = await Promise.all([
        api<{ carriers: Carrier[] }>('GET', '/carriers', undefined, { byItself }),
        api<Activity>('GET', '/activity?range=day', undefined, { byItself }),
      ]);
      return { carriers, activity };
    },
    EVERY_MS,
  );
  return h(Page, {
    title: 'Carriers',
    lead: 'Who takes calls, texts and mail, in the order in which they are asked, and how the last 24 hours went.',
    children: shownWhen(loaded, ({ carriers, activity }) => [
      carriers.length === 0 && empty('No carrier is configured.'),
      h(
        'div',
        { class: 'grid' },
        carriers.map(carrier =>
          h(CarrierPanel, {
            key: carrier.name,
            carrier,
            tally: activity.carriers.find(each => each.carrier === carrier.name),
          }),
        ),
      ),
      h(Panel, {
        title: 'Routes',
        note: 'The first carrier of a channel takes it, unless a step of a plan names another one.',
        children: h(
          'ol',
          { class: 'routes' },
          (['sms', 'voice', 'email'] as const).map(channel =>
            h('li', { key: channel }, [
              channelTag(channel),
              h(
                'span',
                null,
                carriers
                  .filter(({ channels }) => channels.includes(channel))
                  .map(({ name }) => name)
                  .join(' · ') || 'nobody',
              ),
            ]),
          ),
        ),
      }),
    ]),
  });
}

function CarrierPanel({
  carrier,
  tally,
}: {
  readonly carrier: Carrier;
  readonly tally: CarrierTally | undefined;
}): ComponentChild {
  const down = (carrier.circuits ?? []).filter(({ state }) => state !== 'closed');
  const { label, tone } = down.length > 0 ? DOWN : healthOf(tally);
  return h(Panel, {
    title: carrier.name,
    note: carrier.channels.map(channel => CHANNEL_NAMES[channel]).join(', '),
    actions: badge(label, tone),
    children: [
      tally &&
        h(Shares, {
          what: 'of its deliveries',
          shares: [
            { key: 'arrived', name: 'Arrived', part: tally.delivered, whole: tally.sends },
            { key: 'failed', name: 'Failed', part: tally.failed, whole: tally.sends, tone: 'fail' },
          ],
        }),
      h('dl', { class: 'pairs' }, [
        carrier.from !== undefined && pair('Sender', carrier.from),
        down.length > 0 && pair('Not asked for', down.map(({ use }) => use).join(', ')),
        pair('Last arrival', tally?.lastDeliveredAt === undefined ? '–' : ago(tally.lastDeliveredAt)),
        pair('Last failure', tally?.lastFailedAt === undefined ? '–' : ago(tally.lastFailedAt)),
        tally?.lastReason !== undefined && pair('Its reason', tally.lastReason),
      ]),
    ],
  });
}

/** By what came last, and by how much failed: a few failures are everyday, nothing but failures are not. */
function healthOf(tally: CarrierTally | undefined): { label: string; tone: Tone } {
  if (!tally || tally.delivered + tally.failed === 0) return { label: 'quiet', tone: 'still' };
  const { delivered, failed, lastDeliveredAt = '', lastFailedAt = '' } = tally;
  if (failed > delivered && lastFailedAt > lastDeliveredAt) return { label: 'failing', tone: 'bad' };
  return failed / (delivered + failed) > 0.2
    ? { label: 'shaky', tone: 'warm' }
    : { label: 'healthy', tone: 'good' };
}
