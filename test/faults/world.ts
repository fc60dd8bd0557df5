import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LeanCarrier } from '../support/lean-carrier.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import { recordCanary, Service } from '../support/service.ts';
import { createApplication, createTemplate } from '../support/story.ts';
import { Customer } from './customer.ts';
import { Journal } from './journal.ts';
import { ReadyWatch } from './ready-watch.ts';

export type StoreName = 'sqlite' | 'redis';
/** Both, and why one of them is missing here. */
export const STORES: readonly StoreName[] = ['sqlite', 'redis'];
export const missing = (store: StoreName): string | undefined => (store === 'redis' ? noRedis : undefined);

export const ATTEMPTS = 3;
/** How much longer than faults.md allows this run may take, on a machine that does other things too. */
export const SLACK = Number(process.env.FAULT_SLACK ?? 10);

/** What nodes on one Redis must agree on. */
const SHARED = {
  MASTER_KEY: `k1:${'c5'.repeat(64)}`,
  WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 9).toString('base64')}`,
};

export interface WorldOptions {
  readonly store: StoreName;
  /** For the service. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly redisFlags?: readonly string[];
  /** What stands between the service and the carrier: takes the carrier's address, gives its own. */
  readonly behind?: (carrierUrl: string) => Promise<string>;
  /** What SAYPIN_CONFIG holds besides. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface Ids {
  readonly applicationId: string;
  readonly messageId: string;
}

/**
 * The service with everything around it that is not the service: a carrier and a customer who live on when it dies, a Redis of
 * its own where it needs one, and the journal that all of them write.
 */
export class World {
  readonly store: StoreName;
  readonly journal: Journal;
  readonly carrier: LeanCarrier;
  readonly customer: Customer;
  readonly redis: RedisServer | undefined;
  service!: Service;
  /** SMS, then a call when that fails; for both faces. */
  ids!: Ids;
  /** A voice PIN of Infobip's face, that lives for a few seconds. */
  short!: Ids;
  /** Where everybody who needs the service waits while it is away. */
  up: Promise<void> = Promise.resolve();
  isUp = false;
  readonly #watch = new ReadyWatch();
  readonly #folder: string;
  readonly #environment: Record<string, string>;
  #back: () => void = () => {};

  private constructor(
    { store, environment = {}, settings = {} }: WorldOptions,
    parts: {
      folder: string;
      journal: Journal;
      carrier: LeanCarrier;
      carrierUrl: string;
      customer: Customer;
      redis?: RedisServer;
    },
  ) {
    this.store = store;
    this.journal = parts.journal;
    this.carrier = parts.carrier;
    this.customer = parts.customer;
    this.redis = parts.redis;
    this.#folder = parts.folder;
    const SAYPIN_CONFIG = join(parts.folder, 'config.json');
    const config = {
      carriers: [{ ...parts.carrier.config, baseUrl: parts.carrierUrl }],
      api: { requestLimits: false },
      webhooks: { allowPrivate: true },
      ...settings,
    };
    writeFileSync(SAYPIN_CONFIG, JSON.stringify(config));
    this.#environment = {
      SAYPIN_CONFIG,
      LOG_LEVEL: 'info',
      ...(parts.redis && { REDIS_URL: parts.redis.url, ...SHARED }),
      ...environment,
    };
  }

  static async start(options: WorldOptions): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'saypin-world-'));
    const journal = new Journal(join(folder, 'journal.ndjson'));
    const customer = await Customer.start(journal);
    const carrier = await LeanCarrier.start();
    const redis = options.store === 'redis' ? { redis: await startRedis(options.redisFlags) } : {};
    const carrierUrl = (await options.behind?.(carrier.url)) ?? carrier.url;
    const world = new World(options, { folder, journal, carrier, carrierUrl, customer, ...redis });
    try {
      await world.#begin();
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  /** kill -9, at once. */
  async kill(): Promise<void> {
    this.away();
    this.journal.note({ what: 'fault', name: 'kill -9' });
    await this.service.kill();
  }

  /** The next life. @throws Error: it died before it was ready */
  async restart(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    if (!(await this.tryRestart(environment))) throw new Error('the service died before it was ready');
  }

  /** The next life, which may be meant to die. False: it was killed before it was ready. */
  async tryRestart(environment: Readonly<Record<string, string>>): Promise<boolean> {
    const watched = this.#watch.ready(this.service.url);
    const began = Date.now();
    try {
      await this.service.restart(environment);
    } catch (error) {
      if ((await this.service.died()) === null) throw error;
      return false;
    }
    const ready = await Promise.race([watched, this.service.died()]);
    if (ready === null || typeof ready === 'string') return false;
    const queuedMs = queuedMsOf(this.service.pid);
    this.journal.note({ what: 'ready', afterMs: ready.date - began, date: ready.date, queuedMs });
    this.back();
    return true;
  }

  /** From now on nobody expects answers. */
  away(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.up = new Promise(resolve => {
      this.#back = resolve;
    });
  }

  /** It answers again. */
  back(): void {
    this.isUp = true;
    this.#back();
  }

  /** The PIN of a text that the carrier took. */
  pinOf(number: string): string | undefined {
    const pin = /\d{4,}/.exec(this.carrier.of(number, 'text')[0]?.body ?? '')?.[0];
    if (pin !== undefined) recordCanary(pin);
    return pin;
  }

  async close(): Promise<void> {
    this.back();
    await this.service?.kill();
    await Promise.all([this.carrier.close(), this.customer.close(), this.redis?.stop(), this.#watch.close()]);
    this.journal.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #begin(): Promise<void> {
    this.service = await Service.start(this.#environment);
    this.journal.note({ what: 'ready', first: true, afterMs: Math.round(this.service.readyMs) });
    this.back();
    const { service } = this;
    this.ids = await createTemplate(service, {}, { pinAttempts: ATTEMPTS, pinTimeToLive: '15m' });
    await put(service, this.ids, { steps: [{ channel: 'sms' }, { channel: 'voice' }] });
    const applicationId = await createApplication(service, { pinTimeToLive: '5s' });
    const template = await service.api<{ messageId: string }>(
      'POST',
      `/2fa/2/applications/${applicationId}/messages`,
      { messageText: 'Your code is {{pin}}', pinType: 'NUMERIC', pinLength: 6 },
    );
    this.short = { applicationId, messageId: template.body.messageId };
    const endpoint = await service.api<{ secret: string }>('POST', '/v1/webhooks', {
      url: this.customer.url,
    });
    if (endpoint.status !== 201) throw new Error(`no endpoint: ${JSON.stringify(endpoint.body)}`);
    this.customer.use(endpoint.body.secret);
  }
}

/**
 * How long the main thread of a process had work and no processor, which the others had. 0 where the system does not tell (Linux:
 * the second number of https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat).
 */
function queuedMsOf(pid: number): number {
  try {
    const [, queuedNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return Math.round(Number(queuedNs) / 1e6);
  } catch {
    return 0;
  }
}

async function put(service: Service, { applicationId }: Ids, plan: unknown): Promise<void> {
  const answer = await service.api('PUT', `/v1/applications/${applicationId}/delivery`, plan);
  if (answer.status !== 200) throw new Error(`no policy: ${JSON.stringify(answer.body)}`);
}
