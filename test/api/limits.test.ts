import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ChannelsServer } from '../support/channels-server.ts';
import { settle } from '../support/fake-clock.ts';
import { openTestStore } from '../support/sqlite-harness.ts';
import { applicationId, NO_SEND_LIMITS, pinRequest, tally, times } from '../support/store-fixtures.ts';
import type { E164 } from '../../src/domain/types.ts';

const HOUR = 3_600_000;
const TO = '41793026727';
const ADDRESS = 'john.smith@example.com';
const ROOMY = {
  verifyPinLimit: '100000/1s',
  sendPinPerApplicationLimit: '100000/1d',
  sendPinPerPhoneNumberLimit: '100000/1d',
};

let server: ChannelsServer;
beforeAll(async () => {
  server = await ChannelsServer.start();
});
afterAll(async () => await server.close());

async function prepare(configuration: Record<string, unknown>) {
  const ids = await server.api.prepare({ ...ROOMY, ...configuration });
  return { ...ids, emailId: await server.emailTemplate(ids.applicationId) };
}

/** How many of the answers had which status. */
async function statuses(calls: readonly Promise<{ status: number }>[]): Promise<Record<string, number>> {
  const answers = await Promise.all(calls);
  return tally(answers.map(({ status }) => ({ outcome: String(status) })));
}

/** In one step: two days of the timer loop's polls are not what is tested here. */
async function later(ms: number): Promise<void> {
  server.api.clock.advance(ms);
  await settle();
}

/** 50 requests at once, by each channel in turn. */
const CHANNELS = ['', '/voice'] as const;

describe('sendPinPerPhoneNumberLimit "3/1d"', () => {
  it('lets exactly three through in any day, over SMS, calls and resends together', async () => {
    const ids = await prepare({ sendPinPerPhoneNumberLimit: '3/1d', pinTimeToLive: '10d' });
    const send = async (channel = '') =>
      await server.api.call<{ pinId: string }>('POST', `/2fa/2/pin${channel}`, {
        applicationId: ids.applicationId,
        messageId: ids.messageId,
        to: TO,
      });
    const first = await send();
    const rush = async () =>
      await statuses(
        times(50, async index => {
          const channel = CHANNELS[index % 2];
          if (index % 3 !== 0) return await send(channel);
          const path = index % 2 === 0 ? 'resend' : 'resend/voice';
          return await server.api.call('POST', `/2fa/2/pin/${first.body.pinId}/${path}`, {});
        }),
      );
    await later(12 * HOUR);
    expect(await rush()).toStrictEqual({ 200: 2, 429: 48 });
    await later(12 * HOUR - 1);
    expect(await rush()).toStrictEqual({ 429: 50 });
    await later(1);
    expect(await rush()).toStrictEqual({ 200: 1, 429: 49 });
    await later(12 * HOUR);
    expect(await rush()).toStrictEqual({ 200: 2, 429: 48 });
  });

  it('lets exactly three mails through to a mailbox, however it is written', async () => {
    const ids = await prepare({ sendPinPerPhoneNumberLimit: '3/1d' });
    const rush = async () =>
      await statuses(
        times(
          50,
          async index =>
            await server.api.call('POST', '/2fa/2/pin/email', {
              applicationId: ids.applicationId,
              messageId: ids.emailId,
              to: index % 2 === 0 ? ADDRESS : ADDRESS.toUpperCase(),
            }),
        ),
      );
    expect(await rush()).toStrictEqual({ 200: 3, 429: 47 });
    await later(24 * HOUR - 1);
    expect(await rush()).toStrictEqual({ 429: 50 });
    await later(1);
    expect(await rush()).toStrictEqual({ 200: 3, 429: 47 });
  });
});

describe('sendPinPerApplicationLimit', () => {
  it('is one for all numbers, addresses and channels', async () => {
    const ids = await prepare({ sendPinPerApplicationLimit: '7/1d' });
    const rush = async () =>
      await statuses(
        times(50, async index => {
          const { applicationId, messageId, emailId } = ids;
          if (index % 3 === 2) {
            const to = `user${index}@example.com`;
            return await server.api.call('POST', '/2fa/2/pin/email', {
              applicationId,
              messageId: emailId,
              to,
            });
          }
          const to = `4179302${6000 + index}`;
          const url = `/2fa/2/pin${CHANNELS[index % 3] ?? ''}`;
          return await server.api.call('POST', url, { applicationId, messageId, to });
        }),
      );
    expect(await rush()).toStrictEqual({ 200: 7, 429: 43 });
    await later(24 * HOUR);
    expect(await rush()).toStrictEqual({ 200: 7, 429: 43 });
  });

  it('"10000/1d" lets exactly ten thousand through in any day', async () => {
    const harness = await openTestStore();
    const id = applicationId();
    const limits = { ...NO_SEND_LIMITS, perApplication: { attempts: 10_000, windowMs: 24 * HOUR } };
    const send = async (index: number) =>
      await harness.store.createPin(
        pinRequest({ applicationId: id, limits, to: `+4179${String(index).padStart(7, '0')}` as E164 }),
      );
    const rush = async (count: number, from = 0) =>
      tally(await Promise.all(times(count, async index => await send(from + index))));
    // In two halves an hour apart, so that the window can slide past one of them.
    expect(await rush(4_000)).toStrictEqual({ created: 4_000 });
    await harness.advance(HOUR);
    expect(await rush(5_980, 4_000)).toStrictEqual({ created: 5_980 });
    expect(await rush(50)).toStrictEqual({ created: 20, limited: 30 });
    await harness.advance(23 * HOUR - 1);
    expect(await rush(50)).toStrictEqual({ limited: 50 });
    await harness.advance(1);
    expect(await rush(3_980)).toStrictEqual({ created: 3_980 });
    expect(await rush(50)).toStrictEqual({ created: 20, limited: 30 });
    await harness.dispose();
  });
});

describe('verifyPinLimit "1/3s"', () => {
  it('lets exactly one attempt through in any three seconds, over all PINs of the number', async () => {
    const ids = await prepare({ verifyPinLimit: '1/3s', pinAttempts: 10 });
    const pins = await Promise.all(
      CHANNELS.map(async channel => {
        const { applicationId, messageId } = ids;
        const { body } = await server.api.call<{ pinId: string }>('POST', `/2fa/2/pin${channel}`, {
          applicationId,
          messageId,
          to: TO,
        });
        return body.pinId;
      }),
    );
    const wrong = await Promise.all(pins.map(async pinId => await server.api.wrongPinOf(pinId)));
    const rush = async () =>
      await statuses(
        times(50, async index => await server.api.verify(pins[index % 2] ?? '', wrong[index % 2] ?? '')),
      );
    const compared = async () =>
      (await Promise.all(pins.map(async pinId => await server.api.attemptsUsed(pinId)))).reduce(
        (a, b) => a + b,
      );
    expect(await rush()).toStrictEqual({ 200: 1, 429: 49 });
    await later(2_999);
    expect(await rush()).toStrictEqual({ 429: 50 });
    expect(await compared()).toBe(1);
    await later(1);
    expect(await rush()).toStrictEqual({ 200: 1, 429: 49 });
    expect(await compared()).toBe(2);
  });

  it('lets exactly one attempt through at a PIN that was mailed', async () => {
    const ids = await prepare({ verifyPinLimit: '1/3s' });
    const { body } = await server.api.call<{ pinId: string }>('POST', '/2fa/2/pin/email', {
      applicationId: ids.applicationId,
      messageId: ids.emailId,
      to: ADDRESS,
    });
    const wrong = await server.api.wrongPinOf(body.pinId);
    const rush = async () =>
      await statuses(times(50, async () => await server.api.verify(body.pinId, wrong)));
    expect(await rush()).toStrictEqual({ 200: 1, 429: 49 });
    await later(3_000);
    expect(await rush()).toStrictEqual({ 200: 1, 429: 49 });
  });
});
