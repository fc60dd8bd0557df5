import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createSimulator } from '../../sip-sim/index.ts';
import { Customer, eventually, mulawSine, wavFile } from './customer.ts';

/** The control API, which is a public contract: sip-sim/README.md. */
let customer: Customer;
beforeAll(async () => {
  customer = await Customer.start({ keep: { calls: 3 } });
});
beforeEach(async () => {
  await customer.clear();
  customer.documents.set('/answer', '<Response><Pause length="1"/></Response>');
});
afterAll(async () => await customer.close());

const TO = '+41793026727';

describe('phones', () => {
  test('an unknown number answers after half a second and presses nothing', async () => {
    expect(await customer.control('GET', `/phones/${TO}`)).toMatchObject({
      number: TO,
      outcome: 'answer',
      answerAfterMs: 500,
      hangupAfterMs: null,
      greetingWav: null,
      keys: [],
      inband: false,
    });
  });

  test('what is left out is the default, not what was set before', async () => {
    await customer.phone(TO, { outcome: 'busy', answerAfterMs: 10 });
    await customer.phone(TO, { inband: true });
    expect(await customer.control('GET', `/phones/${TO}`)).toMatchObject({
      outcome: 'answer',
      answerAfterMs: 500,
      inband: true,
    });
  });

  test.each(['+41793026727', '%2B41793026727', '41793026727'])('%s is the same phone', async spelling => {
    await customer.phone(TO, { answerAfterMs: 123 });
    expect(await customer.control('GET', `/phones/${spelling}`)).toMatchObject({
      number: TO,
      answerAfterMs: 123,
    });
  });

  test.each<[string, unknown, string]>([
    ['an unknown outcome', { outcome: 'maybe' }, 'outcome'],
    ['a negative wait', { answerAfterMs: -1 }, 'answerAfterMs'],
    ['a wait in words', { hangupAfterMs: 'soon' }, 'hangupAfterMs'],
    [
      'keys that are none',
      {
        keys: [
          { at: { ms: 1 }, keys: '1' },
          { at: { ms: 1 }, keys: '1x' },
        ],
      },
      'keys[1].keys',
    ],
    ['keys at no time', { keys: [{ keys: '1' }] }, 'keys[0].at'],
    ['keys at two times', { keys: [{ at: { ms: 1, silenceMs: 20 }, keys: '1' }] }, 'keys[0].at'],
    ['a greeting that is no WAV', { greetingWav: 'AAAA' }, 'greetingWav'],
    ['a field that does not exist', { outcomes: 'busy' }, 'outcomes'],
    ['no object', [], ''],
  ])('%s is refused by name', async (_, body, field) => {
    const answer = await fetch(`${customer.sim.url}/phones/${TO}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: 'invalid', field, message: expect.stringMatching(/./) });
    expect(await customer.control('GET', `/phones/${TO}`)).toMatchObject({ outcome: 'answer', keys: [] });
  });

  test('broken JSON, no number, unknown calls and paths are refused in JSON', async () => {
    const put = async (path: string, body: string): Promise<Response> =>
      await fetch(`${customer.sim.url}${path}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body,
      });
    expect((await put(`/phones/${TO}`, '{')).status).toBe(400);
    expect(await (await put('/phones/nobody', '{}')).json()).toMatchObject({ field: 'number' });
    for (const path of ['/calls/CAx', '/calls/CAx/audio.wav', '/nothing']) {
      const answer = await fetch(`${customer.sim.url}${path}`);
      expect([answer.status, await answer.json()]).toEqual([
        404,
        expect.objectContaining({ error: 'not-found' }),
      ]);
    }
  });
});

describe('calls', () => {
  test('states with times, in order; the list is oldest first and bounded', async () => {
    const sids: string[] = [];
    for (let i = 0; i < 4; i++) {
      sids.push(await customer.call(TO));
      await customer.ended(sids.at(-1)!);
    }
    const { calls } = await customer.control<{ calls: { id: string }[] }>('GET', `/phones/${TO}/calls`);
    expect(calls.map(({ id }) => id)).toEqual(sids.slice(1));
    const call = await customer.get(sids[3]!);
    expect(call.states.map(({ state }) => state)).toEqual([
      'queued',
      'dialing',
      'ringing',
      'answered',
      'ended',
    ]);
    const answered = call.states.find(({ state }) => state === 'answered')!;
    const dialing = call.states.find(({ state }) => state === 'dialing')!;
    expect(answered.ms - dialing.ms).toBeGreaterThanOrEqual(499);
    expect(answered.ms - dialing.ms).toBeLessThan(2_500);
    expect(call).toMatchObject({
      keysPressed: '',
      secondsHeard: 0,
      firstAudioAt: null,
      outcome: 'completed',
    });
  });

  test('the recording grows while the call goes on, and is a WAV file of 8 kHz, 16 bit, mono', async () => {
    customer.documents.set('/tone.wav', { type: 'audio/wav', body: wavFile(mulawSine(500, 500), 7, 8_000) });
    customer.documents.set('/answer', '<Response><Play>/tone.wav</Play><Pause length="60"/></Response>');
    const sid = await customer.call(TO);
    await eventually('some sound', async () => (await customer.get(sid)).secondsHeard >= 0.5);
    const early = await customer.recording(sid);
    await eventually('more', async () => (await customer.recording(sid)).length > early.length);
    const wav = Buffer.from(await (await fetch(`${customer.sim.url}/calls/${sid}/audio.wav`)).arrayBuffer());
    expect(wav.toString('latin1', 0, 4) + wav.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ');
    expect([20, 22, 34].map(at => wav.readUInt16LE(at))).toEqual([1, 1, 16]);
    expect(wav.readUInt32LE(24)).toBe(8_000);
    expect(wav.readUInt32LE(40)).toBe(wav.length - 44);
    await customer.control('POST', `/calls/${sid}/hangup`);
    const call = await customer.get(sid);
    expect((await customer.recording(sid)).length).toBe(call.secondsRecorded * 8_000);
  });
});

describe('events', () => {
  /** Reads server-sent events until one of this type came. */
  async function read(path: string, headers: Record<string, string>, until: string): Promise<SseEvent[]> {
    const abort = new AbortController();
    const answer = await fetch(`${customer.sim.url}${path}`, { headers, signal: abort.signal });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes(`event: ${until}\n`) && text.endsWith('\n\n')) break;
    }
    abort.abort();
    return text.split('\n\n').flatMap(block => {
      const [id, type, data] = ['id', 'event', 'data'].map(
        name => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1],
      );
      return id && type && data ? [{ id: Number(id), type, data: JSON.parse(data) as SseEvent['data'] }] : [];
    });
  }
  interface SseEvent {
    id: number;
    type: string;
    data: Record<string, unknown>;
  }

  test('tell all of a call as it happens, and again from Last-Event-ID', async () => {
    await customer.phone(TO, { keys: [{ at: { ms: 200 }, keys: '7' }] });
    const reading = read('/events', {}, 'done');
    const sid = await customer.call(TO);
    await customer.ended(sid);
    await eventually('the last callback', () => customer.callbacks().length === 4);
    await customer.control('PUT', '/settings', {});
    void reading.catch(() => {});
    const live = await read('/events?lastEventId=0', {}, 'settings.updated');
    const mine = live.filter(({ data }) => data.call === sid);
    expect(mine.map(({ type, data }) => [type, data.state ?? data.key ?? data.verb ?? data.status])).toEqual(
      expect.arrayContaining([
        ['call.state', 'queued'],
        ['call.state', 'ringing'],
        ['call.state', 'answered'],
        ['call.verb', 'Pause'],
        ['call.key', '7'],
        ['call.state', 'ended'],
      ]),
    );
    const ids = live.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    const middle = mine[2]!.id;
    const replay = await read('/events', { 'last-event-id': String(middle) }, 'settings.updated');
    expect(replay).toEqual(live.filter(({ id }) => id > middle));
  });
});

describe('reset, settings and account', () => {
  test('DELETE / ends calls, tells the customer, and forgets phones, calls and faults', async () => {
    customer.documents.set('/answer', '<Response><Pause length="600"/></Response>');
    await customer.phone(TO, { answerAfterMs: 20 });
    await customer.control('PUT', '/settings', { faults: { callbacks: { delayMs: 1 } } });
    const sid = await customer.call(TO);
    await eventually('the answer', async () => (await customer.get(sid)).state === 'answered');
    await customer.control('DELETE', '/');
    await eventually('the last callback', () =>
      customer.callbacks().some(({ params }) => params.CallStatus === 'completed'),
    );
    await expect(customer.get(sid)).rejects.toThrow(/404/);
    expect(await customer.control('GET', `/phones/${TO}`)).toMatchObject({ answerAfterMs: 500 });
    expect(await customer.control('GET', '/settings')).toMatchObject({
      faults: { callbacks: { delayMs: 0 } },
      injected: { callbacks: 0 },
    });
    expect(await customer.control('GET', '/')).toMatchObject({ liveCalls: 0, keptCalls: 0 });
  });

  test('the speed can change during a call, and recordings keep nominal time', async () => {
    customer.documents.set('/answer', '<Response><Pause length="3"/></Response>');
    await customer.control('PUT', '/settings', { speed: 2 });
    const started = performance.now();
    const sid = await customer.call(TO, { statusCallback: undefined });
    await eventually('the answer', async () => (await customer.get(sid)).state === 'answered');
    expect(performance.now() - started).toBeGreaterThan(240);
    await customer.control('PUT', '/settings', { speed: 20 });
    const call = await customer.ended(sid);
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(call.secondsRecorded).toBeGreaterThanOrEqual(3);
    expect(call.secondsRecorded).toBeLessThan(4);
  });

  test.each([{ speed: 0 }, { speed: 1_000 }, { faults: { rest: { mode: 'odd' } } }, { volume: 1 }])(
    '%j is refused',
    async settings => {
      await expect(customer.control('PUT', '/settings', settings)).rejects.toThrow(/400.*field/);
    },
  );

  test('the token is made once, readable by its owner only, and kept', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'sim-'));
    try {
      const first = await createSimulator({ dataDir });
      await first.close();
      const second = await createSimulator({ dataDir });
      await second.close();
      expect(second.authToken).toBe(first.authToken);
      expect(first.authToken).toMatch(/^[0-9a-f]{32}$/);
      const path = join(dataDir, 'sim-auth-token');
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await readFile(path, 'utf8')).trim()).toBe(first.authToken);
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });

  test.each([{ host: 'evil.example' }, { host: 'evil.example:8081' }, { 'sec-fetch-site': 'cross-site' }])(
    'a web page from elsewhere (%j) is refused',
    async headers => {
      const status = await new Promise(resolve => {
        get(`${customer.sim.url}/`, { headers }, answer => resolve(answer.resume().statusCode));
      });
      expect(status).toBe(403);
    },
  );

  test('drain refuses new calls and waits for the live ones', async () => {
    const own = await Customer.start();
    own.documents.set('/answer', '<Response><Pause length="2"/></Response>');
    const sid = await own.call(TO);
    const drained = own.sim.drain(10_000);
    await expect(own.call(TO)).rejects.toMatchObject({ status: 503 });
    await drained;
    expect((await own.get(sid)).outcome).toBe('completed');
    await own.close();
    await own.sim.close();
  });
});
