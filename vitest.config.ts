import { defineConfig } from 'vitest/config';

import { SkipReporter } from './test/support/skip-reporter.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    reporters: ['default', new SkipReporter()],
    pool: 'forks',
    maxWorkers: 3, // of two cores: end-to-end tests mostly wait
    execArgv: ['--disable-warning=ExperimentalWarning'],
    globalSetup: ['test/support/canary-run.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['ivr/**/*.ts'],
      thresholds: { statements: 100, lines: 100, functions: 100, branches: 97 },
    },
  },
});
