import { describe, expect, it } from 'vitest';

import { createEmailTemplate } from '../../src/domain/email-template.ts';
import { newCallRef } from '../../src/domain/ids.ts';
import type { CallRef, EmailAddress, PinRecord } from '../../src/domain/types.ts';
import type { CreatePinMessage, NewPinMessage } from '../../src/store/pin-message-store.ts';
import type { Store } from '../../src/store/store.ts';
import { seededRandom } from '../support/seeded-random.ts';
import {
  applicationId,
  attempt,
  createdPin,
  newTemplate,
  operation,
  pinRequest,
  NO_SEND_LIMITS,
  tally,
  times,
  type Current,
  type PinOptions,
} from '../support/store-fixtures.ts';

const ADDRESS = 'john@example.com' as EmailAddress;
const random = seededRandom('pin-messages');

function newMessage(pin: Pick<PinRecord, 'pinId' | 'applicationId' | 'to'>): NewPinMessage {
  const { pinId, applicationId, to } = pin;
  return {
    ref: newCallRef(random, pinId),
    pinId,
    applicationId,
    channel: 'sms',
    carrier: 'texts',
    to,
    from: 'Saypin',
    content: { channel: 'sms', text: 'Zoë: {{pin}}', placeholders: { a: '🙂' }, lookUp: true },
  };
}

function messageRequest(options: PinOptions = {}): CreatePinMessage {
  const { delivery: _, ...request } = pinRequest(options);
  return { ...request, message: newMessage(request.pin) };
}

async function created(store: Store, options: PinOptions = {}) {
  const result = await store.createPinMessage(messageRequest(options));
  if (result.outcome !== 'created') throw new Error(`not created: ${result.outcome}`);
  return result;
}

const sentAt = async (store: Store, { pinId }: Pick<PinRecord, 'pinId'>) =>
  (await store.getPin(pinId))?.sentAt;

export function pinMessageCases(current: Current): void {
  describe('PINs by text and mail', () => {
    it('are created whole, with timers and events, and read back', async () => {
      const { store } = current();
      const timers = [{ id: 't1', kind: 'x', inMs: 0, data: { n: 1 } }];
      const events = [{ id: 'e1', type: 'y', data: {} }];
      const { pin, message } = await created(store, { timers, events });
      expect(message).toMatchObject({
        state: 'sending',
        tries: 1,
        carrierMessageId: undefined,
        report: undefined,
      });
      expect(await store.getPinMessage(message.ref)).toStrictEqual(message);
      expect(await store.getPin(pin.pinId)).toStrictEqual(pin);
      expect(await store.getDelivery(message.ref)).toBeUndefined();
      expect(await store.claimTimers({ limit: 9, leaseMs: 1000 })).toMatchObject([{ id: 't1' }]);
      expect(await store.claimEvents({ limit: 9, leaseMs: 1000 })).toMatchObject([{ id: 'e1' }]);
      await current().reopen();
      expect(await current().store.getPinMessage(message.ref)).toStrictEqual(message);
    });

    it('go to addresses too, and are verified and listed under them', async () => {
      const { store } = current();
      const options = { to: ADDRESS as never, applicationId: applicationId() };
      const { pin } = await created(store, options);
      expect(await attempt(store, pin.pinId, true)).toMatchObject({ outcome: 'verified', to: ADDRESS });
      expect(await store.listVerifications({ applicationId: pin.applicationId, to: ADDRESS })).toMatchObject([
        { to: ADDRESS, verified: true },
      ]);
    });

    it('are limited together with calls, 50 at once', async () => {
      const { store } = current();
      const options = {
        applicationId: applicationId(),
        limits: { perNumber: { attempts: 7, windowMs: 60_000 } },
      };
      const results = await Promise.all(
        times(50, async index =>
          index % 2 === 0
            ? await store.createPinMessage(messageRequest(options))
            : await store.createPin(pinRequest(options)),
        ),
      );
      expect(tally(results)).toStrictEqual({ created: 7, limited: 43 });
    });

    it('supersede earlier ones of any channel', async () => {
      const { store } = current();
      const options = { applicationId: applicationId() };
      const call = await createdPin(store, options);
      const text = await created(store, { ...options, supersede: true });
      expect((await store.getPin(call.pin.pinId))?.state).toBe('superseded');
      await store.createPin(pinRequest({ ...options, supersede: true }));
      expect((await store.getPin(text.pin.pinId))?.state).toBe('superseded');
    });

    it('answer a repeated opId with the first result and no second effect', async () => {
      const { store } = current();
      const request = messageRequest({
        applicationId: applicationId(),
        limits: { perNumber: { attempts: 1, windowMs: 60_000 } },
      });
      const first = await store.createPinMessage(request);
      expect(await store.createPinMessage(request)).toStrictEqual(first);
      const { pin } = await created(store);
      const add = {
        opId: operation(),
        pinId: pin.pinId,
        message: newMessage(pin),
        limits: NO_SEND_LIMITS,
        timers: [],
        events: [],
      };
      const added = await store.addPinMessage(add);
      expect(await store.addPinMessage(add)).toStrictEqual(added);
    });

    it('get further messages while they live, whichever channel they began with', async () => {
      const { store } = current();
      const add = async (pin: PinRecord, limits = NO_SEND_LIMITS) =>
        await store.addPinMessage({
          opId: operation(),
          pinId: pin.pinId,
          message: newMessage(pin),
          limits,
          timers: [],
          events: [],
        });
      const { pin } = await createdPin(store, { attempts: 1 });
      const added = await add(pin);
      expect(added).toMatchObject({
        outcome: 'created',
        pin: { pinId: pin.pinId },
        message: { state: 'sending' },
      });
      const tight = { ...NO_SEND_LIMITS, perNumber: { attempts: 1, windowMs: 60_000 } };
      expect(await add(pin, tight)).toMatchObject({ outcome: 'limited', limit: 'number' });
      await attempt(store, pin.pinId, false);
      expect(await add(pin)).toStrictEqual({ outcome: 'dead' });
      const short = await created(store, { ttlMs: 1000 });
      await current().advance(1100);
      expect(await add(short.pin)).toStrictEqual({ outcome: 'dead' });
    });

    it('move up and never down, each step with its timers and events', async () => {
      const { store } = current();
      const { message } = await created(store, {
        timers: [{ id: 'guard', kind: 'x', inMs: 60_000, data: {} }],
      });
      const { ref } = message;
      const report = { cause: 'delivered', endedAt: 5 } as const;
      expect(
        await store.stepPinMessage({
          ref,
          to: 'sent',
          carrierMessageId: 'SM1',
          arm: [{ id: 'guard', kind: 'y', inMs: 0, data: {} }],
        }),
      ).toMatchObject({ applied: true, message: { state: 'sent', carrierMessageId: 'SM1' } });
      expect(await store.claimTimers({ limit: 9, leaseMs: 1000 })).toMatchObject([
        { id: 'guard', kind: 'y' },
      ]);
      expect(
        await store.stepPinMessage({
          ref,
          to: 'ended',
          report,
          cancel: ['guard'],
          events: [{ id: 'e', type: 'z', data: {} }],
        }),
      ).toMatchObject({
        applied: true,
        message: { state: 'ended', report, carrierMessageId: 'SM1' },
      });
      for (const to of ['sending', 'sent', 'ended'] as const) {
        const step = {
          ref,
          to,
          carrierMessageId: 'SM2',
          report: { cause: 'failed', endedAt: 6 },
          events: [{ id: `late-${to}`, type: 'z', data: {} }],
        } as const;
        expect(await store.stepPinMessage(step)).toMatchObject({
          applied: false,
          message: { state: 'ended', report, carrierMessageId: 'SM1' },
        });
      }
      expect(await store.nextTimerIn()).toBeUndefined();
      expect(await store.claimEvents({ limit: 9, leaseMs: 1000 })).toMatchObject([{ id: 'e' }]);
      expect(await store.stepPinMessage({ ref: 'f'.repeat(32) as CallRef, to: 'sent' })).toStrictEqual({
        applied: false,
        message: undefined,
      });
    });

    it('count as sent once a carrier named one, and not before', async () => {
      const { store } = current();
      const refused = await created(store);
      await store.stepPinMessage({
        ref: refused.message.ref,
        to: 'ended',
        report: { cause: 'refused', endedAt: 1 },
      });
      expect(await sentAt(store, refused.pin)).toBeUndefined();
      const accepted = await created(store);
      await store.stepPinMessage({
        ref: accepted.message.ref,
        to: 'ended',
        carrierMessageId: 'M',
        report: { cause: 'accepted', endedAt: 1 },
      });
      const first = await sentAt(store, accepted.pin);
      expect(first).toEqual(expect.any(Number));
    });

    it('are claimed for another try by one of many', async () => {
      const { store } = current();
      const { message } = await created(store);
      const { ref } = message;
      const claim = async (expectedTries: number) =>
        await store.claimPinMessage({
          ref,
          expectedTries,
          arm: [{ id: 'again', kind: 'x', inMs: 0, data: {} }],
        });
      const claims = await Promise.all(times(10, async () => await claim(1)));
      expect(claims.filter(Boolean)).toMatchObject([{ ref, tries: 2, state: 'sending' }]);
      expect(await claim(1)).toBeUndefined();
      await store.stepPinMessage({ ref, to: 'sent', carrierMessageId: 'SM1' });
      expect(await claim(2)).toBeUndefined();
    });

    it('go with their PIN, and keep it while they are young', async () => {
      const { store } = current();
      const { pin, message } = await created(store, { ttlMs: 1000 });
      await current().advance(2000);
      await store.stepPinMessage({ ref: message.ref, to: 'sent', carrierMessageId: 'SM1' });
      await current().advance(1000);
      await store.sweep({ retentionMs: 1500 });
      expect(await store.getPin(pin.pinId)).toBeDefined();
      await current().advance(2000);
      await store.sweep({ retentionMs: 1500 });
      expect(await store.getPin(pin.pinId)).toBeUndefined();
      expect(await store.getPinMessage(message.ref)).toBeUndefined();
    });
  });

  describe('templates for e-mail', () => {
    it('lie beside those for SMS and voice, and are not taken for them', async () => {
      const { store } = current();
      const id = applicationId();
      const text = newTemplate(id, 10);
      const email = createEmailTemplate(id, { emailTemplateId: 5, from: 'a@b.example' }, { random, now: 20 });
      await store.putEmailTemplate(email);
      await store.putTemplate(text);
      expect(await store.getEmailTemplate(id, email.messageId)).toEqual(email);
      expect(await store.getTemplate(id, email.messageId)).toBeUndefined();
      expect(await store.getEmailTemplate(id, text.messageId)).toBeUndefined();
      expect(await store.getEmailTemplate(applicationId(), email.messageId)).toBeUndefined();
      expect(await store.listTemplates(id)).toEqual([text, email]);
      const changed = { ...email, pinLength: 8, updatedAt: 30 };
      await store.putEmailTemplate(changed);
      expect(await store.listTemplates(id)).toEqual([text, changed]);
    });
  });
}
