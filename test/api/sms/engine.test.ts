import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Rig } from '../../delivery/messages/rig.ts';
import { classicError, SmsServer, v3Error } from './rig.ts';

/** The face over the real engine and a real store: only the carrier is scripted. */

interface Page {
  results: { messageId: string; status: { id: number; name: string }; error: { id: number } }[];
  cursor?: { nextCursor: string | null };
}

let rig: Rig;
let server: SmsServer;
beforeAll(async () => {
  rig = await Rig.start();
  server = await SmsServer.start({ messaging: rig.messaging, clock: rig.clock });
});
afterAll(async () => {
  await server.close();
  await rig.close();
});

async function get(url: string): Promise<Page> {
  return (await server.call<Page>('GET', url)).body;
}

describe('a message that the registry has a status for', () => {
  const window = { days: ['MONDAY'], from: { hour: 8, minute: 0 }, to: { hour: 8, minute: 59 } };

  it.each([
    [{ content: { text: ' ' } }, 55, 'REJECTED_MESSAGE_IS_EMPTY'],
    [{ content: { text: 'a'.repeat(255 * 153 + 1) } }, 25, 'REJECTED_MESSAGE_TOO_LONG'],
    [{ content: { hex: '00', esmClass: 64 } }, 24, 'REJECTED_INVALID_UDH'],
    // No carrier here takes bytes.
    [{ content: { hex: '00' } }, 19, 'REJECTED_ROUTE_NOT_AVAILABLE'],
    [{ webhooks: { delivery: { url: 'nowhere' } } }, 56, 'REJECTED_INVALID_NOTIFY_URL'],
    [
      { webhooks: { delivery: { url: 'https://a.example/' }, contentType: 'text/csv' } },
      57,
      'REJECTED_INVALID_NOTIFY_CONTENT_TYPE',
    ],
    [{ options: { deliveryTimeWindow: window } }, 87, 'REJECTED_INVALID_DELIVERY_TIME_WINDOW'],
    [{ destinations: [{ to: 'nobody' }] }, 52, 'REJECTED_DESTINATION'],
    [{ destinations: [{ to: '' }] }, 51, 'MISSING_TO'],
  ])('case %#: is answered with %d %s, and reported', async (fields, id, name) => {
    const { status, body } = await server.send(fields);
    expect(status).toBe(200);
    expect(body.messages[0]?.status).toMatchObject({ groupId: 5, groupName: 'REJECTED', id, name });
    expect(rig.texts.sent).toHaveLength(0);
    const { results } = await get(`/sms/3/reports?bulkId=${body.bulkId}`);
    expect(results.map(report => [report.messageId, report.status.name])).toStrictEqual([
      [body.messages[0]?.messageId, name],
    ]);
  });

  it('used before is 23, and the first one stands', async () => {
    const schedule = { sendAt: '2026-01-03T00:00:00.000+0000' };
    const destinations = [{ to: '41793026727', messageId: 'once' }];
    expect((await server.send({ destinations }, { schedule })).body.messages[0]?.status.id).toBe(26);
    expect((await server.send({ destinations }, { schedule })).body.messages[0]?.status.id).toBe(23);
  });

  it('of a bulk whose id is used, by either version, is none', async () => {
    const schedule = { bulkId: 'used', sendAt: '2026-01-03T00:00:00.000+0000' };
    expect((await server.send({}, { schedule })).status).toBe(200);
    expect(v3Error(await server.send({}, { schedule })).violations).toStrictEqual([
      { property: 'options.schedule.bulkId', violation: 'is already in use' },
    ]);
    const older = await server.sendOlder({}, { bulkId: 'used' });
    expect(classicError(older).validationErrors).toStrictEqual({ bulkId: ['is already in use'] });
  });
});

describe('a message that is taken', () => {
  it('is a text as it was counted, and its end a report, once', async () => {
    const text = 'Kod 4711: şifre';
    const content = { text, transliteration: 'TURKISH' };
    const { body } = await server.send({ sender: 'Shop', content, webhooks: { callbackData: 'mine' } });
    await rig.clock.advanceAsync(1_000);
    const sent = rig.texts.sent.at(-1);
    expect(sent).toMatchObject({ to: '+41793026727', from: 'Shop', text: 'Kod 4711: sifre' });
    expect((await get(`/sms/3/reports?bulkId=${body.bulkId}`)).results).toStrictEqual([]);
    await rig.text(sent?.ref ?? '', `SM${rig.texts.sent.length}`, [{ type: 'delivered' }]);
    const log = await get(`/sms/3/logs?bulkId=${body.bulkId}`);
    // What may be a PIN is masked.
    expect(log.results).toMatchObject([{ sender: 'Shop', content: { text: 'Kod ****: sifre' } }]);
    const { results } = await get(`/sms/1/reports?bulkId=${body.bulkId}`);
    expect(results).toMatchObject([
      {
        messageId: body.messages[0]?.messageId,
        from: 'Shop',
        to: '41793026727',
        smsCount: 1,
        callbackData: 'mine',
        status: { name: 'DELIVERED_TO_HANDSET' },
        error: { id: 0, groupName: 'Ok' },
      },
    ]);
    expect((await get(`/sms/3/reports?bulkId=${body.bulkId}`)).results).toStrictEqual([]);
  });

  it('is found page by page', async () => {
    const destinations = Array.from({ length: 5 }, (_, n) => ({ to: `4179302672${n}` }));
    const { body } = await server.send({ destinations, options: { campaignReferenceId: 'pages' } });
    const seen: string[] = [];
    let cursor: string | null | undefined = '';
    while (cursor != null) {
      const query = `campaignReferenceId=pages&limit=2&useCursor=true&cursor=${cursor}`;
      const page: Page = await get(`/sms/3/logs?${query}`);
      seen.push(...page.results.map(({ messageId }) => messageId));
      cursor = page.cursor?.nextCursor;
    }
    const sorted = (ids: readonly string[]) => ids.toSorted((a, b) => a.localeCompare(b));
    expect(sorted(seen)).toStrictEqual(sorted(body.messages.map(({ messageId }) => messageId)));
  });
});

describe('a bulk', () => {
  it('is paused, rescheduled, let go, and sent at its new time', async () => {
    const schedule = { bulkId: 'later', sendAt: '2026-01-03T00:00:00.000+0000' };
    await server.send({ destinations: [{ to: '41793026750' }] }, { schedule });
    const at = new Date(rig.clock.now() + 3_600_000).toISOString();
    const early = await server.call('PUT', '/sms/1/bulks?bulkId=later', { sendAt: at });
    expect(Object.keys(classicError(early).validationErrors ?? {})).toStrictEqual(['sendAt']);
    await server.call('PUT', '/sms/1/bulks/status?bulkId=later', { status: 'PAUSED' });
    expect((await server.call('PUT', '/sms/1/bulks?bulkId=later', { sendAt: at })).status).toBe(200);
    const resumed = await server.call('PUT', '/sms/1/bulks/status?bulkId=later', { status: 'PENDING' });
    expect(resumed.body).toMatchObject({
      bulkId: 'later',
      status: expect.stringMatching(/^(PENDING|PROCESSING)$/),
    });
    const to = (): readonly string[] => rig.texts.sent.map(text => text.to);
    await rig.clock.advanceAsync(3_590_000);
    expect(to()).not.toContain('+41793026750');
    await rig.clock.advanceAsync(20_000);
    expect(to()).toContain('+41793026750');
    const over = await server.call('PUT', '/sms/1/bulks/status?bulkId=later', { status: 'CANCELED' });
    expect(over.status).toBeLessThan(500);
    expect((await server.call('GET', '/sms/1/bulks/status?bulkId=nobody')).status).toBe(404);
  });
});
