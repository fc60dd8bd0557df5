import { describe, expect, it } from 'vitest';

import type { Outcome, VoiceContent } from '../../../src/domain/message.ts';
import { SMS, VOICE } from '../../support/message-fixtures.ts';
import { ScriptedCarrier } from '../../support/scripted-carrier.ts';
import { withRig, type Rig } from './rig.ts';

const statusOf = (outcome: Outcome) => (outcome.kind === 'rejected' ? outcome.statusId : outcome.kind);
const later = { sendAt: Date.UTC(2026, 0, 2) };

async function voiceStatus(rig: Rig, content: Partial<VoiceContent>): Promise<unknown> {
  const { messages } = await rig.submit('voice', 1, { content: { ...VOICE, ...content }, ...later });
  return statusOf(messages[0]!.outcome);
}

describe('a destination', () => {
  it(
    'has an outcome of its own, in the request’s order',
    withRig({}, async rig => {
      const given = ['+41 79 302 67 27', '', 'nobody', '00417930267', '41793026728'];
      const { bulkId, messages } = await rig.submit('sms', given, later);
      expect(bulkId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(messages.map(({ to, outcome, smsCount }) => [to, statusOf(outcome), smsCount])).toEqual([
        ['41793026727', 'pending', 1],
        ['', 51, 1],
        ['nobody', 52, 1],
        ['00417930267', 52, 1],
        ['41793026728', 'pending', 1],
      ]);
      expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(5);
    }),
  );

  it(
    'is rejected when its messageId is in use, now or before',
    withRig({}, async rig => {
      const destinations = [
        { to: '41793026727', messageId: 'a' },
        { to: '41793026728', messageId: 'a' },
        { to: '41793026729', messageId: 'b' },
      ];
      const first = await rig.submit('sms', [], { destinations, ...later });
      expect(first.messages.map(({ outcome }) => statusOf(outcome))).toEqual(['pending', 23, 'pending']);
      const second = await rig.submit('sms', [], { destinations: [destinations[2]!], ...later });
      expect(second.messages).toMatchObject([{ messageId: 'b', outcome: { statusId: 23 } }]);
    }),
  );
});

describe('a bulk', () => {
  it(
    'needs an id that is free on its channel',
    withRig({}, async rig => {
      await rig.submit('sms', 1, later, { bulkId: 'mine' });
      await expect(rig.submit('sms', 1, later, { bulkId: 'mine' })).rejects.toMatchObject({
        id: 'badRequest',
        fields: { bulkId: ['is already in use'] },
      });
      await rig.submit('voice', 1, later, { bulkId: 'mine' });
    }),
  );

  it(
    'is refused while the service stops',
    withRig({}, async rig => {
      await rig.messaging.stop(0);
      await expect(rig.submit('sms', 1)).rejects.toMatchObject({ id: 'unavailable' });
    }),
  );
});

describe('a message', () => {
  it.each<[string, Partial<VoiceContent>, unknown]>([
    ['a text', {}, 'pending'],
    ['SSML', { text: '<speak>Hello <break time="1s"/> you</speak>' }, 'pending'],
    ['braces, which are no placeholders here', { text: 'Hello {{name}}' }, 'pending'],
    ['nothing', { text: ' ' }, 55],
    ['only punctuation', { text: '...,,, !' }, 55],
    ['bad SSML', { text: '<speak>Hello' }, 91],
    ['too much', { text: 'a'.repeat(1_401) }, 25],
    ['a language without a voice', { language: 'tlh' }, 54],
    ['a DTMF sign that no phone has', { repeatDtmf: 'x' }, 58],
    ['no time for keys', { dtmfTimeoutSeconds: 0 }, 59],
    ['no time to ring', { ringTimeoutSeconds: 0 }, 60],
    ['no time to talk', { callTimeoutSeconds: -1 }, 61],
    ['a transfer', { callTransfers: [{ transferTo: '41793026729', on: 'anyDtmf' }] }, 63],
    ['a file that is nowhere', { text: undefined, audioFileUrl: 'ftp://x/y.wav' }, 53],
    ['a file', { text: undefined, audioFileUrl: 'https://files.example/y.wav' }, 'pending'],
  ])('for the ear: %s', async (_, content, status) => {
    await withRig({}, async rig => expect(await voiceStatus(rig, content)).toBe(status))();
  });

  it(
    'may be a file only where we play it ourselves, and any language where the carrier speaks',
    withRig({ carrier: new ScriptedCarrier({ media: false }) }, async rig => {
      expect(await voiceStatus(rig, { audioFileUrl: 'https://files.example/y.wav' })).toBe(53);
      expect(await voiceStatus(rig, { language: 'tlh' })).toBe('pending');
    }),
  );

  it(
    'for the eye needs words; its window an hour, its notify URL a scheme',
    withRig({}, async rig => {
      const status = async (message: object) =>
        statusOf((await rig.submit('sms', 1, { ...later, ...message })).messages[0]!.outcome);
      const notify = {
        url: 'shop.example',
        contentType: 'application/json',
        version: 2,
        intermediate: false,
      };
      const window = { days: ['MONDAY'], fromMinute: 0, toMinute: 30 };
      const rejection = { kind: 'rejected', statusId: 62, statusName: 'REJECTED_INVALID_MACHINE_DETECTION' };
      expect(await status({ content: { ...SMS, text: ' ' } })).toBe(55);
      expect(await status({ content: { ...SMS, binary: { hex: '00', dataCoding: 4, esmClass: 0 } } })).toBe(
        19,
      );
      expect(await status({ notify })).toBe(56);
      expect(await status({ window })).toBe(87);
      expect(await status({ rejection })).toBe(62);
      expect(await status({})).toBe('pending');
    }),
  );
});
