import { lookup } from 'node:dns/promises';

import ipaddr from 'ipaddr.js';

import type { TwilioConfig } from '../../carriers/twilio/index.ts';
import type { Clock } from '../../clock.ts';
import type { Findings } from './finding.ts';
import { witnessOf, type Witness } from './machine.ts';
import { signedWebhook, startProbe, type ProbeAnswer } from './probe.ts';

const TIMEOUT_MS = 8_000;

export interface PublicUrlDeps {
  readonly publicUrl: string | undefined;
  readonly carriers: readonly TwilioConfig[];
  readonly host: string;
  readonly port: number;
  /** The service answers at HOST:PORT. */
  readonly running: boolean;
  readonly clock: Clock;
  readonly findings: Findings;
}

/** Whether PUBLIC_URL is one that carriers can use, and leads here. Resolves with what the other end says the time is. */
export async function checkPublicUrl(deps: PublicUrlDeps): Promise<Witness | undefined> {
  const { publicUrl, carriers, port, findings } = deps;
  const isReal = carriers.some(({ baseUrl }) => !isLoopbackName(new URL(baseUrl).hostname));
  const example = 'set PUBLIC_URL to the https address under which this service is reached from outside';
  if (publicUrl === undefined) {
    if (isReal) findings.error('PUBLIC_URL is not set, and a real carrier has to call back', example);
    else findings.ok(`not set: the simulator calls http://127.0.0.1:${port}`);
    return undefined;
  }
  const url = new URL(publicUrl);
  if (isReal && url.protocol !== 'https:') {
    findings.error(
      `${publicUrl} is not https: webhooks and the sound of PINs would cross the net in the clear`,
      'put a proxy with a certificate in front (caddy reverse-proxy needs one line) and set PUBLIC_URL to its https address',
    );
  }
  if (isReal && isLoopbackName(url.hostname)) {
    findings.error(`${publicUrl} is this machine itself: no carrier reaches it`, example);
    return undefined;
  }
  if (!(await checkAddress(url, isReal, findings))) return undefined;
  return await reach(publicUrl, deps);
}

async function checkAddress(url: URL, isReal: boolean, findings: Findings): Promise<boolean> {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  try {
    const addresses = await lookup(name, { all: true });
    const inside = addresses.filter(({ address }) => ipaddr.process(address).range() !== 'unicast');
    if (isReal && inside.length > 0) {
      findings.warning(
        `${name} is ${inside[0]?.address ?? ''} here, which is no public address`,
        'see that it is a public one outside, where the carrier is',
      );
    }
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'failed';
    findings.error(
      `${name} cannot be resolved (${code})`,
      'correct the name in PUBLIC_URL, or add it to the DNS of its domain',
    );
    return false;
  }
}

async function reach(publicUrl: string, deps: PublicUrlDeps): Promise<Witness | undefined> {
  const { running, host, port, carriers, findings } = deps;
  const probe = running ? undefined : await startProbe({ host, port, publicUrl, carriers });
  if (!running && !probe) {
    findings.skipped(
      `${publicUrl}: whether it leads here cannot be tried while another program has port ${port}`,
    );
    return undefined;
  }
  try {
    const started = deps.clock.monotonic();
    const answer = await ask(`${publicUrl}/health/live`, {});
    const tookMs = deps.clock.monotonic() - started;
    const failure = whyNotUs(publicUrl, answer, probe?.nonce, deps);
    if (failure) {
      findings.error(...failure);
      return undefined;
    }
    findings.ok(`${publicUrl} leads to ${running ? 'the running service' : `port ${port} of this machine`}`);
    for (const carrier of carriers) await checkWebhook(publicUrl, carrier, running, findings);
    return isLoopbackName(new URL(publicUrl).hostname)
      ? undefined
      : witnessOf(new URL(publicUrl).host, answer.date, deps.clock, tookMs);
  } finally {
    await probe?.close();
  }
}

interface Answer {
  /** 0: there was none, and `text` says why. */
  readonly status: number;
  readonly text: string;
  readonly date: string | null;
  readonly location: string | null;
}

async function ask(url: string, init: RequestInit): Promise<Answer> {
  try {
    // Carriers follow no redirect with a signature that fits.
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { status, headers } = response;
    const text = (await response.text()).slice(0, 10_000);
    return { status, text, date: headers.get('date'), location: headers.get('location') };
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error & { code?: string } };
    return { status: 0, text: cause?.code ?? message, date: null, location: null };
  }
}

/** Undefined: it is us. */
function whyNotUs(
  publicUrl: string,
  answer: Answer,
  nonce: string | undefined,
  { port }: PublicUrlDeps,
): readonly [text: string, fix: string] | undefined {
  const { status, text, location } = answer;
  if (status === 0) {
    const isTls = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/.test(text);
    return isTls
      ? [
          `the certificate of ${publicUrl} is not trusted (${text})`,
          'renew it, and let the proxy send the whole chain',
        ]
      : [
          `${publicUrl} does not answer (${text})`,
          `let its proxy or tunnel run, and pass everything on to port ${port} of this machine`,
        ];
  }
  if (status >= 300 && status < 400) {
    return [
      `${publicUrl} redirects to ${location ?? 'elsewhere'}`,
      'set PUBLIC_URL to where that leads: carriers do not follow',
    ];
  }
  const advice = `let the proxy pass ${publicUrl} on to port ${port} of this machine, or correct PUBLIC_URL`;
  const isUs = nonce === undefined ? field(text, 'status') === 'live' : field(text, 'nonce') === nonce;
  if (isUs) return undefined;
  if (status === 502 || status === 503 || status === 504)
    return [`the proxy at ${publicUrl} reaches nobody behind it (${status})`, advice];
  return [`something else than this service answers at ${publicUrl} (status ${status})`, advice];
}

async function checkWebhook(
  publicUrl: string,
  carrier: TwilioConfig,
  running: boolean,
  findings: Findings,
): Promise<void> {
  const { url, init } = signedWebhook(publicUrl, carrier);
  const { status, text } = await ask(url, init);
  const who = `a signed webhook of carrier "${carrier.name}"`;
  const passed = running ? status === 404 && text === '' : field<ProbeAnswer>(text, 'signed') === true;
  if (passed) {
    findings.ok(`${who} arrives as it was sent`);
    return;
  }
  if (running && status === 404) {
    findings.error(
      `the service at ${publicUrl} knows no carrier "${carrier.name}"`,
      'start it anew with this configuration (SAYPIN_CONFIG)',
    );
  } else if (status === 403 || (!running && status === 200)) {
    findings.error(
      `${who} is taken for a forged one`,
      'start the service anew with this PUBLIC_URL and this authToken, and let the proxy change neither path, query nor body',
    );
  } else {
    findings.error(
      `${who} does not arrive (status ${status})`,
      'let the proxy pass POST /carrier-webhooks/ and the upgrade of /media/ to a websocket',
    );
  }
}

function field<Body = Record<string, unknown>>(text: string, name: keyof Body & string): unknown {
  try {
    return (JSON.parse(text) as Record<string, unknown> | null)?.[name];
  } catch {
    return undefined;
  }
}

/** Of a URL or as a variable has it; a name is not looked up. */
export function isLoopbackName(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return ipaddr.isValid(name) && ipaddr.process(name).range() === 'loopback';
}
