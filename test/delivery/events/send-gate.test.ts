import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import {
  createSendGate,
  hooksSettings,
  REST_MS,
  type GateCounted,
} from '../../../src/delivery/events/index.ts';
import {
  createGuardedFetch,
  createWebhookSigner,
  newWebhookSecret,
} from '../../../src/delivery/push/index.ts';
import type { SendQuestion } from '../../../src/delivery/verifications.ts';
import { createLogger } from '../../../src/log.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { deadPort, httpServer, tcpServer, until } from '../push/rig.ts';
import { APPLICATION, PIN_ID, TO } from './rig.ts';

const QUESTION: SendQuestion = {
  pinId: PIN_ID,
  applicationId: APPLICATION,
  to: TO,
  channel: 'voice',
  carrier: 'twilio',
  trigger: 'fallback',
};

/** A gate that asks `url` over real sockets, on a clock that stands still. */
function gateOf(url: string, options: { onError?: 'deny' | 'allow'; timeoutMs?: number } = {}) {
  const clock = new FakeClock(Date.now());
  const secret = newWebhookSecret();
  const counts: Partial<Record<GateCounted, number>> = {};
  const lines: string[] = [];
  const gate = createSendGate({
    url,
    signer: createWebhookSigner([secret]),
    fetch: createGuardedFetch({ clock, allowPrivate: true, resolve: async () => ['127.0.0.1'] }),
    clock,
    random: seededRandom('gate'),
    log: createLogger('debug', { write: line => lines.push(line) }),
    count: what => (counts[what] = (counts[what] ?? 0) + 1),
    ...options,
  });
  return { gate, clock, secret, counts, logged: () => lines.join('') };
}

interface Asked {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** A hook that answers what `answer` says. */
async function hook(answer: (asked: Asked) => { status?: number; body: string }) {
  const asked: Asked[] = [];
  const { port } = await httpServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const question = { body, headers: request.headers as Record<string, string> };
      asked.push(question);
      const { status = 200, body: text } = answer(question);
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  });
  return { url: `http://hook.example:${port}/may-i`, asked };
}

const saying = (body: unknown, status = 200) => hook(() => ({ status, body: JSON.stringify(body) }));

describe('the question', () => {
  it('is signed, and says what is about to be sent, where, and to what kind of number', async () => {
    const { url, asked } = await saying({ allow: true });
    const { gate, secret, clock } = gateOf(url);
    expect(await gate.ask(QUESTION)).toEqual({ allow: true });
    const [{ body, headers }] = asked as [Asked];
    expect(new Webhook(secret).verify(body, headers)).toEqual({
      type: 'send.requested',
      timestamp: new Date(clock.now()).toISOString(),
      data: {
        verificationId: PIN_ID,
        applicationId: APPLICATION,
        to: TO,
        channel: 'voice',
        carrier: 'twilio',
        trigger: 'fallback',
        country: 'CH',
        numberType: 'mobile',
      },
    });
    expect(headers['content-type']).toBe('application/json');
  });

  it('has an id of its own each time', async () => {
    const { url, asked } = await saying({ allow: true });
    const { gate } = gateOf(url);
    await gate.ask(QUESTION);
    await gate.ask(QUESTION);
    expect(new Set(asked.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  });

  it('of a mail has no country, and that of a new PIN no id', async () => {
    const { url, asked } = await saying({ allow: true });
    const { gate } = gateOf(url);
    await gate.ask({
      ...QUESTION,
      pinId: undefined,
      to: 'john@example.com',
      channel: 'email',
      trigger: 'first',
    });
    expect(JSON.parse(asked[0]!.body)).toMatchObject({ data: { to: 'john@example.com', channel: 'email' } });
    expect(asked[0]!.body).not.toMatch(/country|numberType|verificationId/);
  });
});

describe('the answer', () => {
  it.each<[string, object, object]>([
    ['yes', { allow: true }, { allow: true }],
    ['yes, with more', { allow: true, reason: 'fine', score: 3 }, { allow: true }],
    ['no', { allow: false }, { allow: false, reason: 'denied' }],
    ['no, with a reason', { allow: false, reason: 'too many' }, { allow: false, reason: 'too many' }],
    ['no, with a reason of another kind', { allow: false, reason: 7 }, { allow: false, reason: 'denied' }],
    ['no, with an empty reason', { allow: false, reason: ' \n' }, { allow: false, reason: 'denied' }],
    [
      'no, with lines and colours',
      { allow: false, reason: 'a\r\nb\u001b[31mc\u2028d' },
      { allow: false, reason: 'a b [31mc d' },
    ],
    ['no, at length', { allow: false, reason: '☎'.repeat(500) }, { allow: false, reason: '☎'.repeat(200) }],
  ])('%s', async (_, body, verdict) => {
    const { gate, counts } = gateOf((await saying(body)).url);
    expect(await gate.ask(QUESTION)).toEqual(verdict);
    expect(counts).toEqual({ [(body as { allow: boolean }).allow ? 'gate-allowed' : 'gate-denied']: 1 });
  });

  const improper: [string, { status?: number; body: string }][] = [
    ['500', { status: 500, body: '{"allow":true}' }],
    ['404', { status: 404, body: '{"allow":true}' }],
    ['302', { status: 302, body: '{"allow":true}' }],
    ['nothing', { body: '' }],
    ['no JSON', { body: 'allow' }],
    ['a list', { body: '[{"allow":true}]' }],
    ['a text for a boolean', { body: '{"allow":"true"}' }],
    ['null', { body: 'null' }],
    ['another word', { body: '{"allowed":true}' }],
    ['more than 64 KB', { body: JSON.stringify({ allow: true, padding: 'x'.repeat(70_000) }) }],
  ];

  it.each(improper)('%s is no yes: denied, or allowed where that was asked for', async (_, answer) => {
    const { url } = await hook(() => answer);
    const denying = gateOf(url);
    expect(await denying.gate.ask(QUESTION)).toEqual({ allow: false, reason: 'hook-unavailable' });
    expect(denying.counts).toEqual({ 'gate-failed': 1 });
    expect(denying.logged()).toContain('gave no answer');
    expect(await gateOf(url, { onError: 'allow' }).gate.ask(QUESTION)).toEqual({ allow: true });
  });

  it('of a hook that answers badly does not stop the next question', async () => {
    const bodies = ['nonsense', '{"allow":true}'];
    const { url } = await hook(() => ({ body: bodies.shift()! }));
    const { gate } = gateOf(url);
    expect(await gate.ask(QUESTION)).toMatchObject({ allow: false });
    expect(await gate.ask(QUESTION)).toEqual({ allow: true });
  });
});

describe('a hook that does not answer', () => {
  it('costs a second once, and then nothing until it has rested', async () => {
    let connections = 0;
    const { port } = await tcpServer(() => connections++);
    const { gate, clock, counts } = gateOf(`http://dead.example:${port}/`);
    const first = gate.ask(QUESTION);
    await until(() => connections === 1);
    clock.advance(999);
    expect(await Promise.race([first, settle().then(() => 'waits')])).toBe('waits');
    clock.advance(1);
    expect(await first).toEqual({ allow: false, reason: 'hook-unavailable' });
    for (let send = 0; send < 100; send++) {
      expect(await gate.ask(QUESTION)).toEqual({ allow: false, reason: 'hook-unavailable' });
    }
    expect([connections, counts]).toEqual([1, { 'gate-failed': 1, 'gate-skipped': 100 }]);
    clock.advance(REST_MS);
    const probe = gate.ask(QUESTION);
    // While one finds out, the others do not wait.
    expect(await gate.ask(QUESTION)).toMatchObject({ allow: false });
    await until(() => connections === 2);
    clock.advance(1_000);
    expect(await probe).toMatchObject({ allow: false });
    expect(await gate.ask(QUESTION)).toMatchObject({ allow: false });
    expect(connections).toBe(2);
  });

  it('and is back is asked by everybody again', async () => {
    let mute = true;
    const { port } = await tcpServer(socket =>
      socket.once('data', () => {
        if (mute) socket.destroy();
        else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"allow":true}');
      }),
    );
    const { gate, clock, counts } = gateOf(`http://back.example:${port}/`);
    expect(await gate.ask(QUESTION)).toMatchObject({ allow: false });
    mute = false;
    expect(await gate.ask(QUESTION)).toMatchObject({ allow: false });
    clock.advance(REST_MS);
    expect(await gate.ask(QUESTION)).toEqual({ allow: true });
    const answers = await Promise.all([1, 2, 3].map(() => gate.ask(QUESTION)));
    expect(answers).toEqual([1, 2, 3].map(() => ({ allow: true })));
    expect(counts).toEqual({ 'gate-failed': 1, 'gate-skipped': 1, 'gate-allowed': 4 });
  });

  it('that begins an answer and stops is cut off in time, and rests', async () => {
    let asked = 0;
    const { port } = await tcpServer(socket =>
      socket.once('data', () => {
        asked++;
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"allow":true');
      }),
    );
    const { gate, clock, counts } = gateOf(`http://slow.example:${port}/`, { timeoutMs: 300 });
    const answer = gate.ask(QUESTION);
    await until(() => asked === 1);
    await settle();
    clock.advance(300);
    expect(await answer).toMatchObject({ allow: false });
    await gate.ask(QUESTION);
    expect(counts).toEqual({ 'gate-failed': 1, 'gate-skipped': 1 });
  });

  it('is passed over where the operator said so', async () => {
    const { gate } = gateOf(`http://dead.example:${await deadPort()}/`, { onError: 'allow' });
    expect(await gate.ask(QUESTION)).toEqual({ allow: true });
    expect(await gate.ask(QUESTION)).toEqual({ allow: true });
  });
});

it('the log has neither number nor secret nor URL', async () => {
  const { url } = await saying({ allow: false, reason: 'no' });
  const { gate, secret, logged } = gateOf(url);
  await gate.ask(QUESTION);
  const { gate: dead, logged: deadLogged } = gateOf(`http://path.example:${await deadPort()}/path-secret`);
  await dead.ask(QUESTION);
  expect(logged()).toContain('denied');
  expect(deadLogged()).toContain('gave no answer');
  expect(logged() + deadLogged()).not.toMatch(/41793026727|path-secret|\.example/);
  expect(logged()).not.toContain(secret);
});

describe('its configuration', () => {
  it('needs a URL and no more', () => {
    expect(hooksSettings.parse({})).toEqual({});
    expect(hooksSettings.parse({ beforeSend: { url: 'http://10.0.0.9:9000/may-i' } })).toEqual({
      beforeSend: { url: 'http://10.0.0.9:9000/may-i', timeoutMs: 1_000, onError: 'deny' },
    });
  });

  it.each([
    { url: 'ftp://hook.example/' },
    { url: 'https://hook.example/', timeoutMs: 0 },
    { url: 'https://hook.example/', onError: 'maybe' },
    { url: 'https://hook.example/', secret: 'short' },
    { url: 'https://hook.example/', timeout: 5 },
  ])('%o is refused', beforeSend => {
    expect(hooksSettings.safeParse({ beforeSend }).success).toBe(false);
  });
});
