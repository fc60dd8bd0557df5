import { createHash, timingSafeEqual } from 'node:crypto';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Call } from './call.ts';
import { twilioCallJson } from './call-json.ts';
import type { Calls } from './calls.ts';
import type { EventLog } from './events.ts';
import { errorName, type SimLog } from './log.ts';
import { messageJson, type Messages } from './messages.ts';
import type { RestFaultGate, RestOperation } from './rest-faults.ts';
import { TwilioRestError } from './twilio-errors.ts';
import { readCallForm, readMessageForm, readUpdateForm } from './twilio-forms.ts';
import { listPage } from './twilio-lists.ts';

export interface TwilioApiDeps {
  readonly accountSid: string;
  readonly authToken: string;
  readonly calls: Calls;
  readonly messages: Messages;
  readonly events: EventLog;
  readonly log: SimLog;
  readonly faults: RestFaultGate;
  /** False while the simulator shuts down. */
  readonly accepting: () => boolean;
}

interface Account {
  Params: { account: string };
}
interface Resource {
  Params: { account: string; sid: string };
}

const BODY_LIMIT = 64 * 1024;

/** Twilio's REST API as far as calls and text messages go (carrier-protocols.md 1.1 and 1.6). */
export function twilioApi(deps: TwilioApiDeps): (app: FastifyInstance) => Promise<void> {
  const { accountSid, calls, messages } = deps;
  const expected = digest(`${accountSid}:${deps.authToken}`);

  const authenticate = (request: FastifyRequest): void => {
    const account = /^\/2010-04-01\/Accounts\/([^/?]+)/.exec(request.url)?.[1];
    const [scheme, value = ''] = (request.headers.authorization ?? '').split(' ');
    const given = digest(Buffer.from(value, 'base64').toString('utf8'));
    const valid = scheme?.toLowerCase() === 'basic' && timingSafeEqual(given, expected);
    if (!valid || account !== accountSid) throw new TwilioRestError(20003);
  };

  const find = (sid: string): Call => {
    const call = calls.get(sid);
    if (!call) throw new TwilioRestError(20404);
    return call;
  };

  /** Answers with what `work` gives, unless the settings want this request to fail. */
  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    operation: RestOperation,
    work: () => { status: number; body: Record<string, unknown> },
  ): Promise<FastifyReply> => {
    if (!deps.accepting()) throw new TwilioRestError(20503);
    const fault = deps.faults.take(operation);
    if (!fault) {
      const done = work();
      return await reply.code(done.status).send(done.body);
    }
    deps.events.emit('fault.rest', { mode: fault.mode, operation });
    if (fault.retryAfterSeconds !== null) reply.header('retry-after', String(fault.retryAfterSeconds));
    switch (fault.mode) {
      case 'error':
        return await reply
          .code(fault.status)
          .send({ ...new TwilioRestError(20503).toJSON(), status: fault.status });
      case 'too-many':
        throw new TwilioRestError(20429);
      case 'garbage':
        return await reply.code(200).type('text/html').send('<html><body>It works!</body></html>');
      case 'lose-reply':
        work();
        break;
      case 'hang':
        // Answered never; the socket goes with the client or with the simulator.
        return reply.hijack();
      case 'reset':
      case 'none':
        break;
      default:
        throw new TypeError(`no such fault: ${String(fault.mode satisfies never)}`);
    }
    reply.hijack();
    request.raw.socket.resetAndDestroy();
    return reply;
  };

  return async app => {
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: BODY_LIMIT },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    );
    app.setErrorHandler((error, _request, reply) => {
      const known = error instanceof TwilioRestError ? error : fromFastify(error);
      if (known.code === 20500) deps.log.error({ error: errorName(error) }, 'a REST request failed');
      if (known.code === 20003) reply.header('www-authenticate', 'Basic realm="Twilio API"');
      return reply.code(known.status).send(known.toJSON());
    });
    app.setNotFoundHandler((_request, reply) => reply.code(404).send(new TwilioRestError(20404).toJSON()));
    app.addHook('onRequest', async request => authenticate(request));

    app.post<Account>('/Accounts/:account/Calls.json', async (request, reply) =>
      answer(request, reply, 'create', () => {
        const call = calls.place(readCallForm(form(request)));
        return { status: 201, body: twilioCallJson(call, accountSid) };
      }),
    );
    app.get<Account>('/Accounts/:account/Calls.json', async (request, reply) =>
      answer(request, reply, 'list', () => {
        const items = calls.all().map(call => ({
          call,
          sid: call.sid,
          to: call.request.to,
          from: call.request.from,
          status: call.status,
          // Dialled at once.
          at: call.createdAt,
        }));
        const list = { key: 'calls', dateField: 'StartTime', ...target(request) } as const;
        const body = listPage(items, { ...list, render: ({ call }) => twilioCallJson(call, accountSid) });
        return { status: 200, body };
      }),
    );
    app.post<Resource>('/Accounts/:account/Calls/:sid.json', async (request, reply) =>
      answer(request, reply, 'update', () => {
        const call = find(request.params.sid);
        update(call, form(request));
        return { status: 200, body: twilioCallJson(call, accountSid) };
      }),
    );
    app.get<Resource>('/Accounts/:account/Calls/:sid.json', request =>
      twilioCallJson(find(request.params.sid), accountSid),
    );
    app.post<Account>('/Accounts/:account/Messages.json', async (request, reply) =>
      answer(request, reply, 'message', () => {
        const message = messages.send(readMessageForm(form(request)));
        return { status: 201, body: messageJson(message, accountSid) };
      }),
    );
    app.get<Account>('/Accounts/:account/Messages.json', async (request, reply) =>
      answer(request, reply, 'list', () => {
        const items = messages.all().map(message => ({
          message,
          sid: message.sid,
          to: message.request.to,
          from: message.request.from,
          status: message.status,
          at: message.sentAt,
        }));
        const list = { key: 'messages', dateField: 'DateSent', ...target(request) } as const;
        const body = listPage(items, { ...list, render: ({ message }) => messageJson(message, accountSid) });
        return { status: 200, body };
      }),
    );
    app.get<Resource>('/Accounts/:account/Messages/:sid.json', request => {
      const message = messages.get(request.params.sid);
      if (!message) throw new TwilioRestError(20404);
      return messageJson(message, accountSid);
    });
  };
}

/** `completed` ends a call in any state, `canceled` only one that was not answered. @throws TwilioRestError */
function update(call: Call, body: URLSearchParams): void {
  const change = readUpdateForm(body);
  if (call.state === 'ended') throw new TwilioRestError(21220);
  if (change.type === 'redirect') {
    if (!call.redirect(change.source)) throw new TwilioRestError(21220);
    return;
  }
  if (call.state !== 'answered') call.end('canceled', 'customer');
  else if (change.status === 'completed') call.end('completed', 'customer');
}

/** Path and query as they were asked for; a `+` of a number that nobody escaped is a plus here. */
function target(request: FastifyRequest): { path: string; query: URLSearchParams } {
  const [path = '', query = ''] = request.url.split('?', 2);
  return { path, query: new URLSearchParams(query.replace(/=\+(?=\d)/g, '=%2B')) };
}

function form(request: FastifyRequest): URLSearchParams {
  return request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
}

function fromFastify(error: unknown): TwilioRestError {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  return new TwilioRestError(status >= 400 && status < 500 ? 20001 : 20500);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
