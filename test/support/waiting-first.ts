import { relative } from 'node:path';

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Over real sockets and processes: these wait, some for half a minute, and what only computes fills the gaps. */
const WAITING = ['test/e2e/', 'test/browser/', 'test/faults/', 'test/contract/', 'test/cli/', 'test/speech/'];

/** No long file is left for the end, on a machine that has never run them too (vitest goes by how long files took, else by size). */
export class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- a sequencer is no array
    const sorted = await super.sort(files);
    const { root } = this.ctx.config;
    const isWaiting = ({ moduleId }: TestSpecification): boolean =>
      WAITING.some(folder => relative(root, moduleId).startsWith(folder));
    return [...sorted.filter(isWaiting), ...sorted.filter(file => !isWaiting(file))];
  }
}
