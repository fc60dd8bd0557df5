import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import { createSimulator, type Simulator } from '../../sip-sim/index.ts';
import { eventually, recordCanary, Service } from '../support/service.ts';
import { createTemplate, sendVoice, type SimCall } from '../support/story.ts';
import { FULL, record, times } from './results.ts';

/**
 * faults.md F14, its media half: the process stands still (SIGSTOP) while phones listen, in the words before the code or in the code,
 * and half of them press the repeat key meanwhile. Every call goes on or ends by itself, every phone has heard a whole code at
 * the end, whoever asked for it again has heard it again, and nobody is called twice.
 */
const stalls = Math.min(times(1), 5);
const STALL_MS = FULL ? 5_000 : 2_000;
const PHONES = FULL ? 10 : 4;

let ear: Ear;
let simulator: Simulator;
let service: Service;
let folder: string;

beforeAll(async () => {
  ear = await Ear.create();
  folder = mkdtempSync(join(tmpdir(), 'saypin-stall-'));
  // In real time, and living on while the service stands still.
  simulator = await createSimulator({ speed: 1, dataDir: folder });
  const { accountSid, authToken, url: baseUrl } = simulator;
  const carrier = { type: 'twilio', accountSid, authToken, baseUrl, mode: 'media', from: '+15005550006' };
  const SAYPIN_CONFIG = join(folder, 'config.json');
  writeFileSync(SAYPIN_CONFIG, JSON.stringify({ carriers: [carrier], api: { requestLimits: false } }));
  service = await Service.start({ SAYPIN_CONFIG });
});

afterAll(async () => {
  await service.kill();
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

for (let stall = 0; stall < stalls; stall++) {
  test(`${PHONES} phones listen on when the process stood still for ${STALL_MS} ms (${stall})`, async () => {
    const ids = await createTemplate(service, {
      messageText: 'Hello. Your code is,, {{pin}}',
      repeatDTMF: '1',
    });
    const phones = Array.from(
      { length: PHONES },
      (_, index) => `+4179303${stall}${String(index).padStart(3, '0')}`,
    );
    for (const phone of phones) await put(`/phones/${phone}`, { answerAfterMs: 200 });
    const pins = await Promise.all(phones.map(async phone => await sendVoice(service, ids, phone)));
    const live = await Promise.all(
      phones.map(
        async (phone, index) =>
          await eventually('the phone to listen', async () => {
            const call = await latestCall(phone);
            // In the words, and at various places of the code.
            return call && call.secondsHeard >= 0.3 + (index % 5) * 0.8 ? call : undefined;
          }),
      ),
    );
    expect(live.filter(call => call.state !== 'ended').length, 'a vacuous run').toBe(PHONES);

    process.kill(service.pid, 'SIGSTOP');
    try {
      const asking = live.filter((_, index) => index % 2 === 1);
      for (const call of asking) await post(`/calls/${call.id}/keys`, { keys: '1' });
      await pause(STALL_MS);
    } finally {
      process.kill(service.pid, 'SIGCONT');
    }

    let repeated = 0;
    for (const [index, phone] of phones.entries()) {
      const call = await eventually(
        'the call to end',
        async () => {
          const latest = await latestCall(phone);
          return latest?.state === 'ended' ? latest : undefined;
        },
        60_000,
      );
      const wav = await fetch(`${simulator.url}/calls/${call.id}/audio.wav`);
      const readings = ear.listen(new Uint8Array(await wav.arrayBuffer())).readings;
      const whole = readings.filter(reading => /^\d{6}$/.test(reading));
      expect(new Set(whole).size, `phone ${index} heard one code: ${readings.length} readings`).toBe(1);
      if (index % 2 === 1) {
        expect(call.keysPressed).toBe('1');
        repeated++;
        // The reading that the key came into, or after, and the one that it asked for.
        expect(readings.length, `phone ${index} asked for it again`).toBeGreaterThanOrEqual(2);
      }
      const [pin] = whole;
      recordCanary(pin!);
      const verified = await service.api('POST', `/2fa/2/pin/${pins[index]}/verify`, { pin });
      expect(verified.body, `phone ${index}`).toMatchObject({ verified: true });
      expect((await callsOf(phone)).length, 'nobody is called twice').toBe(1);
    }
    const page = await (await fetch(`${service.url}/metrics`)).text();
    expect(page).toMatch(/^saypin_live_calls 0$/m);
    record({ fault: 'F14', on: 'media', runs: 1, figures: { phones: PHONES, stallMs: STALL_MS, repeated } });
  }, 120_000);
}

async function callsOf(phone: string): Promise<readonly SimCall[]> {
  const answer = await fetch(`${simulator.url}/phones/${phone}/calls`);
  return ((await answer.json()) as { calls: SimCall[] }).calls;
}

async function latestCall(phone: string): Promise<SimCall | undefined> {
  return (await callsOf(phone)).at(-1);
}

async function put(path: string, body: object): Promise<void> {
  await ask('PUT', path, body);
}

async function post(path: string, body: object): Promise<void> {
  await ask('POST', path, body);
}

async function ask(method: string, path: string, body: object): Promise<void> {
  const answer = await fetch(`${simulator.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
}
