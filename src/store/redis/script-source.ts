import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface ScriptSource {
  readonly source: string;
  readonly sha: string;
  /** Where the script is kept as a function of Redis: its name, and that of its library. */
  readonly function?: string;
}

const FOLDER = new URL('lua/', import.meta.url);
const INCLUDE = /^--@include (\S+)$/;
const FLAGS = /^--@flags (.+)$/m;
const KEPT = '--@function';
const [EACH, END] = ['--@each', '--@end'];

/** What all names of ours begin with. */
export const FUNCTION_PREFIX = 'saypin_';

/**
 * `lua/<name>.lua`, ready to be sent. A line `--@include <other>` is replaced by `lua/include/<other>.lua`, once, however often
 * it is asked for; comments are left out. A line `--@flags …` becomes the flags of the first line that Redis 7 reads
 * (https://redis.io/docs/latest/develop/programmability/lua-api/#script_flags): without any, a server that is out of memory refuses
 * the script before its first write.
 *
 * A script makes all its functions anew each time it runs, which takes Redis longer than most of what they do. One with a line `--@function` is
 * loaded as a function of Redis instead (https://redis.io/docs/latest/develop/programmability/functions-intro/), where what is included is made
 * once, all but what stands between `--@each` and `--@end`: that, and what is not included, is run each time, in its order.
 */
export function readScript(name: string): ScriptSource {
  const lines = expand(name);
  const flags = FLAGS.exec(lines.map(({ text }) => text).join('\n'))?.[1];
  if (lines.some(({ text }) => text === KEPT)) return functionOf(name, lines);
  const source = [`#!lua${flags === undefined ? '' : ` flags=${flags}`}`, ...code(lines)].join('\n');
  return { source, sha: sha1(source) };
}

interface Line {
  readonly text: string;
  readonly each: boolean;
}

function expand(name: string): Line[] {
  const included = new Set<string>();
  function read(path: string, each: boolean): Line[] {
    let inEach = each;
    return readFileSync(new URL(path, FOLDER), 'utf8')
      .split('\n')
      .flatMap(text => {
        if (text === EACH || text === END) inEach = text === EACH;
        const include = INCLUDE.exec(text)?.[1];
        if (include === undefined) return [{ text, each: inEach }];
        if (included.has(include)) return [];
        included.add(include);
        return read(`include/${include}.lua`, false);
      });
  }
  return read(`${name}.lua`, true);
}

function functionOf(name: string, lines: readonly Line[]): ScriptSource {
  const once = code(lines.filter(({ each }) => !each));
  const each = code(lines.filter(line => line.each));
  const body = [
    'local KEYS, ARGV',
    ...once,
    'local function run()',
    ...each,
    'end',
    'local function call(keys, args)',
    'KEYS, ARGV = keys, args',
    'return run()',
    'end',
  ];
  const own = `${FUNCTION_PREFIX}${name.replaceAll('-', '_')}_${sha1(body.join('\n')).slice(0, 12)}`;
  const source = [`#!lua name=${own}`, ...body, `redis.register_function('${own}', call)`].join('\n');
  return { source, sha: sha1(source), function: own };
}

function code(lines: readonly Line[]): string[] {
  return lines.map(({ text }) => text).filter(text => text.trim() !== '' && !text.trim().startsWith('--'));
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
