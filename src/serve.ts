import { startApp } from './app.ts';
import { systemClock } from './clock.ts';
import { ConfigError } from './config-error.ts';
import { loadConfig, type Config } from './config.ts';
import { createLogger } from './log.ts';

/** Configuration, the service, one ready line, and an orderly end on SIGTERM or SIGINT. */

/** faults.md F3: gone within a minute, whatever hangs. */
const STOP_MS = 59_500;

const config = configured();
const log = createLogger(config.logLevel);

process.on('unhandledRejection', reason => {
  log.fatal({ err: reason }, 'unhandled rejection');
  process.exit(1);
});

try {
  const app = await startApp(config, { clock: systemClock, log });
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping: no new sends, live calls finish');
    setTimeout(() => {
      log.error('could not stop in time');
      process.exit(1);
    }, STOP_MS).unref();
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Whoever waits for this line may stop it at once.
  const simulator = app.simulatorUrl ? `, simulated phones at ${app.simulatorUrl}` : '';
  process.stdout.write(
    `Saypin is ready: ${app.url} (reference at ${app.url}/docs, console at ${app.url}/console)${simulator}, API key in ${config.apiKeySource}\n`,
  );
} catch (error) {
  fail(error);
}

function configured(): Config {
  try {
    return loadConfig(process.env);
  } catch (error) {
    return fail(error);
  }
}

function fail(error: unknown): never {
  const known = error instanceof ConfigError || (error as NodeJS.ErrnoException).code !== undefined;
  const text = known ? (error as Error).message : String((error as Error).stack ?? error);
  process.stderr.write(`Saypin cannot start: ${text}\n`);
  process.exit(1);
}
