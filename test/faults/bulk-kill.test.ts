import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { createSimulator, type Simulator } from '../../sip-sim/index.ts';
import type { SubmitBulk } from '../../src/delivery/messaging.ts';
import { SMS, VOICE } from '../support/message-fixtures.ts';
import { eventually, freePort } from '../support/service.ts';
import { temporaryStore } from '../support/sqlite-harness.ts';
import type { ChildOptions } from './bulk-child.ts';

/**
 * The service is killed in the middle of paced bulks, several times; the carrier lives on. Afterwards every destination
 * was called or texted exactly once. `KILLS` sets how often; the run fails when a kill hit nothing.
 */
const kills = Number(process.env.KILLS ?? 3);
const SPEED = { amount: 40, perMs: 1_000 };
const PER_KILL = 40;

const SCRIPT = fileURLToPath(new URL('bulk-child.ts', import.meta.url));

class Child {
  #process: ChildProcess | undefined;
  readonly #options: ChildOptions;
  stderr = '';

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [SCRIPT, JSON.stringify(this.#options)], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.stderr += chunk));
    this.#process = child;
    await this.#message();
  }

  async submit(request: SubmitBulk): Promise<string> {
    const reply = this.#message();
    this.#process?.send(request);
    return (await reply).bulkId ?? '';
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;
  }

  async #message(): Promise<{ bulkId?: string }> {
    const child = this.#process;
    if (!child) throw new Error('not started');
    const ended = once(child, 'exit').then(() => {
      throw new Error(`the child ended: ${this.stderr.slice(-2_000)}`);
    });
    ended.catch(() => {});
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [{ bulkId?: string }];
    return message;
  }
}

/** Read past the port, also while nobody or somebody else has the file open. */
function count(path: string, sql: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(Object.values(db.prepare(sql).get() ?? {})[0]);
  } finally {
    db.close();
  }
}

async function reached(simulator: Simulator, what: 'calls' | 'messages', number: string): Promise<number> {
  const account = Buffer.from(`${simulator.accountSid}:${simulator.authToken}`).toString('base64');
  const name = what === 'calls' ? 'Calls' : 'Messages';
  const answer = await fetch(
    `${simulator.url}/2010-04-01/Accounts/${simulator.accountSid}/${name}.json?To=${encodeURIComponent(number)}`,
    { headers: { authorization: `Basic ${account}` } },
  );
  const body = (await answer.json()) as Record<string, unknown[]>;
  return body[what]?.length ?? Number.NaN;
}

test(`${kills} times kill -9 in the middle of bulks lose and double nothing`, async () => {
  const simulator = await createSimulator({ speed: 20 });
  const { path, remove } = temporaryStore();
  const { accountSid, authToken, url: simUrl } = simulator;
  const child = new Child({ path, port: await freePort(), simUrl, accountSid, authToken });
  const numbers = (prefix: string) =>
    Array.from({ length: kills * PER_KILL }, (_, index) => `${prefix}${String(1_000_000 + index)}`);
  const destinations = { calls: numbers('4178'), messages: numbers('4179') };
  try {
    await child.start();
    const bulk = (channel: 'voice' | 'sms', to: readonly string[]): SubmitBulk => ({
      face: channel === 'voice' ? 'tts3' : 'sms3',
      channel,
      speed: SPEED,
      messages: [
        {
          content: channel === 'voice' ? { ...VOICE, ringTimeoutSeconds: 5 } : SMS,
          destinations: to.map(number => ({ to: number })),
        },
      ],
    });
    await child.submit(bulk('voice', destinations.calls));
    await child.submit(bulk('sms', destinations.messages));
    const unsent = "SELECT count(*) FROM message WHERE state = 'scheduled'";
    const total = 2 * kills * PER_KILL;
    expect(count(path, 'SELECT count(*) FROM message')).toBe(total);
    let before = total;
    let unclear = 0;
    for (let kill = 0; kill < kills; kill++) {
      await eventually('some to be sent', async () => count(path, unsent) < before - 12);
      await pause(13 * kill);
      await child.kill();
      before = count(path, unsent);
      expect(before, `kill ${kill} came after the end: a vacuous run`).toBeGreaterThan(0);
      expect(before, `kill ${kill} came before the beginning: a vacuous run`).toBeLessThan(total);
      unclear += count(path, "SELECT count(*) FROM message WHERE state = 'sending'");
      unclear += count(path, "SELECT count(*) FROM delivery WHERE state = 'dialing'");
      await child.start();
    }
    const open = `SELECT (SELECT count(*) FROM message WHERE state IN ('scheduled', 'sending'))
      + (SELECT count(*) FROM delivery WHERE state = 'dialing')`;
    await eventually('the rest to be sent', async () => count(path, open) === 0, 60_000);
    const wrong: string[] = [];
    for (const what of ['calls', 'messages'] as const) {
      for (const number of destinations[what]) {
        const times = await reached(simulator, what, `+${number}`);
        if (times !== 1) wrong.push(`${what} ${number}: ${times}`);
      }
    }
    console.log(`killed ${kills} times among ${total} messages, ${unclear} of them between two steps`);
    expect(unclear, 'no kill fell between two steps: a vacuous run').toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  } finally {
    await child.kill();
    await simulator.close();
    remove();
  }
}, 180_000);
