import { linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Clips that one service has made are found by those that start after it, as on a second start of its own: making them is more
 * than half of the work of a first start. A clip is the same bytes whoever makes it, so a link to it will do: whoever writes one
 * puts a new file in its place.
 */
export class ClipPool {
  readonly #pool: string;

  /** `root`: of a run, whose first service finds nothing. */
  constructor(root: string) {
    this.#pool = join(root, 'clips');
    mkdirSync(this.#pool, { recursive: true, mode: 0o700 });
  }

  /** Before the service with this folder starts. */
  give(dataDir: string): void {
    const clips = join(dataDir, 'clips');
    mkdirSync(clips, { recursive: true, mode: 0o700 });
    linkNew(this.#pool, clips);
  }

  /** Once it has made some. */
  take(dataDir: string): void {
    linkNew(join(dataDir, 'clips'), this.#pool);
  }
}

function linkNew(from: string, to: string): void {
  const known = new Set(namesIn(to));
  for (const name of namesIn(from)) {
    if (!name.endsWith('.clip') || known.has(name)) continue;
    try {
      linkSync(join(from, name), join(to, name));
    } catch (error) {
      // Another was first, or it went meanwhile.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
