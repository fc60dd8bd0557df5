import { defineConfig } from 'vitest/config';

import { SkipReporter } from './test/support/skip-reporter.ts';
import { WaitingFirst } from './test/support/waiting-first.ts';

/**
 * Minutes together: run by `npm run test:slow`, and by name. `npm test` has a shorter sibling of each: a story in the browser, one contract
 * on Redis, kills under load and at the steps of a fallback.
 */
const SLOW = [
  'test/browser/welcome.test.ts',
  'test/browser/console-looks.test.ts',
  'test/browser/phone-looks.test.ts',
  'test/browser/phone-behaviours.test.ts',
  'test/browser/phone-call.test.ts',
  'test/docs/samples.test.ts',
  'test/contract/redis-cluster.test.ts',
  'test/contract/redis-resent.test.ts',
  'test/e2e/many-nodes.test.ts',
  'test/faults/broken-file.test.ts',
  'test/faults/bulk-kill.test.ts',
  'test/faults/callbacks.test.ts',
  'test/faults/carrier.test.ts',
  'test/faults/clock.test.ts',
  'test/faults/disk.test.ts',
  'test/faults/redis-away.test.ts',
  'test/faults/stall.test.ts',
  'test/faults/stall-media.test.ts',
  'test/faults/steps.test.ts',
  'test/faults/verify-races.test.ts',
];

/** Have the machine to themselves: they measure what the service can do just then, fifty frames a second, how soon an answer comes. */
const ALONE = ['test/faults/overload.test.ts', 'test/sip-sim/media.test.ts', 'test/store/redis-away.test.ts'];

/** All of it is covered by its tests, and `npm test` has that measured in a run of their own: measuring costs the others time. */
const IVR = 'test/ivr/**/*.test.ts';

/** Of two cores: end-to-end tests mostly wait. */
const WORKERS = 3;

/** `vitest run test/faults/clock.test.ts`, and the scripts of the fault suite and the mutants. */
const named = process.argv.some(argument => argument.startsWith('test/'));

export default defineConfig({
  test: {
    environment: 'node',
    reporters: ['default', new SkipReporter()],
    pool: 'forks',
    // One process for many files: what a file imports was compiled for those before it. Nothing here has state in a module.
    isolate: false,
    sequence: { sequencer: WaitingFirst },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    globalSetup: ['test/support/canary-run.ts', 'test/support/memory-folder.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: process.env.SLOW ? SLOW : ['test/**/*.test.ts'],
          exclude: [...ALONE, IVR, ...(process.env.SLOW || named ? [] : SLOW)],
          maxWorkers: WORKERS,
        },
      },
      {
        extends: true,
        test: { name: 'ivr', include: process.env.SLOW ? [] : [IVR], maxWorkers: WORKERS },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: process.env.SLOW ? [] : ALONE,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['ivr/**/*.ts'],
      thresholds: { statements: 100, lines: 100, functions: 100, branches: 97 },
    },
  },
});
