import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface ScriptSource {
  readonly source: string;
  readonly sha: string;
}

const FOLDER = new URL('lua/', import.meta.url);
const INCLUDE = /^--@include (\S+)$/;
const FLAGS = /^--@flags (.+)$/m;

/**
 * `lua/<name>.lua`, ready to be sent. A line `--@include <other>` is replaced by `lua/include/<other>.lua`, once, however often
 * it is asked for; comments are left out. A line `--@flags …` becomes the flags of the first line that Redis 7 reads
 * (https://redis.io/docs/latest/develop/programmability/lua-api/#script_flags): without any, a server that is out of memory refuses
 * the script before its first write.
 */
export function readScript(name: string): ScriptSource {
  const included = new Set<string>();
  const expand = (path: string): string[] =>
    readFileSync(new URL(path, FOLDER), 'utf8')
      .split('\n')
      .flatMap(line => {
        const include = INCLUDE.exec(line)?.[1];
        if (include === undefined) return [line];
        if (included.has(include)) return [];
        included.add(include);
        return expand(`include/${include}.lua`);
      });
  const lines = expand(`${name}.lua`);
  const flags = FLAGS.exec(lines.join('\n'))?.[1];
  const body = lines.filter(line => line.trim() !== '' && !line.trim().startsWith('--'));
  const source = [`#!lua${flags === undefined ? '' : ` flags=${flags}`}`, ...body].join('\n');
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
