import { expect, it } from 'vitest';

import { createReportRenderer } from '../../../src/delivery/messages/index.ts';
import { withRig } from './rig.ts';

const notify = {
  url: 'https://shop.example/reports',
  contentType: 'application/json',
  version: 2,
  intermediate: true,
} as const;

it(
  'puts all reports for one URL into one push, and leaves out what was overtaken',
  withRig({}, async rig => {
    const { messages } = await rig.submit('sms', 3, { notify });
    for (const { messageId } of messages.slice(0, 2)) {
      const { ref, carrierMessageId } = await rig.message('sms', messageId);
      await rig.text(ref, carrierMessageId ?? '', [{ type: 'delivered' }]);
    }
    const render = createReportRenderer({
      store: rig.store,
      write: {
        voice: () => ({ body: 'voice', contentType: 'none' }),
        sms: (written, target) => ({
          body: written.map(each => `${each.messageId} ${each.outcome.kind}`).join('\n'),
          contentType: target.contentType,
        }),
      },
    });
    const events = await rig.store.claimEvents({
      limit: 9,
      leaseMs: 1,
      types: ['customer.push'],
      spread: { after: '', except: [], batch: 100 },
    });
    expect(events).toHaveLength(1);
    expect(events[0]!.followers).toHaveLength(4);
    expect(await render(events[0]!)).toEqual({
      // Three intermediate ones, two of them overtaken by their final ones.
      body: [
        `${messages[2]!.messageId} enroute`,
        `${messages[0]!.messageId} delivered`,
        `${messages[1]!.messageId} delivered`,
      ].join('\n'),
      contentType: 'application/json',
    });
    const gone = { ...events[0]!, followers: [], data: { messageRef: 'none' } };
    expect(await render(gone)).toBeUndefined();
  }),
);
