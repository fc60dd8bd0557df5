import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * Looks for PINs in every file (and file name) under `root`: plain, spaced, separated by commas, as hex and as base64 of
 * their text. PINs under 9 symbols are looked for between non-alphanumerics only, since a run of random hex or a
 * timestamp holds short digit strings by chance. Returns `file: form` per hit, never the PIN.
 */
export function findCanaries(
  root: string,
  canaries: readonly string[],
  ignore: readonly string[] = [],
): { hits: string[]; files: number; bytes: number } {
  const patterns = canaries.flatMap((pin, index) =>
    Object.entries(forms(pin)).map(([form, pattern]) => ({ name: `PIN ${index + 1} ${form}`, pattern })),
  );
  const hits: string[] = [];
  let bytes = 0;
  const files = walk(root).filter(file => !ignore.includes(relative(root, file)));
  for (const file of files) {
    const content = readFileSync(file).toString('latin1');
    bytes += content.length;
    for (const { name, pattern } of patterns) {
      if (pattern.test(content)) hits.push(`${relative(root, file)}: ${name}`);
      if (pattern.test(file)) hits.push(`${relative(root, file)}: ${name} in its name`);
    }
  }
  return { hits, files: files.length, bytes };
}

function forms(pin: string): Record<string, RegExp> {
  const symbols = [...pin];
  const bounded = (text: string): RegExp => new RegExp(`(?<![0-9A-Za-z])${text}(?![0-9A-Za-z])`, 'i');
  return {
    plain: pin.length >= 9 ? new RegExp(pin, 'i') : bounded(pin),
    spaced: bounded(symbols.join('[ ,.-]{1,3}')),
    quoted: new RegExp(symbols.map(symbol => `"${symbol}"`).join(',\\s*'), 'i'),
    hex: new RegExp(Buffer.from(pin).toString('hex'), 'i'),
    base64: new RegExp(Buffer.from(pin).toString('base64').replace(/=+$/, '').slice(0, -1)),
  };
}

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap(name => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}
