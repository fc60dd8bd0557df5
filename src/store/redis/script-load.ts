import type { Redis } from 'ioredis';

import { FUNCTION_PREFIX, type ScriptSource } from './script-source.ts';

/**
 * Gives a server the scripts that it has not got, and takes away functions of other releases: a node that still runs one gives it again when it finds
 * it gone. A server that is full, and takes no function, may have them all.
 */
export async function giveScripts(server: Redis, scripts: readonly ScriptSource[]): Promise<void> {
  const there = new Set(await librariesOf(server));
  const missing = scripts.filter(script => script.function === undefined || !there.has(script.function));
  await Promise.all(missing.map(script => loadScript(server, script)));
  const ours = new Set(scripts.map(script => script.function));
  const stale = [...there].filter(library => !ours.has(library));
  // Another node may have been quicker.
  await Promise.allSettled(stale.map(library => server.function('DELETE', library)));
}

export async function loadScript(server: Redis, { source, function: name }: ScriptSource): Promise<void> {
  if (name === undefined) {
    await server.script('LOAD', source);
    return;
  }
  try {
    await server.function('LOAD', source);
  } catch (error) {
    // Its name tells its content.
    if (!(error instanceof Error) || !error.message.includes('already exists')) throw error;
  }
}

/** A server that started anew, or took over, has none; it has not run it. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && /^(NOSCRIPT|ERR Function not found)/.test(error.message);
}

async function librariesOf(server: Redis): Promise<string[]> {
  const listed = (await server.function('LIST', 'LIBRARYNAME', `${FUNCTION_PREFIX}*`)) as unknown[][];
  return listed.map(library => String(library[library.indexOf('library_name') + 1]));
}
