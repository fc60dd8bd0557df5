import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { signedForm } from '../support/carrier-wire.ts';
import { Service } from '../support/service.ts';

/**
 * Issue 3 at its own size: 20,000 destinations by POST /tts/3/advanced at 50 calls a second, the running service killed
 * with -9 twice on the way, paused once, against a carrier that lives on and counts. It says that every number is
 * busy, so that no media is needed. Takes about seven minutes; exits 1 when a number was called twice or never, when
 * the pace is off by more than 5 %, or when accepting took 2 s.
 *
 *   node test/bench/bulk-20000.ts [destinations=20000] [perSecond=50]
 */
const destinations = Number(process.argv[2] ?? 20_000);
const perSecond = Number(process.argv[3] ?? 50);
const accountSid = `AC${'c'.repeat(32)}`;
const authToken = 'bulk-bench-token';

interface Placed {
  readonly sid: string;
  readonly at: number;
}
const placed = new Map<string, Placed[]>();
const times: number[] = [];

const carrier = createServer((request, response) => {
  let body = '';
  request.on('data', chunk => (body += String(chunk)));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') {
      const to = new URL(request.url ?? '', 'http://x').searchParams.get('To') ?? '';
      const calls = (placed.get(to) ?? []).map(({ sid, at }) => ({
        sid,
        to,
        direction: 'outbound-api',
        date_created: new Date(at).toUTCString(),
      }));
      response.end(JSON.stringify({ calls }));
      return;
    }
    const form = new URLSearchParams(body);
    const to = form.get('To');
    const statusUrl = form.get('StatusCallback');
    if (!to || !statusUrl) {
      response.end('{}');
      return;
    }
    const sid = `CA${randomBytes(16).toString('hex')}`;
    const at = Date.now();
    times.push(performance.now());
    placed.set(to, [...(placed.get(to) ?? []), { sid, at }]);
    response.statusCode = 201;
    response.end(JSON.stringify({ sid, status: 'queued' }));
    setTimeout(() => void busy(statusUrl, sid, to), 200);
  });
});

async function busy(url: string, sid: string, to: string): Promise<void> {
  const parameters: Record<string, string> = {
    AccountSid: accountSid,
    CallSid: sid,
    CallStatus: 'busy',
    From: '+15005550006',
    To: to,
    SequenceNumber: '1',
  };
  try {
    const reply = await fetch(url, {
      method: 'POST',
      ...signedForm(authToken, url, parameters),
    });
    await reply.arrayBuffer();
  } catch {
    // The service is dead at this moment: a carrier's callback is lost too.
  }
}

carrier.listen(0, '127.0.0.1');
await once(carrier, 'listening');
const folder = mkdtempSync(join(tmpdir(), 'saypin-bulk-'));
const configFile = join(folder, 'config.json');
const baseUrl = `http://127.0.0.1:${(carrier.address() as { port: number }).port}`;
const entry = { type: 'twilio', accountSid, authToken, mode: 'media', from: '+15005550006', baseUrl };
writeFileSync(configFile, JSON.stringify({ carriers: [entry] }));
const service = await Service.start({ SAYPIN_CONFIG: configFile, LOG_LEVEL: 'error' });
let failed = false;
try {
  const started = performance.now();
  const accepted = await service.api<{ messages: { status: { name: string } }[] }>(
    'POST',
    '/tts/3/advanced',
    {
      bulkId: 'bulk',
      messages: [
        {
          from: '41793026700',
          text: 'Hello',
          language: 'en',
          destinations: Array.from({ length: destinations }, (_, index) => ({
            to: `4179${3_000_000 + index}`,
          })),
          sendingSpeed: { speed: perSecond, timeUnit: 'second' },
        },
      ],
    },
  );
  const acceptMs = performance.now() - started;
  const pending = accepted.body.messages.filter(({ status }) => status.name === 'PENDING_ACCEPTED').length;
  console.log(`accepted ${pending} of ${destinations} in ${acceptMs.toFixed(0)} ms`);

  const half = destinations / perSecond / 4;
  const stretches: [number, number][] = [];
  const stretch = async (seconds: number): Promise<void> => {
    const from = performance.now();
    await pause(seconds * 1_000);
    stretches.push([from, performance.now()]);
  };
  await pause(2_000);
  await stretch(half - 2);
  for (let kill = 0; kill < 2; kill++) {
    await service.kill();
    await service.restart();
    await pause(3_000);
    await stretch(half - 10);
  }
  await service.api('PUT', '/tts/3/bulks/status?bulkId=bulk', { status: 'PAUSED' });
  await pause(1_000);
  const atPause = times.length;
  await pause(5_000);
  const duringPause = times.length - atPause;
  await service.api('PUT', '/tts/3/bulks/status?bulkId=bulk', { status: 'PROCESSING' });
  const deadline = performance.now() + (destinations / perSecond) * 1_000;
  while (placed.size < destinations && performance.now() < deadline) await pause(500);
  await pause(20_000); // a second call of anybody would come now

  const counts = [...placed.values()].map(calls => calls.length);
  const twice = counts.filter(count => count > 1).length;
  console.log(
    `${placed.size} of ${destinations} numbers called, ${twice} more than once, ${duringPause} while paused, 2 kills`,
  );
  for (const [from, to] of stretches) {
    const count = times.filter(time => time >= from && time < to).length;
    const rate = count / ((to - from) / 1_000);
    const error = (rate / perSecond - 1) * 100;
    console.log(
      `${((to - from) / 1_000).toFixed(0)} s stretch: ${rate.toFixed(2)} a second (${error.toFixed(2)} %)`,
    );
    if (Math.abs(error) > 5) failed = true;
  }
  const { body } = await service.api<{ status: string }>('GET', '/tts/3/bulks/status?bulkId=bulk');
  console.log(`bulk status ${body.status}, node ${process.version}`);
  if (twice > 0 || placed.size !== destinations || acceptMs > 2_000 || duringPause > 0) failed = true;
} finally {
  await service.kill();
  carrier.closeAllConnections();
  carrier.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed ? 'FAILED' : 'ok');
process.exitCode = failed ? 1 : 0;
