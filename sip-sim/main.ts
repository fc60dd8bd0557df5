import { z } from 'zod';

import { createSimulator } from './index.ts';

/** The simulator alone: `npm run sim`. */

const DRAIN_MS = 30_000;

const environment = z
  .object({
    SIM_HOST: z.string().default('127.0.0.1'),
    SIM_PORT: z.coerce.number().int().min(0).max(65_535).default(8081),
    SIM_SMTP_PORT: z.coerce.number().int().min(0).max(65_535).default(8025),
    SIM_ACCOUNT_SID: z
      .string()
      .regex(/^AC[0-9a-f]{32}$/, 'AC and 32 hex digits')
      .optional(),
    SIM_AUTH_TOKEN: z.string().min(1).optional(),
    SIM_SPEED: z.coerce.number().min(0.1).max(100).default(1),
    SIM_SEED: z.coerce.number().int().min(0).default(1),
    DATA_DIR: z.string().default('data'),
  })
  .safeParse(process.env);

if (!environment.success) {
  for (const issue of environment.error.issues)
    process.stderr.write(`${issue.path.join('.')}: ${issue.message}\n`);
  process.exit(1);
}
const env = environment.data;
const line =
  (level: string) =>
  (fields: object, message: string): void => {
    process.stderr.write(`${JSON.stringify({ level, ...fields, msg: message })}\n`);
  };
const simulator = await createSimulator({
  host: env.SIM_HOST,
  port: env.SIM_PORT,
  smtpPort: env.SIM_SMTP_PORT,
  accountSid: env.SIM_ACCOUNT_SID,
  authToken: env.SIM_AUTH_TOKEN,
  speed: env.SIM_SPEED,
  seed: env.SIM_SEED,
  dataDir: env.DATA_DIR,
  log: { info: line('info'), warn: line('warn'), error: line('error') },
});
let stopping = false;
async function stop(): Promise<void> {
  // The second signal is for people who do not want to wait.
  if (stopping) process.exit(1);
  stopping = true;
  await simulator.drain(DRAIN_MS);
  await simulator.close();
}
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());

// Whoever waits for this line may stop it at once.
const token = env.SIM_AUTH_TOKEN === undefined ? `${env.DATA_DIR}/sim-auth-token` : 'SIM_AUTH_TOKEN';
process.stdout.write(
  `simulator ready on ${simulator.url} · mail on ${simulator.smtpUrl} · account ${simulator.accountSid} · auth token in ${token} · speed ${simulator.speed}\n`,
);
