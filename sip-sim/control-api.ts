import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { Call } from './call.ts';
import { controlCallJson } from './call-json.ts';
import type { Calls } from './calls.ts';
import { streamEvents } from './event-stream.ts';
import type { EventLog } from './events.ts';
import { hlrJson } from './hlr.ts';
import { errorName, type SimLog } from './log.ts';
import { mailboxSchema, parseAddress, type Mailboxes } from './mailboxes.ts';
import { inboxJson, type Messages } from './messages.ts';
import { wantsPage } from './pages.ts';
import { behaviourSchema, keysSchema, parseNumber, type Phones } from './phone.ts';
import { phoneList } from './phone-list.ts';
import { settingsUpdate } from './settings.ts';
import { testCall } from './test-call.ts';

export interface ControlApiDeps {
  readonly calls: Calls;
  readonly messages: Messages;
  readonly phones: Phones;
  readonly mailboxes: Mailboxes;
  readonly events: EventLog;
  readonly log: SimLog;
  readonly index: () => Record<string, unknown>;
  /** Answers a browser with the phones' page. */
  readonly page: (reply: FastifyReply) => FastifyReply;
  /** Whether new calls are taken. */
  readonly accepting: () => boolean;
  readonly settings: () => Record<string, unknown>;
  readonly applySettings: (update: z.infer<typeof settingsUpdate>) => void;
  readonly reset: () => void;
}

interface ByNumber {
  Params: { number: string };
}
interface ByAddress {
  Params: { address: string };
}
interface ById {
  Params: { id: string };
}

/** Refusals of the control API: JSON that names the field. */
class ControlError extends Error {
  readonly status: number;
  readonly body: Record<string, unknown>;
  constructor(status: number, body: { error: string; field?: string; message: string }) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

const GREETING_LIMIT = 12 * 1024 * 1024;
const keysBody = z.strictObject({ keys: keysSchema });

/** What people and tests do with the simulated phones: a public contract, see README.md. */
export function controlApi(deps: ControlApiDeps): (app: FastifyInstance) => Promise<void> {
  const { calls, messages, phones, mailboxes, events } = deps;

  const call = (request: FastifyRequest<ById>): Call => {
    const found = calls.get(request.params.id);
    if (!found) throw new ControlError(404, { error: 'not-found', message: 'no such call' });
    return found;
  };
  const act = (found: Call, done: boolean): Record<string, unknown> => {
    if (done) return controlCallJson(found);
    const message = `not possible while the call is ${found.state}`;
    throw new ControlError(409, { error: 'wrong-state', message });
  };
  const phone = (number: string): Record<string, unknown> => ({ number, ...phones.get(number) });

  const mailbox = (address: string): Record<string, unknown> => ({ address, ...mailboxes.get(address) });

  return async app => {
    app.setErrorHandler((error: unknown, _request, reply) => {
      if (error instanceof ControlError) return reply.code(error.status).send(error.body);
      const status = isHttpError(error) ? error.statusCode : 500;
      if (status >= 500) deps.log.error({ error: errorName(error) }, 'a control request failed');
      const message = status < 500 && error instanceof Error ? error.message : 'the simulator failed';
      return reply.code(status).send({ error: status < 500 ? 'invalid' : 'internal', message });
    });
    app.setNotFoundHandler((_request, reply) =>
      reply.code(404).send({ error: 'not-found', message: 'no such path; GET / lists them' }),
    );

    app.get('/', (request, reply) => (wantsPage(request) ? deps.page(reply) : deps.index()));
    app.delete('/', async (_request, reply) => {
      deps.reset();
      return await reply.code(204).send();
    });
    app.get('/settings', async () => deps.settings());
    app.put('/settings', request => {
      deps.applySettings(parse(settingsUpdate, request.body));
      return deps.settings();
    });

    app.get('/phones', () => ({ phones: phoneList(deps) }));
    app.get<ByNumber>('/phones/:number', (request, reply) =>
      wantsPage(request) ? deps.page(reply) : phone(numberOf(request)),
    );
    app.post<ByNumber>('/phones/:number/ring', async (request, reply) => {
      const to = numberOf(request);
      if (!deps.accepting()) throw new ControlError(503, { error: 'stopping', message: 'no new calls' });
      return await reply.code(201).send(controlCallJson(calls.place(testCall(to))));
    });
    app.put<ByNumber>('/phones/:number', { bodyLimit: GREETING_LIMIT }, request => {
      const number = numberOf(request);
      phones.set(number, parse(behaviourSchema, request.body ?? {}));
      events.emit('phone.updated', { number, outcome: phones.get(number).outcome });
      return phone(number);
    });
    app.get<ByNumber>('/phones/:number/calls', request => ({
      calls: calls.to(numberOf(request)).map(controlCallJson),
    }));
    app.get<ByNumber>('/phones/:number/messages', request => ({
      messages: messages.inbox(numberOf(request)).map(inboxJson),
    }));

    app.get<ByNumber>('/hlr/:number', request => {
      const number = numberOf(request);
      return hlrJson(number, phones.get(number));
    });

    app.get('/mailboxes', () => ({ mailboxes: mailboxes.list() }));
    app.get<ByAddress>('/mailboxes/:address', request => mailbox(addressOf(request)));
    app.put<ByAddress>('/mailboxes/:address', request => {
      const address = addressOf(request);
      mailboxes.set(address, parse(mailboxSchema, request.body ?? {}));
      events.emit('mailbox.updated', { address, outcome: mailboxes.get(address).outcome });
      return mailbox(address);
    });
    app.get<ByAddress>('/mailboxes/:address/messages', request => ({
      messages: mailboxes.inbox(addressOf(request)),
    }));

    app.get<ById>('/calls/:id', request => controlCallJson(call(request)));
    app.get<ById>('/calls/:id/audio.wav', async (request, reply) =>
      reply.type('audio/wav').header('cache-control', 'no-store').send(call(request).recording.wav()),
    );
    app.post<ById>('/calls/:id/answer', request => act(call(request), call(request).answer()));
    app.post<ById>('/calls/:id/reject', request => act(call(request), call(request).reject()));
    app.post<ById>('/calls/:id/hangup', request => act(call(request), call(request).hangUp()));
    app.post<ById>('/calls/:id/keys', request => {
      const { keys } = parse(keysBody, request.body);
      return act(call(request), call(request).press(keys));
    });

    app.get<{ Querystring: { lastEventId?: string } }>('/events', (request, reply) => {
      streamEvents(events, request, reply);
    });
  };
}

function numberOf(request: FastifyRequest<ByNumber>): string {
  const number = parseNumber(request.params.number.trim());
  if (number) return number;
  const message = 'a number is E.164: up to fifteen digits, with or without +';
  throw new ControlError(400, { error: 'invalid', field: 'number', message });
}

function addressOf(request: FastifyRequest<ByAddress>): string {
  const address = parseAddress(request.params.address);
  if (address) return address;
  throw new ControlError(400, { error: 'invalid', field: 'address', message: 'no mail address' });
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = [...(issue?.path ?? []), ...unknown].reduce<string>(
    (text, part) => text + (typeof part === 'number' ? `[${part}]` : `${text && '.'}${String(part)}`),
    '',
  );
  const message = unknown.length > 0 ? 'unknown field' : (issue?.message ?? 'invalid');
  throw new ControlError(400, { error: 'invalid', field, message });
}

function isHttpError(error: unknown): error is { statusCode: number } {
  return (
    typeof error === 'object' &&
    error !== null &&
    'statusCode' in error &&
    typeof error.statusCode === 'number'
  );
}
