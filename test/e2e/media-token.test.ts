import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { eventually, Service } from '../support/service.ts';
import { createTemplate, sendVoice } from '../support/story.ts';
import { TinyCarrier, type PlacedCall } from '../support/tiny-carrier.ts';

/** The carrier's road in, right and forged, against the running service (security.md, "Surfaces"). */
let carrier: TinyCarrier;
let service: Service;
let folder: string;
let ids: { applicationId: string; messageId: string };
beforeAll(async () => {
  carrier = await TinyCarrier.start();
  folder = mkdtempSync(join(tmpdir(), 'saypin-e2e-'));
  const SAYPIN_CONFIG = join(folder, 'config.json');
  writeFileSync(SAYPIN_CONFIG, JSON.stringify({ carriers: [carrier.config] }));
  service = await Service.start({ SAYPIN_CONFIG });
  ids = await createTemplate(service);
});
afterAll(async () => {
  // The calls of this carrier never end by themselves, and an orderly stop would wait for them.
  await service.kill();
  await carrier.close();
  rmSync(folder, { recursive: true });
});

let phones = 0;

async function placedCall(): Promise<PlacedCall> {
  const to = `+4179302671${phones++}`;
  await sendVoice(service, ids, to);
  return await eventually('the call to be placed', async () => carrier.placed.get(to));
}

test('a media token opens one socket, once, and only with the signature', async () => {
  const call = await placedCall();
  const url = await carrier.answer(call);
  await expect(carrier.openMedia(url, 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=')).rejects.toThrow('upgrade 403');
  const wrongToken = url.replace(/.$/, last => (last === 'A' ? 'B' : 'A'));
  await expect(carrier.openMedia(wrongToken)).rejects.toThrow('upgrade 403');

  const socket = await carrier.openMedia(url);
  const heard = new Promise<string>(resolve => {
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { event: string };
      if (message.event === 'media') resolve(message.event);
    });
  });
  carrier.startStream(socket, call.sid);
  await heard;
  await expect(carrier.openMedia(url), 'a used token').rejects.toThrow('upgrade 403');
  socket.close();
});

test('forged webhooks are refused and change nothing', async () => {
  const call = await placedCall();
  const forgeries = [
    await carrier.webhook(
      call.answerUrl,
      call,
      { CallStatus: 'in-progress' },
      'AAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    ),
    await carrier.webhook(call.statusUrl, call, { CallStatus: 'completed' }, carrier.sign(call.statusUrl)),
    await carrier.webhook(call.statusUrl, call, { CallStatus: 'completed' }, ''),
  ];
  expect(forgeries.map(reply => reply.status)).toEqual([403, 403, 403]);
  for (const reply of forgeries) expect(await reply.text()).not.toContain('<');
  // The call is as alive as before: its real answer is still served a stream.
  expect(await carrier.answer(call)).toMatch(/^ws:/);
});

test("a signed webhook with another call's id is acknowledged and changes nothing", async () => {
  const [one, other] = [await placedCall(), await placedCall()];
  const reply = await carrier.webhook(one.statusUrl, other, { CallStatus: 'completed' });
  expect(reply.status).toBe(204);
  expect(await carrier.answer(one)).toMatch(/^ws:/);
  expect(await carrier.answer(other)).toMatch(/^ws:/);
});
