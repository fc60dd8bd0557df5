import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import websocket from '@fastify/websocket';
import fastify from 'fastify';

import { DEFAULT_ACCOUNT_SID, loadAuthToken } from './account.ts';
import { Callbacks } from './callbacks.ts';
import { Calls } from './calls.ts';
import { SimClock } from './clock.ts';
import { controlApi } from './control-api.ts';
import { EventLog } from './events.ts';
import { HttpClient, WEBHOOK_TIMEOUT_MS } from './http-client.ts';
import { servePhone } from './live-phone.ts';
import { errorName, silentLog, type SimLog } from './log.ts';
import { Mailboxes } from './mailboxes.ts';
import { Messages } from './messages.ts';
import { createPages } from './pages.ts';
import { parseNumber, Phones } from './phone.ts';
import { Random } from './random.ts';
import { RestFaultGate } from './rest-faults.ts';
import { renderSay } from './say.ts';
import { NO_FAULTS, type Injected } from './settings.ts';
import { openSmtpInbox } from './smtp-inbox.ts';
import { SpeechEngine } from './speech-engine.ts';
import { Ticker } from './ticker.ts';
import { refuseStrangePages } from './strange-pages.ts';
import { twilioApi } from './twilio-api.ts';

export type { SimLog } from './log.ts';

export interface SimulatorOptions {
  /** Default 127.0.0.1: the control API is open to whoever reaches it, recordings included. */
  readonly host?: string;
  /** 0 (default): any free one. */
  readonly port?: number;
  /** Of the mail inbox; 0 (default): any free one. */
  readonly smtpPort?: number;
  readonly accountSid?: string;
  /** Default: kept in `dataDir`, or random. */
  readonly authToken?: string;
  readonly dataDir?: string;
  readonly seed?: number;
  /** How many times as fast as real time rings, audio, keys and timers run. */
  readonly speed?: number;
  readonly log?: SimLog;
  /** One call's recording; default an hour. */
  readonly maxRecordingSeconds?: number;
  /** One media stream's unplayed audio; Twilio's, and the default: ten minutes. */
  readonly maxStreamBufferSeconds?: number;
  /** Finished calls kept (2,000), their audio in bytes (256 MB), messages, mails and events (5,000 each). */
  readonly keep?: { calls?: number; audioBytes?: number; messages?: number; mails?: number; events?: number };
  /** Real ms; Twilio's, and the default: 15 s. */
  readonly webhookTimeoutMs?: number;
}

export interface Simulator {
  readonly url: string;
  /** `smtp://127.0.0.1:8025` */
  readonly smtpUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
  readonly speed: number;
  /** Refuses new calls and waits, at most `ms` real milliseconds, until the live ones are over. */
  drain(ms: number): Promise<void>;
  /** Ends every call and releases everything; idempotent. */
  close(): Promise<void>;
}

const CALLBACK_GRACE_MS = 1_000;
/** Pages only listen on their socket. */
const MAX_PAGE_MESSAGE = 1_024;

/** Starts a simulated carrier with simulated phones: Twilio's wire and the control API on one port, mail on another. */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const log = options.log ?? silentLog;
  const accountSid = options.accountSid ?? DEFAULT_ACCOUNT_SID;
  const authToken = options.authToken ?? (await loadAuthToken(options.dataDir));
  const clock = new SimClock(options.speed ?? 1);
  const ticker = new Ticker(clock, error => log.error({ error: errorName(error) }, 'a frame failed'));
  const events = new EventLog(clock, options.keep?.events ?? 5_000);
  const injected: Injected = { rest: 0, callbacks: 0, media: 0 };
  let seed = options.seed ?? 1;
  let random = new Random(seed);
  let faults = NO_FAULTS;
  let accepting = true;
  const restFaults = new RestFaultGate(faults.rest, () => random, injected);
  const http = new HttpClient(authToken, options.webhookTimeoutMs ?? WEBHOOK_TIMEOUT_MS);
  const callbacks = new Callbacks({
    clock,
    http,
    events,
    random: () => random,
    faults: () => faults.callbacks,
    injected,
  });
  const speech = new SpeechEngine(log);
  const phones = new Phones();
  const calls = new Calls(
    {
      accountSid,
      authToken,
      clock,
      ticker,
      events,
      callbacks,
      http,
      log,
      random: () => random,
      faults: () => faults.media,
      injected,
      renderSay: async say => await renderSay(speech, say),
      maxRecordingSeconds: options.maxRecordingSeconds ?? 3_600,
      maxStreamBufferSeconds: options.maxStreamBufferSeconds ?? 600,
    },
    phones,
    {
      finishedCalls: options.keep?.calls ?? 2_000,
      audioBytes: options.keep?.audioBytes ?? 256 * 1024 * 1024,
    },
  );
  const messages = new Messages(
    { accountSid, clock, events, callbacks, phones },
    options.keep?.messages ?? 5_000,
  );

  const mailboxes = new Mailboxes({ clock, events }, options.keep?.mails ?? 5_000);

  const app = fastify({
    bodyLimit: 256 * 1024,
    forceCloseConnections: true,
    // Any other path answers an upgrade as the plain request that it also is.
    http: { shouldUpgradeCallback: request => /^\/phones\/[^/]+\/live$/.test(request.url ?? '') },
    routerOptions: { maxParamLength: 400 },
  });
  // Event streams and requests left hanging are not fastify's to end.
  const sockets = new Set<Socket>();
  app.server.on('connection', socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const host = options.host ?? '127.0.0.1';
  const inbox = await openSmtpInbox(
    { accountSid, authToken, mailboxes, events, log, accepting: () => accepting },
    { host, port: options.smtpPort ?? 0 },
  );
  const pages = createPages();
  await app.register(websocket, { options: { maxPayload: MAX_PAGE_MESSAGE, perMessageDeflate: false } });
  app.addHook('onRequest', refuseStrangePages(host));
  await app.register(pages.routes);
  await app.register(async scope => {
    scope.get<{ Params: { number: string } }>(
      '/phones/:number/live',
      { websocket: true },
      (socket, { params }) => {
        const number = parseNumber(params.number.trim());
        if (number === undefined) return socket.close(1008, 'no number');
        servePhone({ calls, messages, mailboxes, phones, events, speed: () => clock.speed }, socket, number);
      },
    );
  });
  await app.register(
    twilioApi({
      accountSid,
      authToken,
      calls,
      messages,
      events,
      log,
      faults: restFaults,
      accepting: () => accepting,
    }),
    { prefix: '/2010-04-01' },
  );
  await app.register(
    controlApi({
      calls,
      messages,
      phones,
      mailboxes,
      events,
      log,
      page: reply => pages.send(reply),
      accepting: () => accepting,
      index: () => ({
        name: 'saypin simulator',
        accountSid,
        speed: clock.speed,
        liveCalls: calls.live,
        keptCalls: calls.size,
        lagMs: ticker.lagMs,
        speech: !speech.missing,
        smtpUrl: inbox.url,
        paths: PATHS,
      }),
      settings: () => ({
        speed: clock.speed,
        seed,
        faults: { ...faults, rest: restFaults.faults },
        injected: { ...injected },
      }),
      applySettings: update => {
        if (update.speed !== undefined) {
          clock.setSpeed(update.speed);
          ticker.rearm();
        }
        if (update.seed !== undefined) {
          seed = update.seed;
          random = new Random(seed);
        }
        if (update.faults) {
          faults = update.faults;
          restFaults.set(faults.rest);
        }
        events.emit('settings.updated', { speed: clock.speed });
      },
      reset: () => {
        faults = NO_FAULTS;
        restFaults.set(faults.rest);
        Object.assign(injected, { rest: 0, callbacks: 0, media: 0 });
        random = new Random(seed);
        calls.reset();
        phones.clear();
        messages.clear();
        mailboxes.clear();
        events.emit('reset', {});
      },
    }),
  );
  const url = await app.listen({ host, port: options.port ?? 0 }).catch(async (error: unknown) => {
    await inbox.close();
    throw error;
  });

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    accepting = false;
    calls.reset();
    await Promise.race([callbacks.idle(), realDelay(CALLBACK_GRACE_MS)]);
    clock.close();
    http.close();
    await speech.close();
    for (const socket of sockets) socket.destroy();
    await app.close();
    await inbox.close();
  };
  return {
    url,
    smtpUrl: inbox.url,
    accountSid,
    authToken,
    get speed() {
      return clock.speed;
    },
    async drain(ms) {
      accepting = false;
      await Promise.race([calls.idle(), realDelay(ms)]);
    },
    async close() {
      closing ??= close();
      await closing;
    },
  };
}

async function realDelay(ms: number): Promise<void> {
  await pause(ms, undefined, { ref: false });
}

const PATHS = [
  'PUT /phones/{number}',
  'GET /phones/{number}',
  'GET /phones',
  'POST /phones/{number}/ring',
  'GET /phones/{number}/live (websocket)',
  'GET /phones/{number}/calls',
  'GET /phones/{number}/messages',
  'GET /hlr/{number}',
  'PUT /mailboxes/{address}',
  'GET /mailboxes',
  'GET /mailboxes/{address}',
  'GET /mailboxes/{address}/messages',
  'GET /calls/{id}',
  'GET /calls/{id}/audio.wav',
  'POST /calls/{id}/answer|reject|hangup',
  'POST /calls/{id}/keys',
  'GET /events',
  'GET /settings',
  'PUT /settings',
  'DELETE /',
  'POST /2010-04-01/Accounts/{AccountSid}/Calls.json',
  'POST /2010-04-01/Accounts/{AccountSid}/Messages.json',
];
