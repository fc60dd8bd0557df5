import { SaxesParser } from 'saxes';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/tts/examples.ts';
import { renderVoiceReport } from '../../../src/api/infobip/tts/index.ts';
import type { Message } from '../../../src/domain/message.ts';
import { answered, CALL } from './messages.ts';
import { shapeOf, TtsServer } from './rig.ts';

let server: TtsServer;
let message: Message;
beforeAll(async () => {
  server = await TtsServer.start();
  message = await answered(server);
});
afterAll(async () => await server.close());

const json = (version: 1 | 2, messages = [message]): { results: Record<string, unknown>[] } =>
  JSON.parse(renderVoiceReport(messages, { version, contentType: 'application/json' }).body) as never;
const xml = (version: 1 | 2, messages = [message]): string =>
  renderVoiceReport(messages, { version, contentType: 'application/xml' }).body;

/** Every leaf of a document, `path text`, in order; throws where it is not well-formed. */
function leaves(document: string): string[] {
  const parser = new SaxesParser();
  const found: string[] = [];
  const path: string[] = [];
  let text = '';
  parser.on('opentag', ({ name }) => {
    path.push(name);
    text = '';
  });
  parser.on('text', part => (text += part));
  parser.on('closetag', ({ isSelfClosing }) => {
    if (text !== '' || isSelfClosing) found.push(`${path.join('/')} ${text}`);
    text = '';
    path.pop();
  });
  parser.on('error', error => {
    throw error;
  });
  parser.write(document).close();
  return found;
}

describe('a pushed report (infobip-api.md 3.7)', () => {
  it('is in version 2 what a pull answers', async () => {
    const pushed = json(2);
    expect(shapeOf(pushed)).toStrictEqual(shapeOf(examples.reports));
    expect((await server.call('GET', '/voice/1/reports')).body).toStrictEqual(pushed);
  });

  it('is in version 1 flat, with times as numbers and two fields more', () => {
    const [report] = json(1).results;
    const flat = examples.flatReports.results[0];
    expect(shapeOf(report)).toStrictEqual(
      shapeOf({
        ...flat,
        startTime: 1,
        endTime: 1,
        answerTime: 1,
        dtmfCodesAsJson: null,
        transcribedAudioFileUrl: null,
      }),
    );
    expect(report).toMatchObject({
      startTime: CALL.startedAt,
      endTime: CALL.endedAt,
      answerTime: CALL.answeredAt,
      sentAt: '2018-06-25T13:38:14.730+0000',
    });
  });

  it('is XML where that was asked for', () => {
    expect(renderVoiceReport([message], { version: 2, contentType: 'application/xml' }).contentType).toBe(
      'application/xml',
    );
    const at = 'reportResponse/results/results';
    expect(leaves(xml(2))).toStrictEqual([
      `${at}/bulkId ${message.bulkId}`,
      `${at}/messageId ${message.messageId}`,
      `${at}/to 41793026727`,
      `${at}/sentAt 2018-06-25T13:38:14.730+0000`,
      `${at}/mccMnc 21901`,
      `${at}/price/pricePerSecond 0`,
      `${at}/price/currency EUR`,
      `${at}/status/groupId 3`,
      `${at}/status/groupName DELIVERED`,
      `${at}/status/id 5`,
      `${at}/status/name DELIVERED_TO_HANDSET`,
      `${at}/status/description Message delivered to handset`,
      `${at}/error/groupId 0`,
      `${at}/error/groupName OK`,
      `${at}/error/id 5000`,
      `${at}/error/name VOICE_ANSWERED`,
      `${at}/error/description Call answered by human`,
      `${at}/error/permanent true`,
      `${at}/from 385333444`,
      `${at}/callbackData DLR callback data`,
      `${at}/voiceCall/feature Voice-message`,
      `${at}/voiceCall/startTime 2018-06-25T13:38:15.000+0000`,
      `${at}/voiceCall/answerTime 2018-06-25T13:38:25.000+0000`,
      `${at}/voiceCall/endTime 2018-06-25T13:38:28.316+0000`,
      `${at}/voiceCall/duration 3`,
      `${at}/voiceCall/chargedDuration 3`,
      `${at}/voiceCall/fileDuration 19.3`,
      `${at}/voiceCall/dtmfCodes 3, 9`,
    ]);
    expect(xml(1)).toContain('<startTime>2018-06-25T13:38:15.000+0000</startTime>');
    expect(leaves(xml(1)).join('\n')).not.toMatch(/scenario|AsJson|null/);
  });

  it('holds as many as there are', () => {
    expect(json(2, [message, message]).results).toHaveLength(2);
    expect(xml(1, [message, message]).match(/<results><bulkId>/g)).toHaveLength(2);
    expect(xml(2, [])).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><reportResponse><results/></reportResponse>',
    );
  });

  it('says anything in XML and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), text => {
        const [leaf] = leaves(xml(2, [{ ...message, callbackData: `|${text}|` }])).filter(each =>
          each.startsWith('reportResponse/results/results/callbackData '),
        );
        const sayable = text
          .toWellFormed()
          // eslint-disable-next-line no-control-regex
          .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD');
        expect(leaf).toBe(`reportResponse/results/results/callbackData |${sayable}|`);
      }),
      { numRuns: 500, seed: 20_261_121 },
    );
  });
});
