import { constants, enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';

/** Beside the packages: only who may change what runs here may write there. A folder under /tmp would be anybody's. */
const FOLDER = join(import.meta.dirname, '../node_modules/.cache/saypin');

/**
 * Keeps what Node makes of our TypeScript, types taken away and compiled, for the next start: that is more than half of the
 * time until it is ready. Call it before anything else is imported. Where the folder cannot be written, nothing is kept.
 * https://nodejs.org/docs/latest-v24.x/api/module.html#module-compile-cache
 *
 * @returns what writes the cache now and not when the process ends, which it may do by being killed
 */
export function useCompileCache(): () => void {
  const { status } = enableCompileCache(FOLDER);
  return status === constants.compileCacheStatus.ENABLED ? flushCompileCache : () => undefined;
}
