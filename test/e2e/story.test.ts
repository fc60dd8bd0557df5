import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import { recordCanary, Service } from '../support/service.ts';
import { createTemplate, endedCall, type SentPin } from '../support/story.ts';

/**
 * The first call, whole: over real sockets, the PIN known only from listening to what the phone recorded. The phone
 * presses the repeat key after the first reading, and # after the second.
 */
let ear: Ear;
beforeAll(async () => {
  ear = await Ear.create();
});

describe.each([
  ['in scaled time', '6', '+41793026727'],
  ['in real time', '1', '+41793026728'],
])('a PIN is asked for, heard, repeated and verified, %s', (_, speed, phone) => {
  let service: Service;
  beforeAll(async () => {
    service = await Service.start({ SIM_SPEED: speed });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test('the story', async () => {
    const { applicationId, messageId } = await createTemplate(service, {
      messageText: 'Hello {{name}}, your code is,, {{pin}}',
      repeatDTMF: '1#',
    });
    await service.sim('PUT', `/phones/${phone}`, {
      keys: [
        { at: { silenceMs: 1_300 }, keys: '1' },
        { at: { silenceMs: 1_300 }, keys: '#' },
      ],
    });

    const sent = await service.api<SentPin>('POST', '/2fa/2/pin/voice', {
      applicationId,
      messageId,
      to: phone.slice(1),
      placeholders: { name: 'Anna' },
    });
    expect(sent).toMatchObject({ status: 200, body: { to: phone.slice(1), callStatus: 'PENDING_ACCEPTED' } });
    const { pinId } = sent.body;
    expect(pinId).toMatch(/^[0-9A-F]{32}$/);

    const call = await endedCall(service, phone);
    const heard = ear.listen(await service.recording(call.id));
    expect(heard.readings).toHaveLength(2);
    const [pin, again] = heard.readings as [string, string];
    expect(pin).toMatch(/^\d{6}$/);
    expect(again).toBe(pin);
    recordCanary(pin);
    expect(call.keysPressed).toBe('1#');

    const wrong = pin.replace(/.$/, last => String((Number(last) + 1) % 10));
    const refused = await service.api('POST', `/2fa/2/pin/${pinId}/verify`, { pin: wrong });
    expect(refused.body).toEqual({
      pinId,
      msisdn: phone.slice(1),
      verified: false,
      attemptsRemaining: 4,
      pinError: 'WRONG_PIN',
    });
    const verified = await service.api('POST', `/2fa/2/pin/${pinId}/verify`, { pin });
    expect(verified).toMatchObject({ status: 200 });
    expect(verified.body).toEqual({ pinId, msisdn: phone.slice(1), verified: true, attemptsRemaining: 0 });

    const list = await service.api<{
      verifications: { verified: boolean; sentAt: number; verifiedAt: number }[];
    }>(
      'GET',
      `/2fa/2/applications/${applicationId}/verifications?msisdn=${phone.slice(1)}&verified=true&sent=true`,
    );
    expect(list.body.verifications).toHaveLength(1);
    expect(list.body.verifications[0]!.verifiedAt).toBeGreaterThan(list.body.verifications[0]!.sentAt);
  }, 60_000);
});
