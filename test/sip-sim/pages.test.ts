import { readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { decodeHeard, type Hello, type Told } from '../../sip-sim/web/wire.ts';
import { Customer, eventually, mulawSine } from './customer.ts';

/** What a page of a phone is served and told, seen from the network: sip-sim/README.md, "The browser phone". */
const TO = '+41793026727';
let customer: Customer;
const open: WebSocket[] = [];
beforeAll(async () => {
  customer = await Customer.start({ speed: 5 });
});
beforeEach(async () => {
  await customer.clear();
  return () => {
    for (const socket of open.splice(0)) socket.terminate();
  };
});
afterAll(async () => await customer.close());

interface Page {
  readonly told: Told[];
  readonly frames: { call: string; index: number; sound: Uint8Array | undefined }[];
  readonly socket: WebSocket;
}

async function page(number = TO, headers: Record<string, string> = {}): Promise<Page> {
  const socket = new WebSocket(`${customer.sim.url.replace('http', 'ws')}/phones/${number}/live`, {
    headers,
  });
  open.push(socket);
  const made: Page = { told: [], frames: [], socket };
  socket.binaryType = 'arraybuffer';
  socket.on('message', (data, isBinary) => {
    if (!isBinary) made.told.push(JSON.parse(Buffer.from(data as ArrayBuffer).toString()) as Told);
    else made.frames.push(decodeHeard(data as ArrayBuffer)!);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('message', () => resolve());
  });
  return made;
}

function states(made: Page): string[] {
  return made.told.flatMap(told => (told.type === 'call' ? [told.call.state] : []));
}

async function outcome(): Promise<unknown> {
  return (await customer.control('GET', `/phones/${TO}`)).outcome;
}

test('hello: the number as people write it, its behaviour without the greeting, what happened before', async () => {
  await customer.phone(TO, { outcome: 'busy' });
  await customer.ended(await customer.call(TO));
  await customer.client.messages.create({ to: TO, from: 'Acme', body: 'Hi' });
  await eventually('the text', async () => {
    const { messages } = await customer.control<{ messages: unknown[] }>('GET', `/phones/${TO}/messages`);
    return messages.length === 1;
  });
  const { told } = await page();
  const hello = told[0] as Hello;
  expect(hello).toMatchObject({
    type: 'hello',
    number: TO,
    display: '+41 79 302 67 27',
    country: 'Switzerland',
    speed: 5,
    behaviour: { outcome: 'busy', hasGreeting: false },
    calls: [{ state: 'ended', outcome: 'busy', fromDisplay: '+1 500 555 0006' }],
    messages: [{ from: 'Acme', body: 'Hi' }],
    mails: [],
  });
  expect(hello.behaviour).not.toHaveProperty('greetingWav');
});

test('a phone that nobody set up is its holder’s while a page is open, and answers by itself after', async () => {
  expect(await outcome()).toBe('answer');
  const [one, two] = [await page(), await page()];
  expect(await outcome()).toBe('manual');
  one.socket.terminate();
  await customer.control('GET', '/');
  expect(await outcome()).toBe('manual');
  two.socket.terminate();
  await eventually('the phone to be put down', async () => (await outcome()) === 'answer');
});

test('a phone that was set up does as it was told, page or not', async () => {
  await customer.phone(TO, { outcome: 'answer' });
  await page();
  expect(await outcome()).toBe('answer');
});

test('tells each state of a call and plays all that the phone hears, from the first frame', async () => {
  const made = await page();
  const stranger = await page('+4915112345678');
  customer.documents.set(
    '/answer',
    `<Response><Connect><Stream url="${customer.wsUrl}/media"/></Connect></Response>`,
  );
  customer.onMedia = media => {
    media.audioBytes(mulawSine(700, 600));
    media.mark('end');
  };
  const sid = await customer.call(TO);
  await eventually('the ring', () => states(made).includes('ringing'));
  await customer.control('POST', `/calls/${sid}/answer`);
  await eventually('the sound', () => customer.media.at(-1)?.of('mark').length === 1);
  await customer.control('POST', `/calls/${sid}/keys`, { keys: '7' });
  await eventually('the key', () =>
    made.told.some(told => told.type === 'call' && told.call.keys.length > 0),
  );
  await customer.control('POST', `/calls/${sid}/hangup`);
  await eventually('the end', () => states(made).at(-1) === 'ended');
  expect(states(made).filter((state, at, all) => state !== all[at - 1])).toEqual([
    'dialing',
    'ringing',
    'answered',
    'ended',
  ]);
  expect(made.frames.map(({ index }) => index)).toEqual(made.frames.map((_, at) => at));
  expect(new Set(made.frames.map(({ call }) => call))).toEqual(new Set([sid]));
  const recording = await customer.recording(sid);
  expect(made.frames.length).toBe(recording.length / 160);
  const loud = made.frames.flatMap(({ sound, index }) => (sound ? [index] : []));
  expect(loud.length).toBe(30);
  for (let at = 0; at < recording.length; at += 160) {
    const silent = recording.subarray(at, at + 160).every(sample => sample === 0);
    expect(silent).toBe(made.frames[at / 160]!.sound === undefined);
  }
  expect(stranger.told.map(({ type }) => type)).toEqual(['hello']);
  expect(stranger.frames).toEqual([]);
});

test('texts, mail, behaviour and speed are told as they change', async () => {
  const made = await page();
  await customer.client.messages.create({ to: TO, from: 'Acme', body: 'Hi' });
  await customer.phone(TO, { outcome: 'reject' });
  await customer.control('PUT', '/settings', { speed: 5 });
  await eventually('all three', () => new Set(made.told.map(({ type }) => type)).size === 4);
  expect(made.told).toContainEqual({ type: 'speed', speed: 5 });
  expect(made.told.find(({ type }) => type === 'message')).toMatchObject({ message: { body: 'Hi' } });
  expect(made.told.find(({ type }) => type === 'behaviour')).toMatchObject({
    behaviour: { outcome: 'reject' },
  });
});

test('a test call rings without a customer', async () => {
  const made = await page();
  const call = await customer.control<{ id: string }>('POST', `/phones/${TO}/ring`);
  await eventually('the ring', () => states(made).includes('ringing'));
  expect((await customer.get(call.id)).state).toBe('ringing');
});

test.each([
  ['another site', { origin: 'http://evil.example' }],
  ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
  ['a name that points here', { host: 'evil.example' }],
])('the socket is refused to %s', async (_, headers) => {
  await expect(page(TO, headers)).rejects.toThrow('403');
  expect(await outcome()).toBe('answer');
});

test('a browser gets the page, a program JSON, on the same path', async () => {
  for (const path of ['/', `/phones/${TO}`]) {
    const html = await fetch(`${customer.sim.url}${path}`, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html.headers.get('vary')).toBe('accept');
    const json = await fetch(`${customer.sim.url}${path}`);
    expect(json.headers.get('content-type')).toContain('application/json');
  }
});

test('a link from elsewhere opens the page, and nothing but the page', async () => {
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document', accept: 'text/html' };
  expect(await status(`/phones/${TO}`, link)).toBe(200);
  expect(await status(`/phones/${TO}`, { ...link, 'sec-fetch-dest': 'iframe' })).toBe(403);
  expect(await status(`/phones/${TO}`, { ...link, accept: '*/*' })).toBe(403);
  expect(await status(`/phones/${TO}/messages`, link)).toBe(403);
});

test('only the page’s own files are served', async () => {
  for (const name of ['main.ts', 'base.css', 'icon.svg', 'preact.js', 'geist.woff2']) {
    expect(await status(`/web/${name}`)).toBe(200);
  }
  const strange = [
    'tsconfig.json',
    '..%2fcall.ts',
    '%2e%2e%2fmain.ts',
    '__proto__',
    'constructor',
    'README.md',
  ];
  for (const name of strange) expect(await status(`/web/${name}`)).toBe(404);
});

test('each style sheet is one of the page', async () => {
  const page = await fetch(`${customer.sim.url}/`, { headers: { accept: 'text/html' } });
  const linked = [...(await page.text()).matchAll(/"stylesheet" href="\/web\/([\w-]+\.css)"/g)].map(
    ([, name]) => name,
  );
  const there = readdirSync(new URL('../../sip-sim/web', import.meta.url));
  expect(new Set(linked)).toEqual(new Set(there.filter(name => name.endsWith('.css'))));
});

/** By hand, since fetch sets these headers itself. */
async function status(path: string, headers: Record<string, string> = {}): Promise<number> {
  return await new Promise((resolve, reject) => {
    const sent = httpRequest(`${customer.sim.url}${path}`, { headers }, response => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}
