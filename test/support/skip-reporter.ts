import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** Names every test that was skipped at the end of a run; the names of conditional tests say what was missing. */
export class SkipReporter implements Reporter {
  #filtered = false;

  onInit(vitest: Vitest): void {
    this.#filtered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#filtered) return;
    const skipped = modules.flatMap(module =>
      [...module.children.allTests('skipped')].map(test => {
        const result = test.result();
        const note = result.state === 'skipped' && result.note ? ` (${result.note})` : '';
        return `${module.relativeModuleId}: ${test.fullName}${note}`;
      }),
    );
    for (const line of skipped) process.stdout.write(` skipped: ${line}\n`);
  }
}
