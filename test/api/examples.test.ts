import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';

import { eventually, Service } from '../support/service.ts';

/**
 * Every request of the document at /docs/json, with each of its examples, sent to the running service: the answer has a documented
 * status of success and the documented shape. Only what names a thing (an id, a bulk, a user, a server) is replaced, by one
 * that exists.
 */

interface Schema {
  readonly $ref?: string;
  readonly examples?: readonly unknown[];
}
interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}
interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
/** What path and query parameters, and fields of bodies, are replaced by. */
type Names = Readonly<Record<string, string>>;

const PHONE = '41793026727';
const PASSWORD = 'correct horse battery staple';
const MAIL = 'john.smith@example.com';
const NO_LIMITS = { sendPinPerPhoneNumberLimit: '10000/1d', verifyPinLimit: '10000/1s' };
const LATER = new Date(Date.now() + 30 * 86_400_000).toISOString().replace('Z', '+0000');
/** What undoes comes last, so that what it undoes is there for the others. */
const ORDER = ['post', 'put', 'patch', 'get', 'delete'];

let service: Service;
/** In place of the customers' servers of the examples: nothing leaves this machine. */
let customer: Server;
let document: OpenApi;
let made: { application: string; message: string; mail: string; event: string };
beforeAll(async () => {
  customer = createServer((_request, response) => response.end('ok'));
  customer.listen(0, '127.0.0.1');
  await once(customer, 'listening');
  const folder = mkdtempSync(join(process.env.SAYPIN_TEST_RUN ?? tmpdir(), 'examples-'));
  const file = join(folder, 'saypin.json');
  const words = { subject: 'Your code', text: 'Hello {{firstName}}, your code is {{pin}}.' };
  writeFileSync(
    file,
    JSON.stringify({ email: { templates: { 1234: words } }, webhooks: { allowPrivate: true } }),
  );
  service = await Service.start({ SAYPIN_CONFIG: file });
  document = (await service.api<OpenApi>('GET', '/docs/json')).body;
  const application = await posted('/2fa/2/applications', { name: 'Examples', configuration: NO_LIMITS });
  const path = `/2fa/2/applications/${application.applicationId}`;
  const message = await posted(`${path}/messages`, {
    messageText: 'Your pin is {{pin}}',
    pinType: 'NUMERIC',
    pinLength: 4,
  });
  const mail = await posted(`${path}/email/messages`, {
    pinType: 'NUMERIC',
    from: 'company@example.com',
    emailTemplateId: 1234,
  });
  await posted('/v1/verifications', { to: `+${PHONE}`, channel: 'sms' });
  const event = await eventually('an event', async () => {
    const { events } = (await service.api<{ events: { id: string }[] }>('GET', '/v1/events')).body;
    return events[0]?.id;
  });
  made = {
    application: application.applicationId!,
    message: message.messageId!,
    mail: mail.messageId!,
    event,
  };
});
// Not stopped: it would see the calls of the examples to their end.
afterAll(async () => {
  await service?.kill();
  customer.closeAllConnections();
  customer.close();
});

it('every example of the document works as it says', { timeout: 60_000 }, async () => {
  const wrong: string[] = [];
  let sent = 0;
  for (const { path, method, operation } of inOrder()) {
    for (const { type, example } of requestsOf(operation)) {
      const problem = await tried({ path, method, operation, type, example });
      sent++;
      if (problem !== undefined) wrong.push(`${method.toUpperCase()} ${path}: ${problem}`);
    }
  }
  expect(wrong).toStrictEqual([]);
  expect(sent).toBeGreaterThan(75);
});

it('each body that a request may have has an example', () => {
  const bare = inOrder()
    .filter(({ operation }) => requestsOf(operation).length === 0)
    .map(({ method, path }) => `${method} ${path}`);
  expect(bare).toStrictEqual([]);
});

function inOrder(): { path: string; method: string; operation: Operation }[] {
  return Object.entries(document.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )
    .toSorted((one, other) => ORDER.indexOf(one.method) - ORDER.indexOf(other.method));
}

/** One for each media type and example; one without a body where there is none. */
function requestsOf({ requestBody }: Operation): { type?: string; example?: unknown }[] {
  if (!requestBody?.content) return [{}];
  return Object.entries(requestBody.content).flatMap(([type, { schema }]) => {
    const { examples = [] } = schema.$ref
      ? (document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {})
      : schema;
    return examples.map(example => ({ type, example }));
  });
}

/** What is wrong with the answer; undefined when nothing is. */
async function tried(request: {
  path: string;
  method: string;
  operation: Operation;
  type?: string;
  example?: unknown;
}): Promise<string | undefined> {
  const { path, method, operation, type, example } = request;
  const names = await namesFor(path, method);
  const query = (operation.parameters ?? [])
    .filter(parameter => parameter.in === 'query' && (parameter.required || names[`?${parameter.name}`]))
    .map(({ name }): [string, string] => [name, names[`?${name}`] ?? names[name] ?? '']);
  const url = new URL(
    path.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? `no-${name}`),
    service.url,
  );
  url.search = new URLSearchParams(query).toString();
  const body = example === undefined ? undefined : withNames(example, names);
  const answer = await fetch(url, {
    method: method.toUpperCase(),
    headers: {
      authorization: names['authorization'] ?? `App ${service.apiKey}`,
      accept: 'application/json',
      ...(type !== undefined && { 'content-type': type }),
    },
    body: body === undefined ? undefined : encoded(type ?? '', body),
  });
  const text = await answer.text();
  const documented = operation.responses[String(answer.status)];
  if (!answer.ok || !documented) return `${answer.status} ${text.slice(0, 300)}`;
  const schema = documented.content?.['application/json']?.schema;
  if (!schema) return text === '' ? undefined : `an answer that is not documented: ${text.slice(0, 100)}`;
  if (text === '') return `${answer.status} without the documented body`;
  const parsed = shape(schema).safeParse(JSON.parse(text));
  return parsed.success ? undefined : `${z.prettifyError(parsed.error)} in ${text.slice(0, 300)}`;
}

function encoded(type: string, body: unknown): string {
  if (!type.includes('form')) return JSON.stringify(body);
  const fields = Object.entries(body as Record<string, unknown>).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return new URLSearchParams(fields).toString();
}

/** A schema of the document, with the others that it refers to. */
function shape(schema: Schema): z.ZodType {
  const whole = { ...schema, $defs: document.components.schemas };
  const text = JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/');
  return z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]);
}

/** The example with the names that stand for something of one's own. */
function withNames(example: unknown, names: Names): unknown {
  const text = JSON.stringify(example).replaceAll(/https:\/\/[a-z]+\.example\.com/g, customerUrl());
  return JSON.parse(text, (key, value: unknown) => names[`.${key}`] ?? value);
}

/** Things of its own for each request, so that none sees what another has done. */
async function namesFor(path: string, method: string): Promise<Names> {
  const { application, message, mail, event } = made;
  const ids = { appId: application, applicationId: application, msgId: message, messageId: message };
  const of2fa = { '.applicationId': application, '.messageId': path.includes('email') ? mail : message };
  // Its limits are about to be those of the example.
  if (path === '/2fa/2/applications/{appId}' && method === 'put') {
    return { appId: (await posted('/2fa/2/applications', { name: 'to be changed' })).applicationId! };
  }
  if (path.includes('/email/messages/')) return { ...ids, msgId: mail };
  if (path.includes('{pinId}')) return { ...ids, pinId: await pin(path.includes('resend/email')) };
  if (path.startsWith('/2fa/2/pin')) return of2fa;
  if (path === '/v1/verifications' && method === 'post') {
    return { '.applicationId': application, '.template': message };
  }
  if (path.startsWith('/v1/webhooks')) return { ...(await webhook(path)), '.applicationId': application };
  if (path.startsWith('/v1/events/{id}')) return { id: event, '.webhookId': (await webhook('{id}')).id! };
  if (path === '/v1/keys/{id}') return { id: (await posted('/v1/keys', { name: 'to be revoked' })).id! };
  if (path === '/v1/problems/{id}') return { id: 'not-found' };
  if (path === '/v1/users/{username}') return { username: 'shop' };
  if (path.startsWith('/auth/1/')) {
    const user = await posted('/v1/users', { username: `user-${crypto.randomUUID()}`, password: PASSWORD });
    const username = user.username!;
    if (method === 'post') return { '.username': username, '.client_id': username };
    const { token } = await posted('/auth/1/session', { username, password: PASSWORD });
    return { authorization: `IBSSO ${token}` };
  }
  if (path.includes('/bulks')) return { '?bulkId': await bulk(path), '.sendAt': LATER };
  const ours = `bulk-${crypto.randomUUID()}`;
  return { ...ids, language: 'en', '?msisdn': PHONE, '?to': PHONE, '.bulkId': ours };
}

function customerUrl(): string {
  return `http://127.0.0.1:${(customer.address() as AddressInfo).port}`;
}

async function posted(path: string, body: unknown): Promise<Record<string, string | undefined>> {
  const answer = await service.api<Record<string, string>>('POST', path, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function pin(byMail: boolean): Promise<string> {
  const { application, message, mail } = made;
  const request = byMail ? { messageId: mail, to: MAIL } : { messageId: message, to: PHONE };
  const path = byMail ? '/2fa/2/pin/email' : '/2fa/2/pin';
  return (await posted(path, { applicationId: application, ...request })).pinId!;
}

async function webhook(path: string): Promise<Names> {
  if (!path.includes('{id}')) return {};
  const { id } = await posted('/v1/webhooks', {
    url: `${customerUrl()}/hooks`,
    types: ['delivery.failed'],
  });
  return { id: id! };
}

/** A bulk that waits for a day to come; paused, since only then can that day be changed. */
async function bulk(path: string): Promise<string> {
  const bulkId = `bulk-${crypto.randomUUID()}`;
  const message = { destinations: [{ to: PHONE }], text: 'Later.', sendAt: LATER };
  const face = path.startsWith('/tts') ? '/tts/3/advanced' : '/sms/2/text/advanced';
  await posted(face, { bulkId, messages: [message] });
  const status = `${path.startsWith('/tts') ? '/tts/3' : '/sms/1'}/bulks/status?bulkId=${bulkId}`;
  await service.api('PUT', status, { status: 'PAUSED' });
  return bulkId;
}
