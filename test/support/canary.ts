import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

import { createCanaryScan } from './canary-scan.ts';

/**
 * Looks for PINs in every file (and file name) under `root`: plain, spaced, separated by commas, as hex and as base64 of
 * their text. PINs under 9 symbols are looked for between non-alphanumerics only, since a run of random hex or a
 * timestamp holds short digit strings by chance. Returns `file: form` per hit, never the PIN.
 * @throws Error where a PIN holds something else than letters and digits, which would not be found
 */
export function findCanaries(
  root: string,
  canaries: readonly string[],
  ignore: readonly string[] = [],
): { hits: string[]; files: number; bytes: number } {
  const strange = canaries.findIndex(pin => !/^[0-9A-Za-z]+$/.test(pin));
  if (strange >= 0) throw new Error(`PIN ${strange + 1} cannot be looked for`);
  const scan = createCanaryScan(canaries);
  const hits: string[] = [];
  let bytes = 0;
  const files = filesUnder(root).filter(file => !ignore.includes(relative(root, file)));
  for (const file of files) {
    const content = readFileSync(file);
    bytes += content.length;
    for (const name of scan(content)) hits.push(`${relative(root, file)}: ${name}`);
    for (const name of scan(Buffer.from(file))) hits.push(`${relative(root, file)}: ${name} in its name`);
  }
  return { hits, files: files.length, bytes };
}

/** Paths of all files under a folder. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder).flatMap(name => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}
