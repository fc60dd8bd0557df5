import { run } from './run.ts';

/** `npx saypin …`, through bin/saypin.js. */
process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  out: text => void process.stdout.write(text),
  error: text => void process.stderr.write(text),
});
