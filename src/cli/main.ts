import { run } from './run.ts';

/** `npx saypin …`, through bin/saypin.js. */

// Who reads our output may have enough of it: `saypin export | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  out: chunk => void process.stdout.write(chunk),
  error: text => void process.stderr.write(text),
  tty: {
    out: process.stdout.isTTY,
    error: process.stderr.isTTY,
    ...(process.stderr.isTTY && { columns: process.stderr.columns }),
  },
});
