import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { FastifyInstance } from 'fastify';

/**
 * Files of our pages, as the browser gets them: modules with their types erased as Node erases ours, styles, pictures, and what
 * comes from packages. There is no build, and no name is served that was not there at the start. The simulator's pages have code of
 * their own for this: it imports nothing of src/.
 */

const TYPES: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** All pages have it: under the name `geist.woff2`. */
const FONT = '@fontsource-variable/geist/files/geist-latin-wght-normal.woff2';

/** Beside the policy of the page itself. */
export const PAGE_HEADERS = {
  'cache-control': 'no-cache',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'referrer-policy': 'no-referrer',
} as const;

export interface WebFiles {
  /** Names of the folder's own files. */
  readonly names: readonly string[];
  readonly routes: (app: FastifyInstance) => void;
}

interface Served {
  readonly body: Buffer;
  readonly tag: string;
}

/** `vendor`: modules of packages, by the name under which they are served below `prefix`. */
export function createWebFiles(options: {
  readonly folder: string;
  readonly prefix: string;
  readonly vendor?: Readonly<Record<string, string>>;
}): WebFiles {
  const { folder, prefix } = options;
  const names = readdirSync(folder).filter(name => extname(name) in TYPES);
  const vendor = new Map(Object.entries({ 'geist.woff2': FONT, ...options.vendor }));
  const cache = new Map<string, Served>();

  const pathOf = (name: string): string | undefined => {
    if (names.includes(name)) return join(folder, name);
    const module = vendor.get(name);
    return module === undefined ? undefined : fileURLToPath(import.meta.resolve(module));
  };
  const find = (name: string): Served | undefined => {
    const kept = cache.get(name);
    if (kept) return kept;
    const path = pathOf(name);
    if (path === undefined) return undefined;
    const file = readFileSync(path);
    const body = extname(path) === '.ts' ? Buffer.from(stripTypeScriptTypes(file.toString())) : file;
    const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    const served = { body, tag };
    cache.set(name, served);
    return served;
  };

  return {
    names,
    routes: app => {
      app.get<{ Params: { name: string } }>(
        `${prefix}/:name`,
        { schema: { hide: true } },
        async (request, reply) => {
          const { name } = request.params;
          const file = find(name);
          if (!file) return reply.callNotFound();
          reply.headers({
            'cache-control': 'no-cache',
            etag: file.tag,
            'cross-origin-resource-policy': 'same-origin',
          });
          if (request.headers['if-none-match'] === file.tag) return await reply.code(304).send();
          return await reply.type(TYPES[extname(name)] ?? 'application/octet-stream').send(file.body);
        },
      );
    },
  };
}
