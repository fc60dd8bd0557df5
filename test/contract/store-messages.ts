import { describe, expect, it } from 'vitest';

import type { Message } from '../../src/domain/message.ts';
import type { NewBulk } from '../../src/store/message-store.ts';
import { newCallRef } from '../../src/domain/ids.ts';
import type { E164 } from '../../src/domain/types.ts';
import { newBulk, newRef, VOICE } from '../support/message-fixtures.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { times, type Current } from '../support/store-fixtures.ts';

const DAY = 86_400_000;
const notify = {
  url: 'https://shop.example/reports',
  contentType: 'application/json',
  version: 2,
  intermediate: false,
} as const;

const ids = (messages: readonly Message[]) => messages.map(({ messageId }) => messageId);

export function messageCases(current: Current): void {
  const store = () => current().store;
  const claim = (limit = 1_000, channel: 'sms' | 'voice' = 'sms') =>
    store().claimMessages({ channel, limit, leaseMs: 1_000 });
  const add = async (bulk: NewBulk) => {
    const result = await store().addBulk(bulk);
    if (result.outcome !== 'added') throw new Error('the bulk was not added');
    return { ...bulk, duplicates: result.duplicates };
  };
  const done = async (message: Message, kind: 'delivered' | 'busy' = 'delivered') =>
    await store().stepMessage({ ref: message.ref, to: 'done', outcome: { kind } });

  describe('bulks', () => {
    it('are kept with their messages, in order, over a restart', async () => {
      const batch = {
        window: { days: ['MONDAY'], fromMinute: 60, toMinute: 600 },
        retry: { minPeriod: 1, maxPeriod: 5, maxCount: 2 },
        notify,
        callbackData: 'order 7',
        platform: { entityId: 'shop', applicationId: 'web' },
        campaignReferenceId: 'spring',
      } as const;
      const bulk = await add(newBulk({ channel: 'voice', count: 2, batch, sendAt: 1_900_000_000_000 }));
      await current().reopen();
      expect(await store().getBulk('voice', bulk.bulkId)).toMatchObject({
        status: 'PENDING',
        total: 2,
        sendAt: 1_900_000_000_000,
      });
      expect(await store().getBulk('sms', bulk.bulkId)).toBeUndefined();
      expect(await store().getMessage(bulk.messages[1]!.ref)).toMatchObject({
        ...batch,
        bulkId: bulk.bulkId,
        messageId: bulk.messages[1]!.messageId,
        to: bulk.messages[1]!.to,
        from: 'Shop',
        content: VOICE,
        face: 'tts3',
        channel: 'voice',
        state: 'scheduled',
        tries: 0,
        dueAt: 1_900_000_000_000,
        outcome: { kind: 'pending' },
      });
    });

    it('have an id once on a channel; each message id is taken once, the first wins', async () => {
      const bulk = await add(newBulk({ bulkId: 'one' }));
      expect(await store().addBulk(newBulk({ bulkId: 'one' }))).toEqual({ outcome: 'taken' });
      expect((await add(newBulk({ bulkId: 'one', channel: 'voice' }))).duplicates).toEqual([]);
      const [first] = bulk.messages;
      const again = newBulk({
        messages: [{ messageId: 'fresh' }, { messageId: first!.messageId }, { messageId: 'fresh' }],
      });
      expect((await add(again)).duplicates).toEqual([1, 2]);
      expect(await store().getBulk('sms', again.bulkId)).toMatchObject({ total: 1 });
      expect(await store().getMessage(again.messages[1]!.ref)).toBeUndefined();
      expect(await claim()).toHaveLength(4);
    });

    it('of thousands are added whole, while other writes go on', async () => {
      const count = 3_000;
      let others = 0;
      const state = { adding: true };
      const traffic = (async () => {
        for (; state.adding; others++) await store().ping();
      })();
      const bulk = newBulk({ count });
      const seen: (number | undefined)[] = [];
      const watch = (async () => {
        while (state.adding)
          seen.push((await store().getBulk('sms', bulk.bulkId))?.total, (await claim(1)).length);
      })();
      await add(bulk);
      state.adding = false;
      await Promise.all([traffic, watch]);
      expect(others).toBeGreaterThan(3);
      // Not there, or all of it; nothing claimed before it was.
      expect(new Set(seen.filter(value => value !== undefined && value > 1))).toEqual(
        seen.includes(count) ? new Set([count]) : new Set(),
      );
      expect(await store().getBulk('sms', bulk.bulkId)).toMatchObject({ total: count });
    });

    it('all of whose messages were rejected have failed, and their reports are there', async () => {
      const rejection = { kind: 'rejected', statusId: 52, statusName: 'REJECTED_DESTINATION' } as const;
      const bulk = await add(newBulk({ batch: { notify }, messages: [{ rejection }] }));
      expect(await store().getBulk('sms', bulk.bulkId)).toMatchObject({ status: 'FAILED' });
      expect(await claim()).toEqual([]);
      expect(await store().claimEvents({ limit: 9, leaseMs: 1 })).toMatchObject([
        { id: `message-report-${bulk.messages[0]!.ref}`, type: 'customer.push' },
      ]);
      const [report] = await store().takeReports({ channel: 'sms', withinMs: DAY, limit: 9 });
      expect(report).toMatchObject({ outcome: rejection, state: 'done' });
    });
  });

  describe('claims', () => {
    it('give each message to one, write-ahead, in order', async () => {
      const bulk = await add(newBulk({ count: 20 }));
      const claims = await Promise.all(times(10, () => claim(3)));
      const claimed = claims.flat();
      expect(ids(claimed)).toEqual(ids(bulk.messages as unknown as Message[]));
      expect(claimed.every(({ state, tries }) => state === 'sending' && tries === 1)).toBe(true);
      expect(await store().getMessage(claimed[0]!.ref)).toEqual(claimed[0]);
      expect(await store().getBulk('sms', bulk.bulkId)).toMatchObject({ status: 'PROCESSING' });
    });

    it('wait for the send time', async () => {
      const sendAt = (await store().now()) + 600;
      await add(newBulk({ sendAt }));
      expect(await claim()).toEqual([]);
      const wait = (await store().nextMessageIn(['sms'])) ?? Number.NaN;
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(600);
      expect(await store().nextMessageIn(['voice'])).toBeUndefined();
      await current().advance(600);
      expect(await store().nextMessageIn(['sms'])).toBe(0);
      expect(await claim()).toHaveLength(3);
    });

    it('come back when a lease ends without a word, and at once after a restart of their only owner', async () => {
      await add(newBulk({ count: 2 }));
      const [first] = await claim(1);
      expect(await store().claimStaleMessages({ limit: 9, leaseMs: 500 })).toEqual([]);
      await current().advance(1_000);
      expect(ids(await store().claimStaleMessages({ limit: 9, leaseMs: 500 }))).toEqual([first!.messageId]);
      expect(await store().claimStaleMessages({ limit: 9, leaseMs: 500 })).toEqual([]);
      await claim(1);
      await current().reopen();
      if (!current().soleOwner) await current().advance(1_000);
      expect(await store().claimStaleMessages({ limit: 9, leaseMs: 500 })).toHaveLength(2);
    });

    it('keep the pace, without making up for a pause or a restart', async () => {
      const { exactTime } = current();
      if (!exactTime) return;
      const { bulkId } = await add(newBulk({ count: 100, speed: { amount: 10, perMs: 1_000 } }));
      expect(await claim()).toHaveLength(1);
      expect(await store().nextMessageIn(['sms'])).toBe(100);
      let sent = 0;
      for (let tick = 0; tick < 70; tick++) {
        await current().advance(30);
        sent += (await claim()).length;
      }
      expect(sent).toBe(21);
      await store().switchBulk({ channel: 'sms', bulkId, to: 'paused' });
      await current().advance(60_000);
      expect(await claim()).toEqual([]);
      await store().switchBulk({ channel: 'sms', bulkId, to: 'running' });
      expect(await claim()).toHaveLength(1);
      await current().reopen();
      expect(await claim()).toEqual([]);
      await current().advance(30_000);
      await current().reopen();
      expect(await claim()).toHaveLength(1);
      await current().advance(99);
      expect(await claim()).toEqual([]);
      await current().advance(1);
      expect(await claim()).toHaveLength(1);
    });

    it('share the pace of a bulk over its messages, but not that of a message with its own', async () => {
      if (!current().exactTime) return;
      const batch = { from: 'Shop', content: newBulk().batches[0]!.content };
      await add(
        newBulk({
          speed: { amount: 1, perMs: 1_000 },
          batches: [batch, batch, { ...batch, speed: { amount: 2, perMs: 1_000 } }],
          messages: [{ batch: 0 }, { batch: 1 }, { batch: 1 }, { batch: 2 }, { batch: 2 }],
        }),
      );
      expect(await claim()).toHaveLength(2);
      await current().advance(500);
      expect(await claim()).toHaveLength(1);
      await current().advance(500);
      expect(await claim()).toHaveLength(1);
    });

    it('keep to the window, and end what has expired', async () => {
      if (!current().exactTime) return;
      // The harness starts on Thursday 2026-01-01 00:00 UTC.
      const window = { days: ['THURSDAY'], fromMinute: 60, toMinute: 120 } as const;
      await add(newBulk({ batch: { window } }));
      const { messages } = await add(newBulk({ batch: { window, validityMs: 1_800_000, notify } }));
      expect(await claim()).toEqual([]);
      expect(await claim()).toEqual([]);
      await current().advance(1_800_000);
      expect(await store().settleMessages({ limit: 2 })).toBe(2);
      expect(await store().settleMessages({ limit: 2 })).toBe(1);
      expect(await store().getMessage(messages[0]!.ref)).toMatchObject({
        state: 'done',
        outcome: { kind: 'expired' },
      });
      expect(await store().claimEvents({ limit: 9, leaseMs: 1 })).toHaveLength(3);
      await current().advance(1_800_000 - 1);
      expect(await claim()).toEqual([]);
      await current().advance(1);
      expect(await claim()).toHaveLength(3);
    });
  });

  describe('holding', () => {
    it('pauses, moves and resumes; only a paused bulk moves', async () => {
      const { bulkId } = await add(newBulk({ count: 2 }));
      const key = { channel: 'sms', bulkId } as const;
      const later = (await store().now()) + 700;
      expect((await store().rescheduleBulk({ ...key, sendAt: later })).outcome).toBe('refused');
      expect(await store().switchBulk({ ...key, to: 'paused' })).toMatchObject({
        bulk: { status: 'PAUSED' },
      });
      expect(await claim()).toEqual([]);
      expect(await store().nextMessageIn(['sms'])).toBeUndefined();
      await current().reopen();
      expect(await claim()).toEqual([]);
      expect(await store().rescheduleBulk({ ...key, sendAt: later })).toMatchObject({
        outcome: 'changed',
        bulk: { sendAt: later, status: 'PAUSED' },
      });
      await store().switchBulk({ ...key, to: 'running' });
      expect(await claim()).toEqual([]);
      await current().advance(700);
      expect(await claim()).toHaveLength(2);
      expect((await store().switchBulk({ ...key, bulkId: 'none', to: 'paused' })).outcome).toBe('unknown');
    });

    it('makes up for no moment of a pause, however short', async () => {
      if (!current().exactTime) return;
      const { bulkId } = await add(newBulk({ count: 9, speed: { amount: 10, perMs: 1_000 } }));
      expect(await claim()).toHaveLength(1);
      await store().switchBulk({ channel: 'sms', bulkId, to: 'paused' });
      await current().advance(400);
      await store().switchBulk({ channel: 'sms', bulkId, to: 'running' });
      expect(await claim()).toHaveLength(1);
    });

    it('moves validity that counts from the send time along', async () => {
      const sendAt = (await store().now()) + 500;
      const { bulkId, messages } = await add(newBulk({ count: 1, sendAt, batch: { validityMs: 1_000 } }));
      const key = { channel: 'sms', bulkId } as const;
      await store().switchBulk({ ...key, to: 'paused' });
      await store().rescheduleBulk({ ...key, sendAt: sendAt + 2_000 });
      await current().advance(1_700);
      expect(await store().settleMessages({ limit: 9 })).toBe(0);
      expect(await store().getMessage(messages[0]!.ref)).toMatchObject({ expiresAt: sendAt + 3_000 });
      await store().switchBulk({ ...key, to: 'running' });
      await current().advance(1_000);
      expect(await claim()).toHaveLength(1);
    });

    it('cancels what is unsent, for good, and lets what is under way end by itself', async () => {
      const { bulkId } = await add(newBulk({ count: 5, batch: { notify } }));
      const [under, retry] = await claim(2);
      const key = { channel: 'sms', bulkId } as const;
      expect(await store().switchBulk({ ...key, to: 'canceled' })).toMatchObject({
        bulk: { status: 'CANCELED' },
      });
      await current().reopen();
      expect(await store().nextMessageIn(['sms'])).toBe(0);
      expect(await store().settleMessages({ limit: 2 })).toBe(2);
      expect(await store().settleMessages({ limit: 2 })).toBe(1);
      expect(await store().settleMessages({ limit: 2 })).toBe(0);
      expect(await claim()).toEqual([]);
      await done(under!);
      const after = await store().stepMessage({
        ref: retry!.ref,
        to: 'scheduled',
        outcome: { kind: 'busy' },
        dueInMs: 1,
      });
      expect(after.message).toMatchObject({ state: 'done', outcome: { kind: 'busy' } });
      expect(await store().takeReports({ channel: 'sms', withinMs: DAY, limit: 9 })).toHaveLength(5);
      expect((await store().switchBulk({ ...key, to: 'running' })).outcome).toBe('refused');
      expect(await store().getBulk('sms', bulkId)).toMatchObject({ status: 'CANCELED' });
    });
  });

  describe('the lattice', () => {
    it('takes each word once, in any order, and nothing after the end', async () => {
      await add(newBulk({ count: 1, batch: { notify: { ...notify, intermediate: true } } }));
      const [message] = await claim();
      const { ref } = message!;
      const id = { carrier: 'sim', carrierMessageId: 'SM1' };
      const sent = await store().stepMessage({
        ref,
        tries: 1,
        to: 'sent',
        outcome: { kind: 'enroute' },
        ...id,
      });
      expect(sent).toMatchObject({ applied: true, message: { state: 'sent', ...id } });
      expect(await store().knowsCarrierId({ carrier: 'sim', kind: 'text', id: 'SM1' })).toBe(true);
      expect(await store().knowsCarrierId({ carrier: 'sim', kind: 'call', id: 'SM1' })).toBe(false);
      const waiting = { ref, to: 'sent', outcome: { kind: 'waiting-delivery' } } as const;
      expect((await store().stepMessage(waiting)).applied).toBe(true);
      expect((await store().stepMessage(waiting)).applied).toBe(false);
      expect((await store().stepMessage({ ref, to: 'sent', outcome: { kind: 'enroute' } })).applied).toBe(
        false,
      );
      expect(
        (await store().stepMessage({ ref, tries: 2, to: 'done', outcome: { kind: 'busy' } })).applied,
      ).toBe(false);
      expect((await done(message!)).message).toMatchObject({ state: 'done', outcome: { kind: 'delivered' } });
      expect((await done(message!, 'busy')).applied).toBe(false);
      expect((await store().stepMessage(waiting)).applied).toBe(false);
      const events = await store().claimEvents({ limit: 9, leaseMs: 1 });
      expect(events.map(event => [event.id.replace(ref, 'ref'), event.data['messageRef']])).toEqual([
        ['message-report-ref-enroute', ref],
        ['message-report-ref-waiting-delivery', ref],
        ['message-report-ref', ref],
      ]);
    });

    it('leads back for a retry, unless its time is over; a stall counts apart', async () => {
      await add(newBulk({ count: 2, batch: { validityMs: 800 } }));
      const [first, second] = await claim();
      const back = { to: 'scheduled', outcome: { kind: 'busy' }, dueInMs: 300 } as const;
      expect(
        (await store().stepMessage({ ref: first!.ref, tries: 1, ...back, refund: true })).message,
      ).toMatchObject({ state: 'scheduled', tries: 1, stalls: 1, outcome: { kind: 'pending' } });
      expect(
        (await store().stepMessage({ ref: second!.ref, tries: 1, ...back, dueInMs: 900 })).message,
      ).toMatchObject({ state: 'done', outcome: { kind: 'busy' } });
      expect(await claim()).toEqual([]);
      await current().advance(300);
      expect(await claim()).toMatchObject([{ messageId: first!.messageId, tries: 2, stalls: 1 }]);
    });

    it('ends a text that nobody reported on when its time is over', async () => {
      await add(newBulk({ count: 1 }));
      const [message] = await claim();
      const { ref } = message!;
      await store().stepMessage({ ref, to: 'sent', outcome: { kind: 'enroute' }, expiresInMs: 500 });
      expect(await store().settleMessages({ limit: 9 })).toBe(0);
      await current().advance(500);
      expect(await store().settleMessages({ limit: 9 })).toBe(1);
      expect(await store().getMessage(ref)).toMatchObject({
        outcome: { kind: 'failed', carrierCode: 'no-callback' },
      });
    });

    it('moves a voice message with its call, in the same write', async () => {
      await add(newBulk({ count: 1, channel: 'voice' }));
      const [message] = await claim(9, 'voice');
      const { ref } = message!;
      const callRef = newCallRef(seededRandom(ref), ref);
      const delivery = {
        callRef,
        pinId: undefined,
        applicationId: undefined,
        messageRef: ref,
        channel: 'voice',
        carrier: 'sim',
        to: '+41793000000' as E164,
        from: '+41440000000',
        script: {
          messageText: 'x',
          placeholders: {},
          language: 'en',
          speechRate: 1,
          dtmfTimeoutMs: 1,
          pauseMs: 0,
          ringTimeoutSeconds: 5,
          times: 1,
          gate: 'off',
          gateDigits: 1,
          machineDetection: 'off',
          digitPauseMs: 0,
          spelling: 'letters',
        },
      } as const;
      const timers = [{ id: 'g', kind: 'guard', inMs: 0, data: {} }];
      expect(await store().startCall({ ref, tries: 2, delivery, timers })).toBeUndefined();
      expect(await store().getDelivery(callRef)).toBeUndefined();
      expect(await store().startCall({ ref, tries: 1, delivery, timers })).toMatchObject({
        state: 'dialing',
      });
      expect(await store().getMessage(ref)).toMatchObject({ state: 'sent', carrier: 'sim' });
      expect(await store().claimTimers({ limit: 9, leaseMs: 1 })).toHaveLength(1);
      const end = {
        ref: callRef,
        to: 'ended',
        carrierCallId: 'CA1',
        message: { ref, tries: 1, to: 'done', outcome: { kind: 'answered', by: 'human' } },
      } as const;
      expect((await store().transition(end)).applied).toBe(true);
      expect(await store().getMessage(ref)).toMatchObject({ state: 'done', outcome: { by: 'human' } });
      const twice = { ...end, message: { ...end.message, outcome: { kind: 'busy' } } } as const;
      expect((await store().transition(twice)).applied).toBe(false);
      expect(await store().getDelivery(callRef)).toMatchObject({ state: 'ended', messageRef: ref });
      expect(await store().knowsCarrierId({ carrier: 'sim', kind: 'call', id: 'CA1' })).toBe(true);
    });
  });

  describe('reports and logs', () => {
    it('hand each report out once, oldest first, over parallel pulls and a restart', async () => {
      await add(newBulk({ count: 10 }));
      for (const message of await claim()) {
        await done(message);
        await current().advance(1);
      }
      const pulls = await Promise.all(
        times(8, () => store().takeReports({ channel: 'sms', withinMs: DAY, limit: 1 })),
      );
      const pulled = pulls.flat();
      expect(new Set(ids(pulled)).size).toBe(8);
      await current().reopen();
      const rest = await store().takeReports({ channel: 'sms', withinMs: DAY, limit: 50 });
      expect(rest).toHaveLength(2);
      // Those that pull at once get the oldest, in no order among them.
      const oldest = pulled.toSorted((a, b) => (a.doneAt ?? 0) - (b.doneAt ?? 0));
      const all = [...oldest, ...rest].map(message => message.doneAt ?? 0);
      expect(all).toEqual(all.toSorted((a, b) => a - b));
      expect(await store().takeReports({ channel: 'sms', withinMs: DAY, limit: 50 })).toEqual([]);
    });

    it('filter by bulk, message, platform and age', async () => {
      const platform = { entityId: 'shop', applicationId: 'web' };
      const one = await add(newBulk({ count: 2, batch: { platform, campaignReferenceId: 'spring' } }));
      const two = await add(newBulk({ count: 2 }));
      for (const message of await claim()) await done(message);
      const take = (filter: object) =>
        store().takeReports({ channel: 'sms', withinMs: 900, limit: 9, ...filter });
      expect(await take({ bulkIds: ['none'] })).toEqual([]);
      expect(await take({ channel: 'voice' })).toEqual([]);
      expect(ids(await take({ messageIds: [two.messages[1]!.messageId] }))).toHaveLength(1);
      expect(await take({ entityId: 'other' })).toEqual([]);
      expect(await take({ ...platform, campaignReferenceIds: ['spring', 'x'], limit: 1 })).toHaveLength(1);
      expect(ids(await take({ bulkIds: [one.bulkId, 'x'] }))).toEqual([one.messages[1]!.messageId]);
      await current().advance(1_000);
      expect(await take({})).toEqual([]);
    });

    it('list the log newest first, page by page', async () => {
      const bulk = await add(newBulk({ count: 5 }));
      for (const message of await claim(4)) {
        await current().advance(2);
        await done(message);
      }
      const list = (filter: object) =>
        store().listMessages({ channel: 'sms', withinMs: DAY, limit: 2, ...filter });
      const first = await list({});
      expect(ids(first.messages)).toEqual([3, 2].map(index => bulk.messages[index]!.messageId));
      const second = await list({ cursor: first.nextCursor });
      expect(ids(second.messages)).toEqual([1, 0].map(index => bulk.messages[index]!.messageId));
      const third = await list({ cursor: second.nextCursor });
      expect(ids(third.messages)).toEqual([bulk.messages[4]!.messageId]);
      expect(third.nextCursor).toBeUndefined();
      expect((await list({ cursor: 'nonsense' })).messages).toEqual([]);
      expect((await list({ statusGroup: 'PENDING' })).messages).toHaveLength(1);
      expect((await list({ statusGroup: 'DELIVERED', to: bulk.messages[0]!.to })).messages).toHaveLength(1);
      expect((await list({ from: 'Nobody' })).messages).toEqual([]);
    });

    it('of a bulk that came after others were swept say what it says', async () => {
      const content = (text: string) => ({ text, flash: false, messageCount: 1 });
      await add(newBulk({ count: 1, batch: { content: content('old') } }));
      for (const message of await claim()) await done(message);
      await current().advance(500);
      expect(await store().sweepMessages({ retentionMs: 300 })).toBe(1);
      await add(newBulk({ count: 1, batch: { content: content('new') } }));
      expect(await claim()).toMatchObject([{ content: content('new') }]);
    });

    it('are swept with their bulk once all of it is done and old', async () => {
      const bulk = await add(newBulk({ count: 2 }));
      const [first, second] = await claim();
      await done(first!);
      await current().advance(500);
      expect(await store().sweepMessages({ retentionMs: 300 })).toBe(0);
      await done(second!);
      expect(await store().sweepMessages({ retentionMs: 300 })).toBe(0);
      await current().advance(500);
      expect(await store().sweepMessages({ retentionMs: 300 })).toBe(1);
      expect(await store().getBulk('sms', bulk.bulkId)).toBeUndefined();
      expect(await store().getMessage(first!.ref)).toBeUndefined();
      expect(
        (await add({ ...bulk, messages: [{ ...bulk.messages[0]!, ref: newRef(bulk.bulkId) }] })).duplicates,
      ).toEqual([]);
    });
  });
}
