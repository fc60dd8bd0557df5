import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { FastifyInstance } from 'fastify';

const FOLDER = join(import.meta.dirname, 'web');
const FONT = '@fontsource-variable/geist/files/geist-latin-wght-normal.woff2';
const WEB = '/console/web';

/** Files that come from packages, by the name under which they are served. */
const VENDOR: Readonly<Record<string, string>> = {
  'preact.js': 'preact',
  'preact-hooks.js': 'preact/hooks',
  'geist.woff2': FONT,
};

const TYPES: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const IMPORTS = JSON.stringify({
  imports: { preact: `${WEB}/preact.js`, 'preact/hooks': `${WEB}/preact-hooks.js` },
});
const IMPORTS_HASH = createHash('sha256').update(IMPORTS).digest('base64');

/** Nothing from elsewhere, nothing inline but the import map (by its hash), no frame, and no way to write markup from a script. */
const POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${IMPORTS_HASH}'`,
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  'media-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export interface Pages {
  readonly routes: (app: FastifyInstance) => Promise<void>;
}

/**
 * The console's pages: one shell, and the modules of `web/`, their types erased as Node erases ours, preact and a font, each a
 * file of its own. There is no build, and no name is served that was not there at the start.
 */
export function createPages(): Pages {
  const own = readdirSync(FOLDER).filter(name => extname(name) in TYPES);
  const modules = own.filter(name => extname(name) === '.ts');
  const page = shell([...modules, 'preact.js', 'preact-hooks.js']);
  const cache = new Map<string, { body: Buffer; tag: string }>();
  const read = (name: string): { body: Buffer; tag: string } | undefined => {
    const kept = cache.get(name);
    if (kept) return kept;
    const path = pathOf(name, own);
    if (path === undefined) return undefined;
    const file = readFileSync(path);
    const body = extname(path) === '.ts' ? Buffer.from(stripTypeScriptTypes(file.toString())) : file;
    const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    const entry = { body, tag };
    cache.set(name, entry);
    return entry;
  };

  return {
    routes: async app => {
      app.get<{ Params: { name: string } }>(
        `${WEB}/:name`,
        { schema: { hide: true } },
        async (request, reply) => {
          const { name } = request.params;
          const file = read(name);
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
      for (const url of ['/console', '/console/*']) {
        app.get(url, { schema: { hide: true } }, async (_request, reply) =>
          reply
            .headers({
              'content-security-policy': POLICY,
              'cache-control': 'no-cache',
              'cross-origin-opener-policy': 'same-origin',
              'permissions-policy': 'camera=(), microphone=(), geolocation=()',
              'referrer-policy': 'no-referrer',
            })
            .type('text/html; charset=utf-8')
            .send(page),
        );
      }
    },
  };
}

function pathOf(name: string, own: readonly string[]): string | undefined {
  if (own.includes(name)) return join(FOLDER, name);
  const vendor = Object.hasOwn(VENDOR, name) ? VENDOR[name] : undefined;
  return vendor === undefined ? undefined : fileURLToPath(import.meta.resolve(vendor));
}

function shell(modules: readonly string[]): string {
  const preloads = modules.map(name => `<link rel="modulepreload" href="${WEB}/${name}">`).join('\n    ');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
    <meta name="color-scheme" content="light dark">
    <title>Saypin console</title>
    <script type="importmap">${IMPORTS}</script>
    <link rel="icon" href="${WEB}/icon.svg" type="image/svg+xml">
    <link rel="preload" href="${WEB}/geist.woff2" as="font" type="font/woff2" crossorigin>
    <link rel="stylesheet" href="${WEB}/console.css">
    ${preloads}
    <script type="module" src="${WEB}/main.ts"></script>
  </head>
  <body>
    <div id="app">
      <main class="waiting"><img src="${WEB}/icon.svg" alt="Saypin" width="40" height="40"></main>
    </div>
    <noscript>The console needs JavaScript. All that it does is also in the API: see /docs.</noscript>
  </body>
</html>
`;
}
