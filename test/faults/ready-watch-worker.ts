import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';

import type { ReadyAt } from './ready-watch.ts';

/** The thread of `ready-watch.ts`: asks an address again and again until the answer is 200. */
const EVERY_MS = 10;
/** A service that dies with the question on its way may leave it open. */
const PATIENCE_MS = 1_000;
/** Not the service's own: who asks a port of 127.0.0.1 from there again and again gets that very port for its end one day. */
const FROM = '127.0.0.2';

let asked = '';
parentPort?.on('message', (url: string) => {
  asked = url;
  void watch(url);
});

async function watch(url: string): Promise<void> {
  for (;;) {
    const ready = await isReady(url);
    // Another start may be watched by now.
    if (asked !== url) return;
    if (ready) break;
    await pause(EVERY_MS);
  }
  parentPort?.postMessage({ url, date: Date.now() } satisfies ReadyAt);
}

async function isReady(url: string): Promise<boolean> {
  return await new Promise(resolve => {
    const request = get(url, { agent: false, timeout: PATIENCE_MS, localAddress: FROM }, response => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
