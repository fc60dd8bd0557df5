import { CliError, EXIT } from './cli-error.ts';
import { positionals } from './options.ts';

/**
 * The programs that run until they are stopped. They read the environment of this process and write to its output: each is the
 * very file that its npm script starts.
 */

export const serve = program(
  'serve',
  'The service, as npm start. Its environment is in .env.example.',
  async () => {
    await import('../main.ts');
  },
);

export const sim = program(
  'sim',
  'The simulated carrier and phones alone, as npm run sim. Its environment: SIM_HOST, SIM_PORT, SIM_SMTP_PORT, SIM_SPEED, ' +
    'SIM_SEED, SIM_ACCOUNT_SID, SIM_AUTH_TOKEN, DATA_DIR.',
  async () => {
    await import('../../sip-sim/main.ts');
  },
);

export const demo = program(
  'demo',
  'A first call from send to verify with its waveform, as npm run demo: against the running service and its simulator, or ' +
    'an instance of its own.',
  async () => {
    await import('../../sip-sim/demo.ts');
  },
);

function program(name: string, about: string, start: () => Promise<void>) {
  return {
    help: `saypin ${name}\n\n${about}\n`,
    async run(argv: readonly string[]): Promise<number> {
      positionals(name, argv, []);
      try {
        await start();
      } catch (error) {
        throw new CliError('failed', `${name} could not start: ${(error as Error).message}`);
      }
      // What was started may have failed by itself already.
      return Number(process.exitCode ?? EXIT.done);
    },
  };
}
