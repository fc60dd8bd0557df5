import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { eventually, Service } from '../support/service.ts';
import { TinyCarrier, type PlacedCall } from '../support/tiny-carrier.ts';

/**
 * From the answer to the first audio, as the carrier sees it: the answer webhook leaves (signed), the document comes back,
 * the socket is upgraded (signed), `start` is sent, the first media message arrives. That includes both network exchanges,
 * so it is an upper bound of "handed to the socket". Two shapes: `steady` (the given number of calls live at once, answers
 * spread over time as telephones do) and `burst` (all of them answer in the same instant). The floor is the same client
 * against bare node:http and ws in a process of its own, in the same run.
 *
 *   node test/bench/first-audio.ts [calls=50] [rounds=6]
 */
const calls = Number(process.argv[2] ?? 50);
const rounds = Number(process.argv[3] ?? 6);

const carrier = await TinyCarrier.start();
const folder = mkdtempSync(join(tmpdir(), 'saypin-bench-'));
const configFile = join(folder, 'config.json');
writeFileSync(configFile, JSON.stringify({ carriers: [carrier.config] }));
const service = await Service.start({ SAYPIN_CONFIG: configFile, LOG_LEVEL: 'error' });
const floorProcess = spawn(process.execPath, [join(import.meta.dirname, 'bare-socket.ts'), '8000'], {
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
});
const [floorPort] = (await once(floorProcess.stdout!, 'data')) as [Buffer];
const floorUrl = `http://127.0.0.1:${String(floorPort).trim()}/answer`;

try {
  const template = await makeTemplate();
  let number = 0;
  const nextNumbers = (): string[] =>
    Array.from({ length: calls }, () => `+4179${String(3_000_000 + number++)}`);
  const results: Record<string, number[]> = {
    'service burst': [],
    'floor burst': [],
    'service steady': [],
    'floor steady': [],
  };
  await round(nextNumbers(), template, 'burst'); // warms code and clips
  for (let index = 0; index < rounds; index++) {
    for (const shape of ['burst', 'steady'] as const) {
      results[`service ${shape}`]!.push(...(await round(nextNumbers(), template, shape)));
      results[`floor ${shape}`]!.push(...(await floorRound(shape)));
    }
  }
  console.log(
    `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? '?'}, ${calls} calls at once, ${rounds} rounds`,
  );
  console.log('from the answer webhook sent to the first media message received, ms');
  console.log('                     n     p50     p90     p99     max   p50 / floor');
  for (const shape of ['steady', 'burst']) {
    const floor = quantile(results[`floor ${shape}`]!, 0.5);
    for (const side of ['floor', 'service']) {
      const values = results[`${side} ${shape}`]!;
      const row = [0.5, 0.9, 0.99, 1].map(q => quantile(values, q).toFixed(1).padStart(8)).join('');
      const ratio = (quantile(values, 0.5) / floor).toFixed(2);
      console.log(
        `${`${side} ${shape}`.padEnd(16)}${String(values.length).padStart(6)}${row}${ratio.padStart(14)}`,
      );
    }
  }
} finally {
  await service.stop();
  floorProcess.disconnect();
  await carrier.close();
  rmSync(folder, { recursive: true, force: true });
}

async function makeTemplate(): Promise<{ applicationId: string; messageId: string }> {
  const application = await service.api<{ applicationId: string }>('POST', '/2fa/2/applications', {
    name: 'bench',
    configuration: { sendPinPerApplicationLimit: '1000000/1d', sendPinPerPhoneNumberLimit: '1000/1d' },
  });
  const { applicationId } = application.body;
  const template = await service.api<{ messageId: string }>(
    'POST',
    `/2fa/2/applications/${applicationId}/messages`,
    {
      messageText: 'Hello, your code is {{pin}}',
      pinType: 'NUMERIC',
      pinLength: 6,
      language: 'en',
    },
  );
  return { applicationId, messageId: template.body.messageId };
}

/** Places the calls, answers them in the given shape, keeps all sockets open until the last one has spoken. */
async function round(
  numbers: string[],
  template: { applicationId: string; messageId: string },
  shape: 'burst' | 'steady',
): Promise<number[]> {
  for (const to of numbers) {
    const sent = await service.api('POST', '/2fa/2/pin/voice', { ...template, to });
    if (sent.status !== 200) throw new Error(`send: ${sent.status} ${JSON.stringify(sent.body)}`);
  }
  await eventually('all calls placed', async () => numbers.every(to => carrier.placed.has(to)));
  return await answerAll(
    numbers.map(to => carrier.placed.get(to)!),
    shape,
  );
}

async function floorRound(shape: 'burst' | 'steady'): Promise<number[]> {
  const call = { answerUrl: floorUrl, statusUrl: '', sid: 'CA', to: '+1' };
  return await answerAll(
    Array.from({ length: calls }, () => call),
    shape,
  );
}

async function answerAll(all: PlacedCall[], shape: 'burst' | 'steady'): Promise<number[]> {
  const sockets: WebSocket[] = [];
  const times = await Promise.all(
    all.map(async (call, index) => {
      if (shape === 'steady') await pause(index * 40);
      return await answer(call, sockets);
    }),
  );
  for (const socket of sockets) socket.close();
  await Promise.all(
    sockets.map(async socket => socket.readyState === WebSocket.CLOSED || (await once(socket, 'close'))),
  );
  return times;
}

async function answer(call: PlacedCall, sockets: WebSocket[]): Promise<number> {
  const started = performance.now();
  const socket = await carrier.openMedia(await carrier.answer(call));
  sockets.push(socket);
  carrier.startStream(socket, call.sid);
  for (;;) {
    const [data] = (await once(socket, 'message')) as [Buffer];
    if (data.includes('"media"')) return performance.now() - started;
  }
}

function quantile(values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}
