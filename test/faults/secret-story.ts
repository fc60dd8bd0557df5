import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { eventually, recordCanary, Service } from '../support/service.ts';
import { createApplication } from '../support/story.ts';
import { TinyCarrier, type TakenText } from '../support/tiny-carrier.ts';
import type { StoreName } from './world.ts';

const PIN_LENGTH = 16;
const KEYS = 8;
/** For what is said after a key. */
const HEAR_MS = 300;
const digits = (count: number): string => Array.from({ length: count }, () => String(randomInt(10))).join('');

interface Asked {
  readonly id: string;
  readonly to: string;
  readonly pin: string;
  readonly text: TakenText;
}

/**
 * A service, and everything secret that can be brought to it: keys of the API, a password with its sessions, PINs that are texted, spoken,
 * guessed, mistyped and verified, keys pressed in a call, secrets of webhooks, tokens of media sockets. What it leaves is under `root`.
 */
export class SecretStory {
  readonly service: Service;
  /** By a name that may be printed. */
  readonly secrets: Record<string, string> = {};
  /** Pressed in a call; in the report of that call, and nowhere else. */
  readonly pressed = digits(KEYS);
  /** What may be found: that there is something to be seen. */
  readonly known: Record<string, string> = { placeholder: `Placeholder${digits(8)}` };
  readonly #carrier: TinyCarrier;
  readonly #customer: Server;
  readonly #redis: RedisServer | undefined;
  readonly #folder: string;
  /** By the customer's server. */
  #heard = '';
  #phones = 0;
  #applicationId = '';
  #asked: Asked | undefined;

  private constructor(parts: {
    service: Service;
    secrets: Readonly<Record<string, string>>;
    carrier: TinyCarrier;
    customer: Server;
    redis: RedisServer | undefined;
    folder: string;
  }) {
    this.service = parts.service;
    Object.assign(this.secrets, parts.secrets);
    this.#carrier = parts.carrier;
    this.#customer = parts.customer;
    this.#redis = parts.redis;
    this.#folder = parts.folder;
    parts.customer.on('request', (request, response) => {
      request.on('data', chunk => (this.#heard += String(chunk)));
      request.on('end', () => response.writeHead(204).end());
    });
  }

  static async start(store: StoreName): Promise<SecretStory> {
    const folder = mkdtempSync(join(tmpdir(), 'saypin-secrets-'));
    const carrier = await TinyCarrier.start();
    const customer = createServer().listen(0, '127.0.0.1');
    await once(customer, 'listening');
    // What its keys hold is to be read, and not packed.
    const flags = ['--dir', folder, '--rdbcompression', 'no', '--aof-use-rdb-preamble', 'no'];
    const redis = store === 'redis' ? await startRedis(flags) : undefined;
    const secrets = {
      'first API key': randomBytes(24).toString('hex'),
      'master key': randomBytes(64).toString('hex'),
      'webhook secret': randomBytes(32).toString('base64'),
      "carrier's token": carrier.authToken,
    };
    const SAYPIN_CONFIG = join(folder, 'config.json');
    writeFileSync(
      SAYPIN_CONFIG,
      JSON.stringify({
        carriers: [carrier.config],
        api: { requestLimits: false },
        webhooks: { allowPrivate: true },
      }),
    );
    const service = await Service.start({
      SAYPIN_CONFIG,
      LOG_LEVEL: 'trace',
      API_KEY: secrets['first API key'],
      MASTER_KEY: `k1:${secrets['master key']}`,
      WEBHOOK_SECRET: `whsec_${secrets['webhook secret']}`,
      ...(redis && { REDIS_URL: redis.url }),
    });
    return new SecretStory({ service, secrets, carrier, customer, redis, folder });
  }

  get root(): string {
    return this.service.folder;
  }

  /** The first life: what is begun in it is ended in the next one. */
  async begin(): Promise<void> {
    // Whose limits let somebody try again at once.
    this.#applicationId = await createApplication(this.service);
    await this.#access();
    await this.#webhook();
    await this.#call();
    // One that nobody types in.
    await this.#texted('PIN left alone');
    const asked = await this.#texted('PIN that is spoken');
    this.known.id = asked.id;
    await this.#spoken(asked);
    await this.#mistyped(asked);
    await this.#check(asked.id, this.#secret('wrong PIN', digits(PIN_LENGTH)), false);
    this.#asked = asked;
  }

  /** The next one. */
  async end(): Promise<void> {
    const { id, pin } = this.#asked!;
    await this.#check(id, this.#secret('another wrong PIN', digits(PIN_LENGTH)), false);
    await this.#check(id, pin, true);
    this.known.event = 'verification.verified';
    await eventually('the event', async () => this.#heard.includes('verification.verified'));
  }

  /** Everything that was left, under `root`: Redis' files and what was told to others too. */
  async leave(): Promise<void> {
    const { root, service } = this;
    this.known.metric = 'saypin_requests_shed_total';
    const page = await fetch(`${service.url}/metrics`);
    writeFileSync(join(root, 'metrics.txt'), await page.text());
    writeFileSync(join(root, 'customer.txt'), this.#heard);
    await service.kill();
    if (!this.#redis) return;
    await this.#redis.stop();
    cpSync(join(this.#folder, 'appendonlydir'), join(root, 'redis'), { recursive: true });
  }

  async close(): Promise<void> {
    await this.service.kill();
    await this.#carrier.close();
    this.#customer.closeAllConnections();
    this.#customer.close();
    await this.#redis?.stop();
    rmSync(this.#folder, { recursive: true });
  }

  #secret(name: string, secret: string): string {
    this.secrets[name] = secret;
    return secret;
  }

  async #ask<Body>(
    status: number,
    method: string,
    path: string,
    body?: unknown,
    headers = {},
  ): Promise<Body> {
    const answer = await this.service.api<Body>(method, path, body, headers);
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status}`);
    return answer.body;
  }

  /** A key of the store, and a user in every way there is; wrong ones too. */
  async #access(): Promise<void> {
    const { key } = await this.#ask<{ key: string }>(201, 'POST', '/v1/keys', { name: 'shop' });
    this.#secret('API key', key);
    const password = this.#secret('password', `Correct horse ${randomBytes(9).toString('base64')}`);
    await this.#ask(201, 'POST', '/v1/users', { username: 'ann', password });
    const pair = { username: 'ann', password };
    const { token } = await this.#ask<{ token: string }>(200, 'POST', '/auth/1/session', pair);
    const { access_token: bearer } = await this.#ask<{ access_token: string }>(
      200,
      'POST',
      '/auth/1/oauth2/token',
      { grant_type: 'client_credentials', client_id: 'ann', client_secret: password },
    );
    const basic = `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`;
    const session = `IBSSO ${this.#secret('session', token)}`;
    for (const authorization of [
      `App ${key}`,
      basic,
      session,
      `Bearer ${this.#secret('bearer token', bearer)}`,
    ]) {
      await this.#ask(200, 'GET', '/2fa/2/applications', undefined, { authorization });
    }
    const unknown = this.#secret('unknown key', randomBytes(24).toString('hex'));
    await this.#ask(401, 'GET', '/2fa/2/applications', undefined, { authorization: `App ${unknown}` });
    const wrong = this.#secret('wrong password', randomBytes(12).toString('hex'));
    await this.#ask(401, 'POST', '/auth/1/session', { username: 'ann', password: wrong });
  }

  async #webhook(): Promise<void> {
    const { port } = this.#customer.address() as { port: number };
    const url = `http://127.0.0.1:${port}/events`;
    const { id, secret } = await this.#ask<{ id: string; secret: string }>(201, 'POST', '/v1/webhooks', {
      url,
    });
    this.#secret("endpoint's secret", secret.replace('whsec_', ''));
    const rotated = await this.#ask<{ secret: string }>(200, 'POST', `/v1/webhooks/${id}/rotate-secret`, {});
    this.#secret("endpoint's new secret", rotated.secret.replace('whsec_', ''));
  }

  async #texted(name: string): Promise<Asked> {
    const to = this.#phone();
    const { id } = await this.#ask<{ id: string }>(201, 'POST', '/v1/verifications', {
      to,
      applicationId: this.#applicationId,
      text: 'Dear {{name}}, {{pin}} it is',
      placeholders: { name: this.known.placeholder },
      pinLength: PIN_LENGTH,
      plan: { steps: [{ channel: 'sms' }, { channel: 'voice' }] },
    });
    const text = await eventually('the text', async () => this.#carrier.texts.get(to));
    const pin = new RegExp(`\\d{${PIN_LENGTH}}`).exec(text.body)?.[0];
    if (pin === undefined) throw new Error('a text without a PIN');
    recordCanary(this.#secret(name, pin));
    return { id, to, pin, text };
  }

  /** The text fails, and the call that follows is taken, with forged and used tokens. */
  async #spoken({ to, text }: Asked): Promise<void> {
    expectStatus('a report', await this.#carrier.report(text, 'undelivered'), 204);
    const { socket, streamSid, call } = await this.#answered(to, 'media token');
    this.#carrier.press(socket, streamSid, '1');
    await pause(HEAR_MS);
    socket.close();
    await this.#carrier.webhook(call.statusUrl, call, { CallStatus: 'completed', CallDuration: '2' });
  }

  /** A voice message that collects keys. */
  async #call(): Promise<void> {
    const to = this.#phone();
    await this.#ask(200, 'POST', '/tts/3/advanced', {
      messages: [
        {
          from: '41793026700',
          destinations: [{ to: to.slice(1) }],
          text: 'Your number',
          language: 'en',
          maxDtmf: KEYS,
        },
      ],
    });
    const { socket, streamSid, call } = await this.#answered(to, 'media token of a message');
    this.#carrier.press(socket, streamSid, this.pressed);
    await pause(HEAR_MS);
    socket.close();
    await this.#carrier.webhook(call.statusUrl, call, { CallStatus: 'completed', CallDuration: '2' });
  }

  async #answered(to: string, name: string) {
    const call = await eventually('the call', async () => this.#carrier.placed.get(to));
    const url = await this.#carrier.answer(call);
    this.#secret(name, url.split('/').at(-1)!);
    await this.#carrier.openMedia(url, 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=').catch(() => undefined);
    const socket = await this.#carrier.openMedia(url);
    const heard = once(socket, 'message');
    const streamSid = this.#carrier.startStream(socket, call.sid);
    await heard;
    await this.#carrier.openMedia(url).catch(() => undefined);
    return { socket, streamSid, call };
  }

  /** The PIN where it does not belong: in a path, a query, a header, a field of another name, a body that is none. */
  async #mistyped({ id, pin }: Asked): Promise<void> {
    const check = `/v1/verifications/${id}/check`;
    const { service } = this;
    await service.api('GET', `/v1/verifications/${pin}`);
    await service.api('POST', `/2fa/2/pin/${pin}/verify?pin=${pin}`, { pin });
    await service.api('POST', `${check}?pin=${pin}`, { code: pin });
    await service.api('POST', check, { pin: [pin] });
    await service.api('POST', check, { pin: pin.repeat(5) });
    await service.api('GET', `/${pin}`, undefined, { 'x-request-id': pin, 'user-agent': pin });
    for (const body of [`{"pin":"${pin}`, `pin=${pin}`]) {
      const headers = { authorization: `App ${service.apiKey}`, 'content-type': 'application/json' };
      await fetch(`${service.url}${check}`, { method: 'POST', headers, body });
    }
  }

  async #check(id: string, pin: string, verified: boolean): Promise<void> {
    const path = `/v1/verifications/${id}/check`;
    const said = await this.#ask<{ verified: boolean }>(200, 'POST', path, { pin });
    if (said.verified !== verified) throw new Error(`verified: ${said.verified}`);
  }

  #phone(): string {
    return `+41793026${String(700 + this.#phones++)}`;
  }
}

function expectStatus(what: string, { status }: Response, wanted: number): void {
  if (status !== wanted) throw new Error(`${what}: ${status}`);
}
