import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/tts/examples.ts';
import type { BulkStatus } from '../../../src/domain/message.ts';
import { problems, shapeOf, TtsServer } from './rig.ts';

const QUERY = '?bulkId=mine';
const OVER = ['CANCELED', 'FINISHED', 'FAILED'] as const;

let server: TtsServer;
beforeEach(async () => {
  server = await TtsServer.start();
  const message = { text: 'Hi', destinations: [{ to: '41793026727' }], sendAt: '2026-01-02T00:00:00.000Z' };
  await server.call('POST', '/tts/3/advanced', { bulkId: 'mine', messages: [message] });
});
afterEach(async () => await server.close());

const put = async (url: string, body: unknown) => await server.call('PUT', url, body);

describe('/tts/3/bulks (infobip-api.md 3.6)', () => {
  it('tells when a bulk is sent', async () => {
    const answer = await server.call('GET', `/tts/3/bulks${QUERY}`);
    expect([answer.status, answer.body]).toStrictEqual([
      200,
      { bulkId: 'mine', sendAt: '2026-01-02T00:00:00.000+0000' },
    ]);
    expect(shapeOf(answer.body)).toStrictEqual(shapeOf(examples.bulk));
  });

  it('reschedules while PAUSED, the example’s past included', async () => {
    await put(`/tts/3/bulks/status${QUERY}`, { status: 'PAUSED' });
    const later = await put(`/tts/3/bulks${QUERY}`, { sendAt: '2026-01-05T10:00:00+02:00' });
    expect(later.body).toStrictEqual({ bulkId: 'mine', sendAt: '2026-01-05T08:00:00.000+0000' });
    const past = await put(`/tts/3/bulks${QUERY}`, examples.rescheduleRequest);
    expect(past.body).toStrictEqual({ bulkId: 'mine', sendAt: '2023-09-26T14:07:35.000+0000' });
  });

  it('refuses it otherwise, naming sendAt', async () => {
    const body = { sendAt: '2026-01-05T10:00:00Z' };
    expect(problems(await put(`/tts/3/bulks${QUERY}`, body))).toStrictEqual({
      sendAt: ['can be changed only while the bulk is PAUSED'],
    });
    await put(`/tts/3/bulks/status${QUERY}`, { status: 'PAUSED' });
    for (const [sendAt, problem] of [
      ['2026-07-01T00:00:00Z', 'must be at most 180 days from now'],
      ['soon', 'must be a date and time'],
      [null, 'must not be null'],
    ]) {
      expect(problems(await put(`/tts/3/bulks${QUERY}`, { sendAt }))).toStrictEqual({ sendAt: [problem] });
    }
  });
});

describe('/tts/3/bulks/status', () => {
  it.each(['PENDING', 'PAUSED', 'PROCESSING', 'CANCELED', 'FINISHED', 'FAILED'] as const)(
    'tells %s',
    async status => {
      server.messaging.setBulk('voice', 'mine', { status });
      const answer = await server.call('GET', `/tts/3/bulks/status${QUERY}`);
      expect([answer.status, answer.body]).toStrictEqual([200, { bulkId: 'mine', status }]);
      expect(shapeOf(answer.body)).toStrictEqual(shapeOf(examples.bulkStatus));
    },
  );

  it('pauses, resumes and cancels', async () => {
    for (const status of ['PAUSED', 'PENDING', 'PAUSED', 'PROCESSING', 'CANCELED']) {
      const answer = await put(`/tts/3/bulks/status${QUERY}`, { status });
      expect([answer.status, answer.body]).toStrictEqual([200, { bulkId: 'mine', status }]);
    }
  });

  it.each(OVER)('cannot move a bulk that is %s', async (status: BulkStatus) => {
    server.messaging.setBulk('voice', 'mine', { status });
    expect(problems(await put(`/tts/3/bulks/status${QUERY}`, { status: 'PENDING' }))).toStrictEqual({
      status: ['the bulk has ended'],
    });
  });

  it.each(['FINISHED', 'FAILED', 'CANCELLED', 'paused', 7, undefined])(
    'cannot be set to %s',
    async status => {
      expect(Object.keys(problems(await put(`/tts/3/bulks/status${QUERY}`, { status })))).toStrictEqual([
        'status',
      ]);
    },
  );
});

describe.each(['/tts/3/bulks', '/tts/3/bulks/status'])('%s', url => {
  const body = url.endsWith('status') ? { status: 'PAUSED' } : { sendAt: '2026-01-05T10:00:00Z' };

  it('answers 404 for a bulk that nobody knows', async () => {
    for (const answer of [
      await server.call('GET', `${url}?bulkId=none`),
      await put(`${url}?bulkId=none`, body),
    ]) {
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({ requestError: { serviceException: { messageId: 'NOT_FOUND' } } });
    }
  });

  it.each(['', '?bulkId=', '?bulkId=a&bulkId=b', `?bulkId=${'b'.repeat(101)}`])(
    'wants one bulkId, not %j',
    async query => {
      for (const answer of [await server.call('GET', `${url}${query}`), await put(`${url}${query}`, body)]) {
        expect(Object.keys(problems(answer))).toStrictEqual(['bulkId']);
      }
    },
  );
});
