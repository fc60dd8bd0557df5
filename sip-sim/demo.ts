import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { decodeWav, Ear } from './ear.ts';

/**
 * `npm run demo`: the first call, as a client and a phone live it, against a running instance (SAYPIN_URL, SIM_URL, API_KEY;
 * by default what `npm start` runs) or, where none answers, against one of its own. It knows the service by its REST API
 * and the phone by the simulator's control API, and learns the PIN as a person would: by listening.
 */

const PHONE = '+41793026727';
const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const bold = (text: string): string => (colour ? `\u001b[1m${text}\u001b[0m` : text);
const dim = (text: string): string => (colour ? `\u001b[2m${text}\u001b[0m` : text);
const green = (text: string): string => (colour ? `\u001b[32m${text}\u001b[0m` : text);

interface Instance {
  readonly url: string;
  readonly simUrl: string;
  readonly apiKey: string;
  close(): Promise<void>;
}

interface SimCall {
  readonly id: string;
  readonly state: string;
  readonly keysPressed: string;
  readonly keys: readonly { key: string; ms: number }[];
  readonly secondsHeard: number;
  readonly secondsRecorded: number;
}

const started = performance.now();
let steps = 0;
const instance = await findInstance();
try {
  await story(instance);
} catch (error) {
  console.error(`\nThe demo failed: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await instance.close();
}

async function story({ url, simUrl, apiKey }: Instance): Promise<void> {
  const api = client(url, { authorization: `App ${apiKey}` });
  const sim = client(simUrl, {});

  step('The client creates an application and a template');
  const application = await api<{ applicationId: string }>('POST', '/2fa/2/applications', {
    name: 'Demo',
    configuration: { pinAttempts: 5, verifyPinLimit: '10/1s', sendPinPerPhoneNumberLimit: '1000/1d' },
  });
  const template = await api<{ messageId: string; messageText: string }>(
    'POST',
    `/2fa/2/applications/${application.applicationId}/messages`,
    {
      messageText: 'Hello, your code is,, {{pin}}',
      pinType: 'NUMERIC',
      pinLength: 6,
      language: 'en',
      repeatDTMF: '1#',
    },
  );
  detail(`“${template.messageText}”, repeat key 1`);

  step('The phone is told to press 1 after the first reading, # after the second');
  await sim('PUT', `/phones/${PHONE}`, {
    outcome: 'answer',
    answerAfterMs: 1_500,
    keys: [
      { at: { silenceMs: 1_500 }, keys: '1' },
      { at: { silenceMs: 1_500 }, keys: '#' },
    ],
  });

  const earReady = Ear.create();
  const events = watch(simUrl);
  step('POST /2fa/2/pin/voice');
  const sent = await api<{ pinId: string; to: string; callStatus: string }>('POST', '/2fa/2/pin/voice', {
    applicationId: application.applicationId,
    messageId: template.messageId,
    to: PHONE.slice(1),
  });
  detail(`${sent.callStatus}, pinId ${sent.pinId.slice(0, 8)}…`);

  step(`The call to ${PHONE}`);
  const call = await follow(events, sim);
  events.abort();

  step('What the phone heard');
  const answer = await fetch(`${simUrl}/calls/${call.id}/audio.wav`);
  const wav = new Uint8Array(await answer.arrayBuffer());
  mkdirSync('out', { recursive: true });
  const file = join('out', `demo-${sent.pinId.slice(0, 8)}.wav`);
  writeFileSync(file, wav);
  detail(
    `${call.secondsHeard.toFixed(1)} s of speech in ${call.secondsRecorded.toFixed(1)} s, saved as ${file}`,
  );
  plot(decodeWav(wav), call.keys);

  step('Listening');
  const { readings } = (await earReady).listen(wav);
  const [pin, again] = readings;
  if (!pin || pin.length !== 6)
    throw new Error(`the recording holds no six digits (heard ${readings.length} readings)`);
  detail(
    `first reading ${bold([...pin].join(' '))}, second reading ${again === pin ? 'the same' : (again ?? 'none')}`,
  );

  step('POST /2fa/2/pin/{pinId}/verify');
  const verify = async (offered: string): Promise<void> => {
    const result = await api<{ verified: boolean; attemptsRemaining: number; pinError?: string }>(
      'POST',
      `/2fa/2/pin/${sent.pinId}/verify`,
      { pin: offered },
    );
    const verdict = result.verified
      ? green('verified')
      : `${result.pinError}, ${result.attemptsRemaining} attempts left`;
    detail(`${offered} → ${verdict}`);
  };
  await verify(pin.replace(/.$/, last => String((Number(last) + 5) % 10)));
  await verify(pin);
  console.log(dim(`\n${((performance.now() - started) / 1000).toFixed(1)} s in all. Play it: ${file}`));
}

/** Prints the call as it happens; resolves when it is over. */
async function follow(events: EventWatch, sim: Client): Promise<SimCall> {
  let id: string | undefined;
  for await (const { type, data } of events.stream) {
    if (type === 'call.state' && data.to === PHONE && data.state !== 'ended') id = String(data.call);
    if (data.call !== id || id === undefined) continue;
    if (type === 'call.state') {
      detail(String(data.state));
      if (data.state === 'ended') break;
    } else if (type === 'call.heard') {
      const { secondsHeard } = await sim<SimCall>('GET', `/calls/${id}`);
      detail(secondsHeard < 1 ? 'the first words' : `${secondsHeard.toFixed(1)} s heard`);
    } else if (type === 'call.key') {
      const { secondsHeard } = await sim<SimCall>('GET', `/calls/${id}`);
      detail(`${secondsHeard.toFixed(1)} s heard, key ${bold(String(data.key))} pressed`);
    }
  }
  if (id === undefined) throw new Error('the phone never rang');
  return await sim<SimCall>('GET', `/calls/${id}`);
}

interface EventWatch {
  readonly stream: AsyncIterable<{ type: string; data: Record<string, unknown> }>;
  abort(): void;
}

/** The simulator's server-sent events, from now on; gives up after two minutes. */
function watch(simUrl: string): EventWatch {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error('the call took over two minutes')), 120_000);
  const response = fetch(`${simUrl}/events`, { signal: controller.signal });
  response.catch(() => undefined);
  async function* read(): AsyncGenerator<{ type: string; data: Record<string, unknown> }> {
    const { body } = await response;
    let pending = '';
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      pending += chunk;
      const blocks = pending.split('\n\n');
      pending = blocks.pop() ?? '';
      for (const block of blocks) {
        const type = /^event: ?(.+)$/m.exec(block)?.[1];
        const data = /^data: ?(.+)$/m.exec(block)?.[1];
        if (type && data) yield { type, data: unwrap(JSON.parse(data) as Record<string, unknown>) };
      }
    }
  }
  return {
    stream: read(),
    abort() {
      clearTimeout(timer);
      controller.abort();
    },
  };
}

function unwrap(event: Record<string, unknown>): Record<string, unknown> {
  return (event['data'] ?? event) as Record<string, unknown>;
}

/** A waveform of text: one column a slice of the call, keys marked below. */
function plot(samples: Float64Array, keys: readonly { key: string; ms: number }[]): void {
  const width = Math.min(96, (process.stdout.columns ?? 100) - 6);
  const bars = ' ▁▂▃▄▅▆▇█';
  const slice = samples.length / width;
  const levels = Array.from({ length: width }, (_, column) => {
    let peak = 0;
    for (let index = Math.floor(column * slice); index < (column + 1) * slice; index++) {
      peak = Math.max(peak, Math.abs(samples[index] ?? 0));
    }
    return peak;
  });
  const top = Math.max(...levels, 1e-9);
  console.log(
    `    ${levels.map(level => bars[Math.round((level / top) ** 0.6 * (bars.length - 1))]).join('')}`,
  );
  const marks = Array.from({ length: width }, () => ' ');
  for (const { key, ms } of keys) marks[Math.min(width - 1, Math.floor((ms * 8) / slice))] = key;
  console.log(dim(`    ${marks.join('')}  keys`));
}

function step(title: string): void {
  console.log(`\n${bold(`${++steps}. ${title}`)}`);
}

function detail(text: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  console.log(`${dim(`${seconds} s`)}  ${text}`);
}

type Client = <Body>(method: string, path: string, body?: unknown) => Promise<Body>;

function client(base: string, headers: Record<string, string>): Client {
  return async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as Body;
  };
}

async function findInstance(): Promise<Instance> {
  const url = process.env.SAYPIN_URL ?? `http://127.0.0.1:${process.env.PORT ?? 8080}`;
  const simUrl = process.env.SIM_URL ?? `http://127.0.0.1:${process.env.SIM_PORT ?? 8081}`;
  const keyFile = join(process.env.DATA_DIR ?? 'data', 'api-key');
  const apiKey =
    process.env.API_KEY ?? (existsSync(keyFile) ? readFileSync(keyFile, 'utf8').trim() : undefined);
  if (apiKey && (await answers(`${url}/health/live`)) && (await answers(`${simUrl}/`))) {
    console.log(`Using the instance at ${url}, its simulated phones at ${simUrl}`);
    return { url, simUrl, apiKey, close: async () => undefined };
  }
  if (process.env.SAYPIN_URL)
    throw new Error(`nothing answers at ${url} and ${simUrl}, or API_KEY is missing`);
  return await ownInstance();
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

async function ownInstance(): Promise<Instance> {
  console.log('No instance is running: starting one for the demo');
  const folder = mkdtempSync(join(tmpdir(), 'saypin-demo-'));
  const [port, simPort, smtpPort] = [await freePort(), await freePort(), await freePort()];
  const apiKey = 'demo-key-of-a-demo-instance';
  const main = join(import.meta.dirname, '../src/main.ts');
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      SIM_PORT: String(simPort),
      SIM_SMTP_PORT: String(smtpPort),
      DATA_DIR: folder,
      API_KEY: apiKey,
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await ready(child);
  return {
    url: `http://127.0.0.1:${port}`,
    simUrl: `http://127.0.0.1:${simPort}`,
    apiKey,
    async close() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ready(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', line => {
      if (!line.includes('ready')) return;
      console.log(line);
      resolve();
    });
    child.once('exit', code => reject(new Error(`the instance ended with ${code}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
