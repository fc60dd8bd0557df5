import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';

import { settle } from '../support/fake-clock.ts';
import { ScriptedMediaStream } from '../support/scripted-media-stream.ts';
import { PHONE, streamUrl, withRig } from './rig.ts';

describe('a media socket is let in', () => {
  it(
    'once: the token is spent by its first use',
    withRig({}, async rig => {
      const url = streamUrl(await rig.answer(await rig.send()));
      const both = await Promise.all([rig.admit(url), rig.admit(url)]);
      expect(both.filter(Boolean)).toHaveLength(1);
      expect(await rig.admit(url)).toBeUndefined();
      expect(rig.counted).toEqual(['media-refused', 'media-refused']);
    }),
  );

  it(
    'only with the signature, and a forger does not spend the token',
    withRig({}, async rig => {
      const url = streamUrl(await rig.answer(await rig.send()));
      expect(await rig.admit(url, { forged: true })).toBeUndefined();
      expect(await rig.admit(url)).toBeTypeOf('function');
    }),
  );

  it(
    'only with a token that was handed out',
    withRig({}, async rig => {
      const url = streamUrl(await rig.answer(await rig.send()));
      const flipped = url.replace(/.$/, last => (last === 'A' ? 'B' : 'A'));
      for (const wrong of [flipped, `${url}A`, url.slice(0, -1), url.replace(/[^/]+$/, '')])
        expect(await rig.admit(wrong)).toBeUndefined();
      expect(await rig.admit(url.replace('/scripted/', '/other/'))).toBeUndefined();
      expect(await rig.admit(url)).toBeTypeOf('function');
    }),
  );

  it(
    'within a minute of the answer',
    withRig({}, async rig => {
      const url = streamUrl(await rig.answer(await rig.send()));
      await rig.clock.advanceAsync(60_000);
      expect(await rig.admit(url)).toBeUndefined();
    }),
  );

  it(
    'not after the call has ended',
    withRig({}, async rig => {
      const ref = await rig.send();
      const url = streamUrl(await rig.answer(ref));
      await rig.ended(ref);
      expect(await rig.admit(url)).toBeUndefined();
      expect(await rig.report(ref)).toMatchObject({ codeHeard: 'none' });
    }),
  );
});

it(
  'a code that died while the phone rang is not read: the call is hung up',
  withRig({ application: { pinTimeToLive: '20s' } }, async rig => {
    const ref = await rig.send();
    await rig.clock.advanceAsync(21_000);
    expect(await rig.admit(streamUrl(await rig.answer(ref)))).toBeUndefined();
    await settle();
    expect(await rig.report(ref)).toMatchObject({ cause: 'pin-dead', codeHeard: 'none' });
    expect(rig.carrier.hungUp).toEqual(['CA1']);
    expect(rig.speech.rendered).toEqual([]);
  }),
);

it(
  'an upgrade that never arrives ends the call',
  withRig({}, async rig => {
    const ref = await rig.send();
    await rig.admit(streamUrl(await rig.answer(ref)));
    await rig.clock.advanceAsync(10_000);
    expect(await rig.report(ref)).toMatchObject({ cause: 'no-start', codeHeard: 'none' });
    expect(rig.delivery.liveCalls).toBe(0);
  }),
);

it(
  'a socket that opens after the call has ended is closed at once',
  withRig({}, async rig => {
    const ref = await rig.send();
    const takeOver = await rig.admit(streamUrl(await rig.answer(ref)));
    await rig.ended(ref);
    const stream = new ScriptedMediaStream(rig.clock);
    takeOver?.(stream as unknown as WebSocket);
    expect(stream.closed).toBe(true);
    expect(stream.sentMs).toBe(0);
  }),
);

it(
  'a socket that is silent after its upgrade is given up after 10 s',
  withRig({}, async rig => {
    const ref = await rig.send();
    await rig.connect(ref);
    await rig.clock.advanceAsync(10_000);
    await rig.ended(ref);
    expect(await rig.report(ref)).toMatchObject({ cause: 'no-start', codeHeard: 'none' });
  }),
);

it(
  'a carrier that cannot take the socket over does not take us down',
  withRig({}, async rig => {
    const ref = await rig.send();
    const takeOver = await rig.admit(streamUrl(await rig.answer(ref)));
    rig.carrier.openMedia = () => {
      throw new Error('no');
    };
    const stream = new ScriptedMediaStream(rig.clock);
    expect(() => takeOver?.(stream as unknown as WebSocket)).not.toThrow();
    await settle();
    expect(await rig.report(ref)).toMatchObject({ cause: 'internal' });
  }),
);

it(
  'nothing secret is in the log of a whole call',
  withRig({ template: { repeatDTMF: '12345#', pinLength: 8 } }, async rig => {
    const ref = await rig.send();
    const stream = await rig.talk(ref);
    const pin = await rig.pinOf((await rig.record(ref)).pinId);
    await rig.clock.advanceAsync(10_000);
    stream.press('73951');
    await rig.clock.advanceAsync(30_000);
    await rig.ended(ref);
    expect((await rig.report(ref)).dtmfCodes).toBe('73951');
    const log = rig.lines.join('\n');
    expect(log).toContain('call ended');
    expect(log.replaceAll(/"time":\d+|"ref":"\w+"/g, '')).not.toMatch(new RegExp(`${pin}|73951`));
    expect(log).not.toContain(PHONE);
  }),
);
