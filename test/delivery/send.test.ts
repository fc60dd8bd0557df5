import { describe, expect, it } from 'vitest';

import { ServiceError } from '../../src/errors.ts';
import type { PinId } from '../../src/domain/types.ts';
import { settle } from '../support/fake-clock.ts';
import { MESSAGE_MS, PHONE, Rig, withRig } from './rig.ts';

async function refused(work: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ServiceError)) throw new Error('not refused');
  return error;
}

describe('sending', () => {
  it(
    'takes down what was asked for',
    withRig(
      { template: { language: 'de', speechRate: 9, repeatDTMF: '2#', voiceName: 'Test' } },
      async rig => {
        const ref = await rig.send({ name: 'Ada' });
        expect((await rig.record(ref)).script).toMatchObject({
          messageText: 'Your code is {{pin}}',
          placeholders: { name: 'Ada' },
          language: 'de',
          voiceName: 'Test',
          speechRate: 2,
          repeatDtmf: '2#',
          times: 1,
          gate: 'off',
        });
      },
    ),
  );

  it(
    'makes the words and the whole alphabet of the PIN while the phone rings, never its own symbols alone',
    withRig({}, async rig => {
      await rig.send();
      const warmed = rig.speech.prewarmed.map(segment => (segment.kind === 'speech' ? segment.text : ''));
      expect(warmed.filter(Boolean)).toEqual([
        'Your code is',
        'zero',
        'one',
        'two',
        'three',
        'four',
        'five',
        'six',
        'seven',
        'eight',
        'nine',
      ]);
    }),
  );

  it.each([
    ['+41791234567', '+41791234567'],
    ['41791234567', '+41791234567'],
    ['Infobip 2FA', '+15005550006'],
    [undefined, '+15005550006'],
  ])('comes from a number, whatever the sender is: %s', async (from, caller) => {
    await withRig({}, async rig => {
      const { application, template } = rig;
      await rig.delivery.sendPin({ application, template, to: PHONE, from, placeholders: {} });
      await settle();
      expect(rig.carrier.placed[0]?.from).toBe(caller);
    })();
  });

  it.each([
    'Your code is <emphasis>{{pin}}',
    '<speak>Code <audio src="x"/> {{pin}}</speak>',
    '<speak>{{pin}}',
  ])('SSML that cannot be spoken is refused before anybody is called: %s', async messageText => {
    await withRig({ template: { messageText } }, async rig => {
      const error = await refused(rig.send());
      expect([error.id, Object.keys(error.fields ?? {})]).toEqual(['badRequest', ['messageText']]);
      await settle();
      expect(rig.carrier.placed).toEqual([]);
    })();
  });

  it(
    'in a language that no voice speaks names the field, and nothing is counted or dialled',
    withRig({ template: { language: 'ja' } }, async rig => {
      const { application, template } = rig;
      const error = await refused(
        rig.delivery.sendPin({ application, template, to: PHONE, placeholders: {} }),
      );
      expect(error.id).toBe('badRequest');
      expect(Object.keys(error.fields ?? {})).toEqual(['language']);
      expect(rig.carrier.placed).toEqual([]);
    }),
  );

  it(
    'over a limit is refused with the time to wait, and nothing is dialled',
    withRig({ application: { sendPinPerPhoneNumberLimit: '1/1h' } }, async rig => {
      await rig.send();
      const error = await refused(rig.send());
      expect(error.id).toBe('tooManyRequests');
      expect(error.retryAfterMs).toBe(3_600_000);
      expect(rig.carrier.placed).toHaveLength(1);
      expect(rig.delivery.liveCalls).toBe(1);
    }),
  );

  it(
    'without a carrier is unavailable',
    withRig({ deps: { route: () => undefined } }, async rig => {
      expect((await refused(rig.send())).id).toBe('unavailable');
    }),
  );
});

describe('resending', () => {
  it(
    'says the same PIN and words again, with the placeholders that are new',
    withRig({ template: { messageText: '{{greeting}} {{name}}, {{pin}}' } }, async rig => {
      const ref = await rig.send({ greeting: 'Hello', name: 'Ada' });
      const { pinId } = await rig.record(ref);
      await rig.store.putTemplate({ ...rig.template, messageText: 'Changed: {{pin}}' });
      const plain = await rig.delivery.resendPin({ pinId, placeholders: {} });
      const other = await rig.delivery.resendPin({ pinId, placeholders: { name: 'Bob' } });
      expect(plain).toMatchObject({ pinId, to: PHONE });
      expect(plain.callRef).not.toBe(ref);
      expect((await rig.record(plain.callRef)).script).toEqual((await rig.record(ref)).script);
      expect((await rig.record(other.callRef)).script.placeholders).toEqual({
        greeting: 'Hello',
        name: 'Bob',
      });
      await settle();
      expect(rig.carrier.placed).toHaveLength(3);
    }),
  );

  it(
    'of an unknown or dead PIN finds nothing',
    withRig({ application: { pinTimeToLive: '10s' } }, async rig => {
      const { pinId } = await rig.record(await rig.send());
      await rig.clock.advanceAsync(10_001);
      expect((await refused(rig.delivery.resendPin({ pinId, placeholders: {} }))).id).toBe('notFound');
      const unknown = 'F'.repeat(32) as PinId;
      expect((await refused(rig.delivery.resendPin({ pinId: unknown, placeholders: {} }))).id).toBe(
        'notFound',
      );
      expect(rig.carrier.placed).toHaveLength(1);
    }),
  );

  it(
    'counts against the send limits',
    withRig({ application: { sendPinPerPhoneNumberLimit: '1/1h' } }, async rig => {
      const { pinId } = await rig.record(await rig.send());
      expect((await refused(rig.delivery.resendPin({ pinId, placeholders: {} }))).id).toBe('tooManyRequests');
    }),
  );
});

describe('starting and stopping', () => {
  it(
    'warms digits and phrases of every language that has a voice',
    withRig({}, async rig => {
      await rig.delivery.prewarm(['de', 'ja']);
      const texts = rig.speech.prewarmed.map(segment => (segment.kind === 'speech' ? segment.text : ''));
      expect(texts).toEqual(expect.arrayContaining(['null', 'neun', 'zero', 'nine']));
      expect(rig.lines.some(line => line.includes('"language":"ja"'))).toBe(true);
    }),
  );

  it('refuses new sends, lets live calls finish, then is done', async () => {
    const rig = await Rig.start();
    const ref = await rig.send();
    await rig.talk(ref);
    let stopped = false;
    const stopping = rig.delivery.stop(60_000).then(() => (stopped = true));
    const error = await refused(rig.send());
    expect(error.id).toBe('unavailable');
    expect(error.retryAfterMs).toBeGreaterThan(0);
    await rig.clock.advanceAsync(MESSAGE_MS + 500);
    expect(stopped).toBe(false);
    await rig.ended(ref);
    await settle();
    await stopping;
    expect(await rig.report(ref)).toMatchObject({ cause: 'completed', codeHeard: 'full' });
    expect(rig.clock.pending).toBe(0);
    await rig.close();
  });

  it('hangs up what is left after its grace, and says why', async () => {
    const rig = await Rig.start();
    const talking = await rig.send();
    const stream = await rig.talk(talking);
    const ringing = await rig.send();
    const stopping = rig.delivery.stop(2_000);
    await rig.clock.advanceAsync(20_000);
    await stopping;
    expect(stream.closed).toBe(true);
    expect(rig.carrier.hungUp.toSorted()).toEqual(['CA1', 'CA2']);
    expect(await rig.report(talking)).toMatchObject({ cause: 'shutdown', codeHeard: 'partial' });
    expect(await rig.report(ringing)).toMatchObject({ cause: 'shutdown', codeHeard: 'none' });
    expect(rig.clock.pending).toBe(0);
    await rig.close();
  });
});
