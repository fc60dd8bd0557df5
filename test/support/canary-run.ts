import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findCanaries } from './canary.ts';

/**
 * Runs around the whole of `npm test`: every service that a test starts keeps its logs, store, caches and errors under
 * one folder, every PIN that was in use is listed, and at the end none may be found there (security.md, F34).
 */
export function setup(): () => void {
  const root = mkdtempSync(join(tmpdir(), 'saypin-run-'));
  process.env.SAYPIN_TEST_RUN = root;
  return () => {
    const list = join(root, 'canaries.list');
    const canaries = existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(Boolean) : [];
    const { hits, files, bytes } = findCanaries(root, canaries, ['canaries.list']);
    if (hits.length > 0) {
      throw new Error(
        `secret canary: ${hits.length} hits, kept in ${root}:\n${hits.slice(0, 20).join('\n')}`,
      );
    }
    process.stdout.write(
      `\n secret canary: ${canaries.length} PINs looked for in ${files} files, ${Math.round(bytes / 1024)} KB: no hit\n`,
    );
    rmSync(root, { recursive: true, force: true });
  };
}
