import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { ConfigError } from './config-error.ts';
import type { MasterKey } from './domain/pin.ts';

/**
 * `id:hex` items, separated by commas or lines; the last one makes new PINs, all of them verify old ones. A bare hex
 * string is the key `k1`.
 * @throws ConfigError naming `source`; never quotes a key
 */
export function parseMasterKeys(text: string, source: string): readonly MasterKey[] {
  const keys = text
    .split(/[\s,]+/)
    .filter(item => item !== '')
    .map((item, index) => {
      const match = /^(?:([A-Za-z0-9_-]{1,16}):)?([0-9a-fA-F]{64,256})$/.exec(item);
      if (!match || match[2]!.length % 2 === 1) {
        throw new ConfigError([`${source}: key ${index + 1} must be "id:hex" with 32 to 128 bytes of hex`]);
      }
      return { id: match[1] ?? 'k1', secret: Buffer.from(match[2]!, 'hex') };
    });
  if (keys.length === 0) throw new ConfigError([`${source}: holds no key`]);
  if (new Set(keys.map(key => key.id)).size !== keys.length)
    throw new ConfigError([`${source}: key ids must differ`]);
  return keys;
}

/** For its owner only. @throws ConfigError */
export function makeDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigError([`DATA_DIR: ${(error as Error).message}`]);
  }
}

/** The file's text; made with `create` (0600, exclusively) on the first start. @throws ConfigError */
export function secretFile(path: string, create: () => string): string {
  try {
    if (!existsSync(path)) writeFileSync(path, `${create()}\n`, { mode: 0o600, flag: 'wx' });
    const text = readFileSync(path, 'utf8').trim();
    if (text === '') throw new ConfigError([`${path}: is empty`]);
    return text;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${path}: ${(error as Error).message}`]);
  }
}
