import { afterAll, beforeAll, expect, test } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import { eventually, recordCanary, Service } from '../support/service.ts';
import { createTemplate, endedCall, sendVoice, type SimCall } from '../support/story.ts';

/** The human gate of the strict profile, as the phone lives it: the digit to press is heard, not known. */
let ear: Ear;
let service: Service;
let ids: { applicationId: string; messageId: string };
beforeAll(async () => {
  ear = await Ear.create();
  service = await Service.start({ SIM_SPEED: '4', SECURITY_PROFILE: 'strict' });
  ids = await createTemplate(service);
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
});

test.concurrent('who presses the digit that was asked for hears the PIN', async () => {
  const phone = '+41793026731';
  const pinId = await sendVoice(service, ids, phone);
  const call = await eventually('the phone to answer', async () => {
    const { calls } = await service.sim<{ calls: SimCall[] }>('GET', `/phones/${phone}/calls`);
    return calls.find(one => one.state === 'answered');
  });
  const asked = await eventually('the digit to be said', async () => {
    const { pieces, seconds } = ear.listen(await service.recording(call.id));
    const digit = pieces.find(piece => piece.digit !== undefined && seconds * 1000 - piece.endMs > 300);
    return digit?.digit;
  });
  await service.sim('POST', `/calls/${call.id}/keys`, { keys: asked });
  await endedCall(service, phone);
  const pin = ear.listen(await service.recording(call.id)).readings.find(reading => reading.length === 6);
  expect(pin).toBeDefined();
  recordCanary(pin!);
  const verified = await service.api('POST', `/2fa/2/pin/${pinId}/verify`, { pin });
  expect(verified.body).toMatchObject({ verified: true });
});

test.concurrent.each([
  ['nobody presses a key', '+41793026732', {}],
  ['a voicemail answers', '+41793026733', { outcome: 'voicemail' }],
])(
  'when %s, the PIN is never spoken',
  async (_, phone, behaviour) => {
    await service.sim('PUT', `/phones/${phone}`, behaviour);
    await sendVoice(service, ids, phone);
    const call = await endedCall(service, phone, 1, 60_000);
    const { readings, pieces } = ear.listen(await service.recording(call.id));
    expect(pieces.length, 'the prompt was heard').toBeGreaterThan(0);
    expect(readings).toEqual([]);
  },
  90_000,
);
