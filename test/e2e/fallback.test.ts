import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { AuthType, Infobip } from '@infobip-api/sdk';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import { eventually, recordCanary, Service } from '../support/service.ts';
import { createTemplate, endedCall, type SimCall } from '../support/story.ts';

/**
 * The fallback as a user runs it: the service, the simulator, real sockets. The spoken PIN is found by the ear, which
 * knows nothing of the texted one.
 */
const FALLBACK = {
  steps: [{ channel: 'sms', next: { noReportAfterSeconds: 4 } }, { channel: 'voice' }],
};
/** Of the simulator; the service's own deadlines are real. Slower machines' tests wait longer. */
const SPEED = process.env.FALLBACK_SPEED ?? '6';
const REAL_TIME = Number(SPEED) < 2;
vi.setConfig({ testTimeout: REAL_TIME ? 180_000 : 40_000 });

type Method = (...values: unknown[]) => Promise<{ data: Record<string, unknown> }>;

let ear: Ear;
let service: Service;
let folder: string;

beforeAll(async () => {
  ear = await Ear.create();
  folder = mkdtempSync(join(tmpdir(), 'saypin-fallback-'));
  const SAYPIN_CONFIG = join(folder, 'config.json');
  writeFileSync(SAYPIN_CONFIG, JSON.stringify({ voice: { machineDetection: 'hangup' } }));
  service = await Service.start({ SIM_SPEED: SPEED, SAYPIN_CONFIG });
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
  rmSync(folder, { recursive: true });
});

interface Entry {
  channel: string;
  trigger?: string;
  state: string;
  reason?: string;
  codeHeard?: string;
}
interface Verification {
  id: string;
  state: string;
  timeline: Entry[];
  undeliverable: boolean;
}

async function create(to: string, plan: unknown = FALLBACK): Promise<Verification> {
  const answer = await service.api<Verification>('POST', '/v1/verifications', {
    to,
    text: 'Your code is {{pin}}',
    language: 'en',
    plan,
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

const get = async (id: string): Promise<Verification> =>
  (await service.api<Verification>('GET', `/v1/verifications/${id}`)).body;

const check = async (id: string, pin: string) =>
  (await service.api<{ verified: boolean }>('POST', `/v1/verifications/${id}/check`, { pin })).body;

const told = ({ timeline }: Verification): string[] =>
  timeline.map(({ channel, state, trigger, reason }) => [channel, state, trigger ?? reason].join(' '));

async function phoneWith(number: string, behaviour: Record<string, unknown>): Promise<string> {
  await service.sim('PUT', `/phones/${number}`, { answerAfterMs: 300, ...behaviour });
  return number;
}

async function texts(phone: string): Promise<string[]> {
  const { messages } = await service.sim<{ messages: { body: string }[] }>(
    'GET',
    `/phones/${phone}/messages`,
  );
  return messages.map(({ body }) => body);
}

async function calls(phone: string): Promise<SimCall[]> {
  return (await service.sim<{ calls: SimCall[] }>('GET', `/phones/${phone}/calls`)).calls;
}

async function heard(call: SimCall): Promise<string> {
  const pin = ear.listen(await service.recording(call.id)).readings[0] ?? '';
  recordCanary(pin);
  return pin;
}

const pinIn = (text: string | undefined): string => /\d{6}/.exec(text ?? '')?.[0] ?? '';

/** Behind the PIN, also where the machine is busy and its audio comes late. */
const HANGS_UP_MS = 18_000;

describe('a text that fails', () => {
  test.concurrent.for([
    ['undelivered', 'undelivered'],
    ['failed', 'failed'],
    ['refused', 'refused'],
  ])('%s: the phone rings, says the PIN that was texted, and it verifies', async ([smsOutcome]) => {
    const phone = await phoneWith(`+4179302680${['undelivered', 'failed', 'refused'].indexOf(smsOutcome!)}`, {
      smsOutcome,
      hangupAfterMs: HANGS_UP_MS,
    });
    const { id } = await create(phone);
    const call = await endedCall(service, phone);
    const spoken = await heard(call);
    const [text] = await texts(phone);
    // A text that was refused never came into the world.
    if (text !== undefined) expect(pinIn(text)).toBe(spoken);
    expect(await check(id, spoken)).toMatchObject({ verified: true });
    const seen = await get(id);
    expect(told(seen)[1]).toMatch(/^voice \w+ failure$/);
    expect(seen.state).toBe('verified');
    expect(await calls(phone)).toHaveLength(1);
  });
});

test.concurrent('a text of which nothing is heard: the phone rings at the deadline', async () => {
  const phone = await phoneWith('+41793026811', { smsOutcome: 'silent', hangupAfterMs: HANGS_UP_MS });
  const { id } = await create(phone);
  const spoken = await heard(await endedCall(service, phone));
  expect(pinIn((await texts(phone))[0])).toBe(spoken);
  expect(told(await get(id))[1]).toMatch(/^voice \w+ no-report$/);
  expect(await check(id, spoken)).toMatchObject({ verified: true });
});

test.concurrent('a delivered text: no phone rings', async () => {
  const phone = await phoneWith('+41793026812', { smsOutcome: 'delivered' });
  const { id } = await create(phone);
  await eventually('the receipt', async () => told(await get(id))[0]?.startsWith('sms delivered'));
  await pause(4_500);
  expect(await calls(phone)).toHaveLength(0);
  const pin = pinIn((await texts(phone))[0]);
  recordCanary(pin);
  expect(await check(id, pin)).toMatchObject({ verified: true });
});

test.concurrent('a late receipt: the call was made, the receipt is noted, nothing more happens', async () => {
  const phone = await phoneWith('+41793026813', { smsOutcome: 'late', hangupAfterMs: HANGS_UP_MS });
  const { id } = await create(phone);
  const call = await endedCall(service, phone);
  recordCanary(await heard(call));
  const late = await eventually(
    'the receipt',
    async () => {
      const seen = await get(id);
      return seen.timeline[0]?.state === 'delivered' && seen;
    },
    REAL_TIME ? 80_000 : 15_000,
  );
  expect(told(late)).toHaveLength(2);
  expect(await calls(phone)).toHaveLength(1);
});

test.concurrent('a landline is called straight away', async () => {
  const phone = await phoneWith('+41443641001', { hangupAfterMs: HANGS_UP_MS });
  const { id, timeline } = await create(phone);
  expect(timeline[0]).toMatchObject({ channel: 'sms', state: 'skipped', reason: 'number-type' });
  const spoken = await heard(await endedCall(service, phone));
  expect(await texts(phone)).toHaveLength(0);
  expect(await check(id, spoken)).toMatchObject({ verified: true });
});

describe('a call that fails', () => {
  const plan = { steps: [{ channel: 'voice' }, { channel: 'sms' }] };
  test.concurrent.for(['busy', 'reject', 'fail'])('%s: a text follows', async outcome => {
    const phone = await phoneWith(`+4179302682${['busy', 'reject', 'fail'].indexOf(outcome)}`, { outcome });
    const { id } = await create(phone, plan);
    const pin = pinIn(await eventually('the text', async () => (await texts(phone))[0]));
    recordCanary(pin);
    expect(await check(id, pin)).toMatchObject({ verified: true });
    expect(told(await get(id))[1]).toMatch(/^sms \w+ failure$/);
  });

  test.concurrent('voicemail: the code is not left on it, a text follows', async () => {
    const phone = await phoneWith('+41793026825', { outcome: 'voicemail' });
    const { id } = await create(phone, plan);
    const pin = pinIn(await eventually('the text', async () => (await texts(phone))[0]));
    recordCanary(pin);
    expect(ear.listen(await service.recording((await endedCall(service, phone)).id)).readings).toEqual([]);
    expect(await check(id, pin)).toMatchObject({ verified: true });
    expect((await get(id)).timeline[0]).toMatchObject({ answeredBy: 'machine', codeHeard: 'none' });
  });
});

test.concurrent('“call me instead”, and a verification while the phone rings stops it', async () => {
  const phone = await phoneWith('+41793026831', { smsOutcome: 'delivered', outcome: 'no-answer' });
  const { id } = await create(phone);
  const pin = pinIn(await eventually('the text', async () => (await texts(phone))[0]));
  recordCanary(pin);
  expect((await service.api('POST', `/v1/verifications/${id}/next`, { channel: 'voice' })).status).toBe(200);
  await eventually('the ring', async () => (await calls(phone))[0]?.state === 'ringing');
  expect(await check(id, pin)).toMatchObject({ verified: true });
  const call = await endedCall(service, phone);
  expect(call.outcome).toBe('canceled');
});

test.concurrent('the unmodified Infobip SDK: SMS undelivered, the phone rings with the same PIN, the SDK verifies it', async () => {
  const ids = await createTemplate(service);
  const put = await service.api('PUT', `/v1/applications/${ids.applicationId}/delivery`, FALLBACK);
  expect(put.status, JSON.stringify(put.body)).toBe(200);
  const phone = await phoneWith('+41793026841', { smsOutcome: 'undelivered', hangupAfterMs: HANGS_UP_MS });

  const infobip = new Infobip({ baseUrl: service.url, apiKey: service.apiKey, authType: AuthType.ApiKey });
  const { twoFA } = (infobip as never as { service: { twoFA: Record<string, Method> } }).service;
  const sent = await twoFA.sendPINCodeSMS!({ ...ids, to: phone.slice(1) }, true);
  expect(sent.data.smsStatus).toBe('MESSAGE_SENT');
  const spoken = await heard(await endedCall(service, phone));
  // The text never arrived; the same one does now.
  await service.sim('PUT', `/phones/${phone}`, { smsOutcome: 'delivered' });
  await twoFA.resendPINCodeSMS!(sent.data.pinId, {});
  expect(pinIn(await eventually('the text', async () => (await texts(phone))[0]))).toBe(spoken);
  const verified = await twoFA.verifyPhoneNumber!(sent.data.pinId, { pin: spoken });
  expect(verified.data.verified).toBe(true);
  expect(await calls(phone)).toHaveLength(1);
});
