import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { eventually, recordCanary, Service } from '../support/service.ts';

/** Events, replays and the hook before sends, whole: the running service, a customer's server, the simulated phone. */
interface Push {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let service: Service;
let customer: Server;
let folder: string;
const pushes: Push[] = [];
const questions: { data: { channel: string; to: string; trigger: string } }[] = [];
let deny: string | undefined;
let refuse = false;

beforeAll(async () => {
  customer = createServer((request, response) => {
    let body = '';
    request.on('data', chunk => (body += String(chunk)));
    request.on('end', () => {
      const path = request.url ?? '';
      response.setHeader('content-type', 'application/json');
      if (path === '/may-i') {
        const question = JSON.parse(body) as (typeof questions)[number];
        questions.push(question);
        const no = question.data.channel === deny;
        response.end(JSON.stringify(no ? { allow: false, reason: 'premium prefix' } : { allow: true }));
        return;
      }
      pushes.push({ path, headers: request.headers, body });
      response.statusCode = refuse && path === '/first' ? 500 : 204;
      response.end();
    });
  });
  customer.listen(0, '127.0.0.1');
  await once(customer, 'listening');
  folder = mkdtempSync(join(tmpdir(), 'saypin-events-'));
  const SAYPIN_CONFIG = join(folder, 'config.json');
  writeFileSync(
    SAYPIN_CONFIG,
    JSON.stringify({ webhooks: { allowPrivate: true }, hooks: { beforeSend: { url: `${url()}/may-i` } } }),
  );
  service = await Service.start({ SIM_SPEED: '6', SAYPIN_CONFIG });
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
  customer.closeAllConnections();
  customer.close();
  rmSync(folder, { recursive: true });
});

const url = (): string => `http://127.0.0.1:${(customer.address() as { port: number }).port}`;

interface Event {
  id: string;
  type: string;
  data: { verificationId: string; channel?: string; trigger?: string };
}
const eventsOf = (id: string, path = '/first'): Event[] =>
  pushes
    .filter(push => push.path === path)
    .map(({ body }) => JSON.parse(body) as Event)
    .filter(({ data }) => data.verificationId === id);

async function create(to: string): Promise<string> {
  const { status, body } = await service.api<{ id: string }>('POST', '/v1/verifications', {
    to,
    text: 'Your code is {{pin}}',
    plan: { steps: [{ channel: 'sms', next: { noReportAfterSeconds: 5 } }, { channel: 'voice' }] },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id;
}

async function texted(phone: string): Promise<string> {
  const { messages } = await service.sim<{ messages: { body: string }[] }>(
    'GET',
    `/phones/${phone}/messages`,
  );
  const pin = /\d{6}/.exec(messages.at(-1)?.body ?? '')?.[0] ?? '';
  if (pin !== '') recordCanary(pin);
  return pin;
}

test('a fallback is told event by event, signed, to both URLs of an endpoint, and again on request', async () => {
  const made = await service.api<{ id: string; secret: string }>('POST', '/v1/webhooks', {
    url: `${url()}/first`,
    secondaryUrl: `${url()}/second`,
    types: ['*'],
  });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const phone = '+41793026901';
  await service.sim('PUT', `/phones/${phone}`, { smsOutcome: 'silent', outcome: 'busy' });
  const id = await create(phone);
  await eventually('the end of the plan', async () =>
    eventsOf(id).some(({ type }) => type === 'verification.undeliverable'),
  );
  const pin = await texted(phone);
  const { body } = await service.api('POST', `/v1/verifications/${id}/check`, { pin });
  expect(body).toMatchObject({ verified: true });
  await eventually('the last event', async () =>
    eventsOf(id).some(({ type }) => type === 'verification.verified'),
  );
  expect(eventsOf(id).map(({ type, data }) => [type, data.channel].join(' ').trim())).toEqual(
    expect.arrayContaining([
      'delivery.started sms',
      'delivery.started voice',
      'delivery.failed voice',
      'verification.undeliverable',
      'verification.verified',
    ]),
  );
  const signer = new Webhook(made.body.secret);
  for (const { path, headers, body: text } of pushes) {
    if (path === '/first') signer.verify(text, headers as Record<string, string>);
    expect(text).not.toContain(pin);
  }

  // The customer's first server fails: the second hears it at once, under the same id.
  refuse = true;
  const second = '+41793026902';
  await service.sim('PUT', `/phones/${second}`, { smsOutcome: 'delivered' });
  const other = await create(second);
  await eventually('the second URL', async () => eventsOf(other, '/second').length > 0);
  const [told] = pushes.filter(push => push.path === '/second');
  const twin = pushes.find(
    push => push.path === '/first' && push.headers['webhook-id'] === told?.headers['webhook-id'],
  );
  expect(twin?.body).toBe(told?.body);
  refuse = false;

  // A kill in between: what was told is not lost, and a replay brings it again under its old id.
  await service.kill();
  await service.restart();
  const before = pushes.length;
  const [first] = eventsOf(id);
  const replay = await service.api('POST', `/v1/events/${first!.id}/replay`, {});
  expect(replay.status).toBe(202);
  const again = await eventually('the replay', async () =>
    pushes.slice(before).find(push => (JSON.parse(push.body) as Event).id === first!.id),
  );
  expect(again.headers['webhook-id']).toBe(
    pushes.find(push => (JSON.parse(push.body) as Event).id === first!.id)?.headers['webhook-id'],
  );
});

test('the hook is asked before each send, and its no is said with its reason', async () => {
  const phone = '+41793026911';
  await service.sim('PUT', `/phones/${phone}`, { smsOutcome: 'undelivered' });
  deny = 'voice';
  const id = await create(phone);
  const entry = await eventually('the skipped step', async () => {
    const { body } = await service.api<{ timeline: { state: string; reason?: string; detail?: string }[] }>(
      'GET',
      `/v1/verifications/${id}`,
    );
    return body.timeline.find(({ state }) => state === 'skipped');
  });
  expect(entry).toMatchObject({ reason: 'denied', detail: 'premium prefix' });
  const asked = questions.filter(({ data }) => data.to === phone);
  expect(asked.map(({ data }) => `${data.channel} ${data.trigger}`)).toEqual(['sms first', 'voice fallback']);
  const { calls } = await service.sim<{ calls: unknown[] }>('GET', `/phones/${phone}/calls`);
  expect(calls).toHaveLength(0);

  deny = 'sms';
  const refused = await service.api('POST', '/v1/verifications', { to: '+41793026912', channel: 'sms' });
  expect(refused.status).toBe(403);
  expect(refused.body).toMatchObject({ status: 403, reason: 'premium prefix' });
  deny = undefined;
});
