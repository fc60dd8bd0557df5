import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import { createSimulator, type Simulator } from '../../sip-sim/index.ts';
import { eventually, recordCanary, Service } from '../support/service.ts';
import { createTemplate, sendVoice, type SimCall } from '../support/story.ts';

/**
 * faults.md F3: SIGTERM while calls are under way. Every phone hears the whole code, nothing new is taken, and what was heard
 * verifies after the next start. `DRAIN_CALLS` sets the size: a few in `npm test`, 50 by `npm run test:faults`.
 */
const calls = Number(process.env.DRAIN_CALLS ?? 4);
const SPEED = 4;

let ear: Ear;
let simulator: Simulator;
let service: Service;
let folder: string;

beforeAll(async () => {
  ear = await Ear.create();
  folder = mkdtempSync(join(tmpdir(), 'saypin-drain-'));
  // The phones outlive the service: what they recorded is asked for afterwards.
  simulator = await createSimulator({ speed: SPEED, dataDir: folder });
  const { accountSid, authToken, url: baseUrl } = simulator;
  const carrier = {
    type: 'twilio',
    accountSid,
    authToken,
    baseUrl,
    mode: 'media',
    from: '+15005550006',
    maxFramesPerSecond: 200 * SPEED,
  };
  const SAYPIN_CONFIG = join(folder, 'config.json');
  writeFileSync(SAYPIN_CONFIG, JSON.stringify({ carriers: [carrier], api: { requestLimits: false } }));
  service = await Service.start({ SAYPIN_CONFIG });
});

afterAll(async () => {
  await service.kill();
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

test(`SIGTERM with ${calls} live calls`, async () => {
  const ids = await createTemplate(service, { messageText: 'Hello. Your code is,, {{pin}}' });
  const phones = Array.from({ length: calls }, (_, index) => `+4179302${String(index).padStart(4, '0')}`);
  for (const [index, phone] of phones.entries()) {
    // Some ring, some talk when the signal comes.
    const answerAfterMs = index % 4 === 3 ? 6_000 : 300;
    await phoneSettings(phone, { answerAfterMs });
  }
  const pins = await Promise.all(phones.map(async phone => await sendVoice(service, ids, phone)));
  await eventually('every phone to ring', async () => {
    const states = await Promise.all(phones.map(async phone => (await latestCall(phone))?.state));
    return states.every(state => state !== undefined && state !== 'queued' && state !== 'dialing');
  });
  const live = (await Promise.all(phones.map(latestCall))).filter(call => call?.state !== 'ended');
  expect(live.length, 'no call was live at the signal: a vacuous run').toBeGreaterThan(calls / 2);

  const began = performance.now();
  const exit = service.stop();
  await eventually('readiness to end', async () => (await readiness()).status === 503, 1_000);
  expect(performance.now() - began).toBeLessThan(1_000);
  expect((await readiness()).body).toMatchObject({ status: 'unready', reasons: [{ part: 'draining' }] });
  expect((await service.api('GET', '/health/live')).status).toBe(200);

  const refused = await service.api('POST', '/2fa/2/pin/voice', { ...ids, to: '41793999999' });
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(refused.body).toMatchObject({
    requestError: { serviceException: { messageId: 'SERVICE_UNAVAILABLE' } },
  });
  const guess = await service.api('POST', `/2fa/2/pin/${pins[0]}/verify`, { pin: 'x' });
  expect(guess).toMatchObject({ status: 200, body: { verified: false, pinError: 'WRONG_PIN' } });
  const page = await (await fetch(`${service.url}/metrics`)).text();
  expect(page).toMatch(/^saypin_ready 0$/m);
  expect(page).toMatch(/^saypin_live_calls [1-9]/m);

  expect(await exit).toBe(0);
  expect(performance.now() - began).toBeLessThan(60_000);

  const heard = await Promise.all(
    phones.map(async phone => {
      const call = await latestCall(phone);
      const wav = await fetch(`${simulator.url}/calls/${call!.id}/audio.wav`);
      return ear.listen(new Uint8Array(await wav.arrayBuffer())).readings;
    }),
  );
  for (const readings of heard) expect(readings[0]).toMatch(/^\d{6}$/);
  await service.restart();
  for (const [index, pinId] of pins.entries()) {
    const pin = heard[index]![0]!;
    recordCanary(pin);
    const verified = await service.api('POST', `/2fa/2/pin/${pinId}/verify`, { pin });
    expect(verified.body, `phone ${index}`).toMatchObject({ verified: true });
  }
}, 120_000);

async function readiness() {
  return await service.api('GET', '/health/ready');
}

async function phoneSettings(phone: string, settings: object): Promise<void> {
  const answer = await fetch(`${simulator.url}/phones/${phone}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  });
  expect(answer.ok).toBe(true);
}

async function latestCall(phone: string): Promise<SimCall | undefined> {
  const answer = await fetch(`${simulator.url}/phones/${phone}/calls`);
  const { calls } = (await answer.json()) as { calls: SimCall[] };
  return calls.at(-1);
}
