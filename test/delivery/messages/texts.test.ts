import { expect, it } from 'vitest';

import { CarrierError } from '../../../src/errors.ts';
import { settle } from '../../support/fake-clock.ts';
import { PUBLIC_URL } from '../rig.ts';
import { withRig } from './rig.ts';

const DAY = 86_400_000;
const lost = () => Promise.reject(new CarrierError('timeout'));
const crashed = () => new Promise<never>(() => {});

it(
  'hands a text over with its reference in the status URL, and follows the carrier’s words up',
  withRig({}, async rig => {
    const { messages } = await rig.submit('sms', 1, { from: 'Shop', validityMs: 600_000 });
    const [sent] = rig.texts.sent;
    const { messageId } = messages[0]!;
    const before = await rig.message('sms', messageId);
    expect(sent).toMatchObject({
      ref: before.ref,
      to: '+41793000000',
      from: 'Shop',
      text: 'The train leaves at nine',
      statusUrl: `${PUBLIC_URL}/carrier-webhooks/scripted/${before.ref}/text`,
      validitySeconds: 600,
    });
    expect(before).toMatchObject({ state: 'sent', outcome: { kind: 'enroute' }, carrierMessageId: 'SM1' });
    expect(await rig.text(before.ref, 'SM1', [{ type: 'delivered' }], true)).toMatchObject({ status: 403 });
    expect(await rig.text(before.ref, 'SM9', [{ type: 'delivered' }])).toMatchObject({ status: 204 });
    expect(await rig.message('sms', messageId)).toMatchObject({ state: 'sent' });
    await rig.text(before.ref, 'SM1', [{ type: 'sent' }]);
    expect(await rig.message('sms', messageId)).toMatchObject({ outcome: { kind: 'waiting-delivery' } });
    await rig.text(before.ref, 'SM1', [{ type: 'delivered' }]);
    await rig.text(before.ref, 'SM1', [{ type: 'undelivered', carrierCode: '30003' }]);
    expect(await rig.message('sms', messageId)).toMatchObject({
      state: 'done',
      outcome: { kind: 'delivered' },
    });
    expect(await rig.text('0'.repeat(32), 'SM1', [])).toBeUndefined();
    expect((await rig.messaging.takeReports({ channel: 'sms', limit: 9 })).map(one => one.messageId)).toEqual(
      [messageId],
    );
    expect(await rig.messaging.takeReports({ channel: 'sms', limit: 9 })).toEqual([]);
  }),
);

it(
  'keeps the reason of a failure, and tries again what never reached the carrier',
  withRig({}, async rig => {
    const refused = new CarrierError('rejected', { carrierCode: '21610' });
    const away = new CarrierError('unreachable', { retryable: true });
    rig.texts.answers = [() => Promise.reject(refused), () => Promise.reject(away)];
    const { messages } = await rig.submit('sms', 2);
    expect(await rig.message('sms', messages[0]!.messageId)).toMatchObject({
      state: 'done',
      outcome: { kind: 'failed', carrierCode: '21610' },
    });
    expect(await rig.message('sms', messages[1]!.messageId)).toMatchObject({ state: 'scheduled', stalls: 1 });
    await rig.clock.advanceAsync(2_000);
    expect(await rig.message('sms', messages[1]!.messageId)).toMatchObject({ state: 'sent', tries: 2 });
  }),
);

it(
  'gives up on a carrier that stays away',
  withRig({ limits: { pollMs: DAY }, guards: false }, async rig => {
    const away = new CarrierError('unreachable', { retryable: true });
    rig.texts.answers = Array.from({ length: 20 }, () => () => Promise.reject(away));
    const { messages } = await rig.submit('sms', 1);
    await rig.clock.advanceAsync(3_600_000);
    expect(rig.texts.sent).toHaveLength(7);
    expect(await rig.message('sms', messages[0]!.messageId)).toMatchObject({
      outcome: { kind: 'failed', carrierCode: 'carrier-unreachable' },
    });
  }),
);

it(
  'lets the first callback adopt a text whose reply was lost',
  withRig({}, async rig => {
    rig.texts.answers = [lost];
    const { messages } = await rig.submit('sms', 1);
    const { ref, state } = await rig.message('sms', messages[0]!.messageId);
    expect(state).toBe('sending');
    await rig.text(ref, 'SM7', [{ type: 'sent' }]);
    expect(await rig.message('sms', messages[0]!.messageId)).toMatchObject({
      state: 'sent',
      carrier: 'scripted',
      carrierMessageId: 'SM7',
    });
    await rig.clock.advanceAsync(300_000);
    expect(rig.texts.sent).toHaveLength(1);
  }),
);

it.each([
  ['has it: no second text', { match: 'one', carrierId: 'SM7' }, 1, 'sent'],
  ['does not have it: once more', { match: 'none' }, 2, 'sent'],
  ['cannot tell which: never a second one', { match: 'several' }, 1, 'done'],
] as const)('asks the carrier’s list after a crash, which %s', async (_, found, texts, state) => {
  await withRig({}, async rig => {
    rig.texts.findText = () => Promise.resolve(found);
    rig.texts.answers = [crashed];
    const { messages } = await rig.submit('sms', 1);
    await rig.crash();
    await rig.clock.advanceAsync(4_000);
    // The list lags: too early to tell.
    expect(rig.texts.sent).toHaveLength(1);
    await rig.clock.advanceAsync(130_000);
    expect(rig.texts.sent).toHaveLength(texts);
    expect(await rig.message('sms', messages[0]!.messageId)).toMatchObject({ state });
  })();
});

it(
  'without a list waits a minute for a callback, then tries a second time and no third',
  withRig({}, async rig => {
    rig.texts.answers = [crashed, crashed];
    const { messages } = await rig.submit('sms', 1);
    await rig.crash();
    await rig.clock.advanceAsync(50_000);
    expect(rig.texts.sent).toHaveLength(1);
    await rig.clock.advanceAsync(20_000);
    expect(rig.texts.sent).toHaveLength(2);
    await rig.crash();
    await rig.clock.advanceAsync(600_000);
    expect(rig.texts.sent).toHaveLength(2);
    expect(await rig.message('sms', messages[0]!.messageId)).toMatchObject({
      state: 'done',
      outcome: { kind: 'failed', carrierCode: 'carrier-unknown' },
    });
  }),
);

it(
  'ends what nobody reports on within 48 hours',
  withRig({ limits: { pollMs: DAY }, guards: false }, async rig => {
    const { messages } = await rig.submit('sms', 1);
    await rig.clock.advanceAsync(2 * DAY - 1);
    expect(await rig.message('sms', messages[0]!.messageId)).toMatchObject({ state: 'sent' });
    await rig.clock.advanceAsync(10);
    await settle();
    expect(await rig.message('sms', messages[0]!.messageId)).toMatchObject({
      state: 'done',
      outcome: { kind: 'failed', carrierCode: 'no-callback' },
    });
  }),
);

it(
  'asks for no more at once than there is room for',
  withRig({ limits: { requests: 4 } }, async rig => {
    const waiting: (() => void)[] = [];
    rig.texts.answers = Array.from(
      { length: 10 },
      (_, index) => () =>
        new Promise(resolve => waiting.push(() => resolve({ carrierMessageId: `SM${index}` }))),
    );
    await rig.submit('sms', 10);
    expect(rig.texts.sent).toHaveLength(4);
    for (const go of waiting.splice(0, 2)) go();
    await rig.clock.advanceAsync(10);
    expect(rig.texts.sent).toHaveLength(6);
    for (let round = 0; round < 4; round++) {
      for (const go of waiting.splice(0)) go();
      await rig.clock.advanceAsync(10);
    }
    expect(rig.texts.sent).toHaveLength(10);
  }),
);

it(
  'writes neither numbers nor words into its own log, and hides PINs in the one it shows',
  withRig({}, async rig => {
    await rig.submit('sms', ['41793026727'], {
      content: { text: 'Your code is 4821', flash: false, messageCount: 1 },
    });
    expect(rig.lines.length).toBeGreaterThan(0);
    for (const line of rig.lines) expect(line).not.toMatch(/4821|79302672|Your code/);
    const { messages } = await rig.messaging.logs({ channel: 'sms', limit: 9 });
    expect(messages.map(({ content }) => content.text)).toEqual(['Your code is ****']);
  }),
);
