import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { freePort } from './service.ts';

/** The simulator in a process of its own, as a carrier is one: it outlives the nodes, and knows none of them. */
export interface SimProcess {
  readonly url: string;
  /** An entry of `carriers` in the configuration. */
  readonly carrier: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

const ACCOUNT = `AC${'5'.repeat(32)}`;
const TOKEN = 'simulated-auth-token-for-tests';

export async function startSimProcess(speed: number): Promise<SimProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'saypin-sim-'));
  const root = join(import.meta.dirname, '../..');
  const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'sip-sim/main.ts')], {
    env: {
      PATH: process.env.PATH,
      SIM_PORT: String(await freePort()),
      SIM_SMTP_PORT: String(await freePort()),
      SIM_ACCOUNT_SID: ACCOUNT,
      SIM_AUTH_TOKEN: TOKEN,
      SIM_SPEED: String(speed),
      DATA_DIR: folder,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', line => {
      const found = /ready on (http:\S+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', code => reject(new Error(`the simulator exited with ${code}`)));
  });
  return {
    url,
    carrier: {
      type: 'twilio',
      accountSid: ACCOUNT,
      authToken: TOKEN,
      baseUrl: url,
      mode: 'media',
      from: '+15005550006',
      // Scaled time is scaled frames.
      maxFramesPerSecond: Math.ceil(200 * Math.max(1, speed)),
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
