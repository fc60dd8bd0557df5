import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

import { filesUnder } from './canary.ts';

/** Shorter ones stand somewhere by chance. */
const SHORTEST = 8;

/**
 * Looks for secrets of any letters (keys, tokens, passwords; for PINs there is canary.ts) in every file under `root` and in its name: as
 * they are, quoted for a URL, in hex and in base64 at any place of what was encoded.
 *
 * @param secrets by a name that may be printed
 * @returns `file: name form` per hit, never the secret
 * @throws Error where a secret is too short to be told from chance
 */
export function findSecrets(
  root: string,
  secrets: Readonly<Record<string, string>>,
): { hits: string[]; files: string[]; bytes: number } {
  const wanted = Object.entries(secrets).flatMap(([name, secret]) => {
    if (secret.length < SHORTEST) throw new Error(`${name} is too short to be looked for`);
    return formsOf(secret).map(([form, text]) => ({ name: `${name} ${form}`, bytes: Buffer.from(text) }));
  });
  const files = filesUnder(root);
  const hits: string[] = [];
  let total = 0;
  for (const file of files) {
    const content = readFileSync(file);
    total += content.length;
    for (const { name, bytes } of wanted) {
      if (content.includes(bytes)) hits.push(`${relative(root, file)}: ${name}`);
      if (Buffer.from(relative(root, file)).includes(bytes)) {
        hits.push(`${relative(root, file)}: ${name} in its name`);
      }
    }
  }
  return { hits, files: files.map(file => relative(root, file)), bytes: total };
}

function formsOf(secret: string): [string, string][] {
  const hex = Buffer.from(secret).toString('hex');
  const forms: [string, string][] = [
    ['plain', secret],
    ['hex', hex],
    ['hex', hex.toUpperCase()],
  ];
  const quoted = encodeURIComponent(secret);
  if (quoted !== secret) forms.push(['in a URL', quoted]);
  // Behind 0, 1 or 2 other bytes: without the symbols that depend on what stands before and after.
  for (const before of [0, 1, 2]) {
    const base64 = Buffer.from('\0'.repeat(before) + secret)
      .toString('base64')
      .replace(/=+$/, '')
      .slice(before === 0 ? 0 : before + 1, -1);
    forms.push(['base64', base64], ['base64', base64.replaceAll('+', '-').replaceAll('/', '_')]);
  }
  return forms;
}
