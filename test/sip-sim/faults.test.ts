import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { Customer, eventually } from './customer.ts';

/** The faults that later suites ask for (faults.md F15 to F20), and that each was really made. */
let customer: Customer;
beforeAll(async () => {
  customer = await Customer.start();
});
beforeEach(async () => {
  await customer.clear();
  customer.documents.set('/answer', '<Response><Pause length="1"/></Response>');
});
afterAll(async () => await customer.close());

const TO = '+41793026727';

async function faults(kind: 'rest' | 'callbacks' | 'media', values: Record<string, unknown>): Promise<void> {
  await customer.control('PUT', '/settings', { faults: { [kind]: values } });
}

async function injected(): Promise<Record<string, number>> {
  return (await customer.control<{ injected: Record<string, number> }>('GET', '/settings')).injected;
}

async function create(signal?: AbortSignal): Promise<Response> {
  const { url, accountSid, authToken } = customer.sim;
  return await fetch(`${url}/2010-04-01/Accounts/${accountSid}/Calls.json`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}` },
    body: new URLSearchParams({
      To: TO,
      From: '+15005550006',
      Url: `${customer.url}/answer`,
      StatusCallback: `${customer.url}/status`,
    }),
    signal,
  });
}

async function placed(): Promise<number> {
  const { calls } = await customer.control<{ calls: unknown[] }>('GET', `/phones/${TO}/calls`);
  return calls.length;
}

describe('REST', () => {
  test.each([
    ['error', { status: 502 }, 502],
    ['too-many', { retryAfterSeconds: 3 }, 429],
    ['garbage', {}, 200],
  ])('%s: answered, and no call is made', async (mode, more, status) => {
    await faults('rest', { mode, ...more });
    const answer = await create();
    expect(answer.status).toBe(status);
    if (mode === 'too-many') expect(answer.headers.get('retry-after')).toBe('3');
    if (mode === 'garbage') await expect(answer.json()).rejects.toThrow(/JSON/);
    expect(await placed()).toBe(0);
    expect((await injected()).rest).toBe(1);
  });

  test('reset: the connection breaks and no call is made', async () => {
    await faults('rest', { mode: 'reset' });
    await expect(create()).rejects.toThrow(/fetch failed/);
    expect(await placed()).toBe(0);
  });

  test('lose-reply: the connection breaks and the call is made', async () => {
    await faults('rest', { mode: 'lose-reply' });
    await expect(create()).rejects.toThrow(/fetch failed/);
    expect(await placed()).toBe(1);
    await eventually('its callback', () => customer.webhooks.some(({ path }) => path === '/status'));
  });

  test('hang: nothing comes', async () => {
    await faults('rest', { mode: 'hang' });
    await expect(create(AbortSignal.timeout(200))).rejects.toThrow(/timeout/i);
    expect(await placed()).toBe(0);
  });

  test('as often as asked, only where asked, and by the seed', async () => {
    await faults('rest', { mode: 'error', count: 2 });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await create()).status);
    expect(statuses).toEqual([503, 503, 201, 201]);
    await faults('rest', { mode: 'error', on: 'message' });
    expect((await create()).status).toBe(201);
    const run = async (): Promise<number[]> => {
      await customer.control('PUT', '/settings', {
        seed: 42,
        faults: { rest: { mode: 'error', rate: 0.5 } },
      });
      const found = [];
      for (let i = 0; i < 12; i++) found.push((await create()).status);
      return found;
    };
    const first = await run();
    expect(new Set(first)).toEqual(new Set([201, 503]));
    expect(await run()).toEqual(first);
  });
});

describe('callbacks', () => {
  const statuses = (): string[] => customer.callbacks().map(({ params }) => params.CallStatus!);

  test('mute: none comes', async () => {
    await faults('callbacks', { mute: true });
    await customer.ended(await customer.call(TO));
    expect((await injected()).callbacks).toBe(4);
    expect(statuses()).toEqual([]);
  });

  test('duplicate: each comes again', async () => {
    await faults('callbacks', { duplicate: 4 });
    await customer.ended(await customer.call(TO));
    await eventually('twenty callbacks', () => statuses().length === 20);
    expect(new Set(customer.callbacks().map(({ params }) => params.SequenceNumber)).size).toBe(4);
  });

  test('reorder: all come, some not in order', async () => {
    await faults('callbacks', { reorder: true, windowMs: 6_000, duplicate: 4 });
    await customer.ended(await customer.call(TO));
    await eventually('twenty callbacks', () => statuses().length === 20);
    const sequence = customer.callbacks().map(({ params }) => Number(params.SequenceNumber));
    expect(sequence).not.toEqual(sequence.toSorted((a, b) => a - b));
  });

  test('delay: they come after the call', async () => {
    await faults('callbacks', { delayMs: 4_000 });
    await customer.ended(await customer.call(TO));
    expect(statuses()).not.toContain('completed');
    await eventually('all of them', () => statuses().length === 4);
  });

  test('strangers: signed callbacks of calls that never were', async () => {
    await faults('callbacks', { strangers: true });
    const sid = await customer.call(TO);
    await customer.ended(sid);
    await eventually(
      'all of them',
      () => customer.webhooks.filter(({ path }) => path === '/status').length === 8,
    );
    const strangers = customer.webhooks.filter(
      ({ path, params }) => path === '/status' && params.CallSid !== sid,
    );
    expect(strangers).toHaveLength(4);
    expect(strangers.every(({ valid }) => valid)).toBe(true);
  });

  test.each(['unsigned', 'wrong-key', 'tampered'])(
    'forge %s: a lie that the signature gives away',
    async forge => {
      await faults('callbacks', { forge });
      await customer.ended(await customer.call(TO));
      await eventually('all of them', () => customer.callbacks().length === 8);
      const forged = customer.callbacks().filter(({ valid }) => !valid);
      expect(forged).toHaveLength(4);
      expect(forged.every(({ params }) => params.CallStatus === 'failed')).toBe(true);
    },
  );
});

describe('media', () => {
  beforeEach(() => {
    customer.documents.set(
      '/answer',
      `<Response><Connect><Stream url="${customer.wsUrl}/media/x"/></Connect></Response>`,
    );
  });

  async function stream(mode: string, more: Record<string, unknown> = {}) {
    await faults('media', { mode, ...more });
    const sid = await customer.call(TO);
    const media = await eventually('the stream', () => customer.media[0]);
    return { sid, media };
  }

  test('drop: the socket is cut, the call goes on to its end', async () => {
    const { sid, media } = await stream('drop', { afterMs: 300 });
    await eventually('the cut', () => media.closed);
    expect((await customer.ended(sid)).notices.map(({ code }) => code)).toEqual([31903]);
    expect(media.of('stop')).toEqual([]);
    expect((await injected()).media).toBe(1);
  });

  test('half-open: silence on a socket that stays', async () => {
    const { sid, media } = await stream('half-open', { afterMs: 200 });
    await eventually('the last of it', () => media.of('media').length >= 10);
    await pause(100);
    expect(media.of('media').length).toBeLessThanOrEqual(11);
    expect(media.closed).toBe(false);
    expect((await customer.get(sid)).state).toBe('answered');
  });

  test('no-start, silent, wrong-codec', async () => {
    const { media } = await stream('no-start');
    await pause(50);
    expect(media.messages.map(({ event }) => event)).toEqual(['connected']);
    await customer.clear();
    customer.documents.set(
      '/answer',
      `<Response><Connect><Stream url="${customer.wsUrl}/m"/></Connect></Response>`,
    );
    const silent = await stream('silent');
    await pause(50);
    expect(silent.media.messages.map(({ event }) => event)).toEqual(['connected', 'start']);
    await customer.clear();
    customer.documents.set(
      '/answer',
      `<Response><Connect><Stream url="${customer.wsUrl}/m"/></Connect></Response>`,
    );
    const wrong = await stream('wrong-codec');
    await eventually('media', () => wrong.media.of('media').length > 3);
    expect(wrong.media.of('start')[0]!.raw.start).toMatchObject({ mediaFormat: { encoding: 'audio/x-l16' } });
    expect(Buffer.from(wrong.media.of('media')[0]!.raw.media!.payload, 'base64')).toHaveLength(320);
  });

  test('fast and out-of-order', async () => {
    const fast = await stream('fast');
    await eventually('media', () => fast.media.of('media').length >= 80);
    const chunks = fast.media.of('media').map(({ raw }) => Number(raw.media!.chunk));
    expect(chunks).toEqual(chunks.map((_, index) => index + 1));
    const stamps = fast.media.of('media').map(({ raw }) => Number(raw.media!.timestamp));
    expect(new Set(stamps).size).toBeLessThan(stamps.length);
    await customer.clear();
    customer.documents.set(
      '/answer',
      `<Response><Connect><Stream url="${customer.wsUrl}/m"/></Connect></Response>`,
    );
    const swapped = await stream('out-of-order');
    await eventually('media', () => swapped.media.of('media').length >= 4);
    expect(
      swapped.media
        .of('media')
        .slice(0, 4)
        .map(({ raw }) => raw.media!.chunk),
    ).toEqual(['2', '1', '4', '3']);
  });
});
