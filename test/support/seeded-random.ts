import { createHash } from 'node:crypto';

import type { RandomBytes } from '../../src/domain/ids.ts';

/** Reproducible bytes: SHA-512 over seed and counter. Looks random, is not secret. */
export function seededRandom(seed: string | number): RandomBytes {
  let counter = 0;
  let pool = Buffer.alloc(0);
  return size => {
    while (pool.length < size) {
      pool = Buffer.concat([pool, createHash('sha512').update(`${seed}:${counter++}`).digest()]);
    }
    const bytes = Buffer.from(pool.subarray(0, size));
    pool = pool.subarray(size);
    return bytes;
  };
}
