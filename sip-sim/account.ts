import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The simulated account: fixed, so that a configuration written once stays right. */
export const DEFAULT_ACCOUNT_SID = 'AC5a7915a7915a7915a7915a7915a7915a';

const TOKEN_FILE = 'sim-auth-token';

/** The token kept in `dataDir`, made there (0600) at first need; without a folder, one for this run only. */
export async function loadAuthToken(dataDir: string | undefined): Promise<string> {
  const fresh = randomBytes(16).toString('hex');
  if (dataDir === undefined) return fresh;
  const path = join(dataDir, TOKEN_FILE);
  await mkdir(dataDir, { recursive: true });
  try {
    // `wx`: of two simulators that start at once, one writes and both read the same.
    await writeFile(path, `${fresh}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const token = (await readFile(path, 'utf8')).trim();
  if (token === '') throw new Error(`${path} is empty: delete it, and a new token is made`);
  return token;
}
