import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const FOLDER = join(import.meta.dirname, 'web');
const FONT = '@fontsource-variable/geist/files/geist-latin-wght-normal.woff2';

/** Files that come from packages, by the name under which they are served. */
const VENDOR: Readonly<Record<string, string>> = {
  'preact.js': 'preact',
  'preact-hooks.js': 'preact/hooks',
  'geist.woff2': FONT,
};

/** In this order: of two rules that are alike the later one holds. */
const STYLES = ['base', 'page', 'device', 'ringing', 'call', 'apps', 'beside', 'list', 'narrow'] as const;

const TYPES: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Loaded by AudioWorklet.addModule, not by the page. */
const WORKLETS: ReadonlySet<string> = new Set(['line-worklet.ts']);

const IMPORTS = JSON.stringify({
  imports: { preact: '/web/preact.js', 'preact/hooks': '/web/preact-hooks.js' },
});
const IMPORTS_HASH = createHash('sha256').update(IMPORTS).digest('base64');

/**
 * Nothing from elsewhere, nothing inline but the import map (by its hash), and no way to write markup from a script. Pages of
 * this machine (the console) may put a phone beside their own content.
 */
const POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${IMPORTS_HASH}'`,
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** True for a browser that navigates here; programs that ask for anything get JSON. */
export function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') === true;
}

export interface Pages {
  /** Answers with the page's shell; what it shows follows from its own address. */
  send(reply: FastifyReply): FastifyReply;
  readonly routes: (app: FastifyInstance) => Promise<void>;
}

/**
 * The browser phone: modules of `web/`, their types erased as Node erases ours, preact and a font, each served as a file of its
 * own. There is no build, and no name is served that was not there at the start.
 */
export function createPages(): Pages {
  const own = readdirSync(FOLDER).filter(name => extname(name) in TYPES);
  const modules = own.filter(name => extname(name) === '.ts' && !WORKLETS.has(name));
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
    send: reply =>
      reply
        .headers({
          'content-security-policy': POLICY,
          'cache-control': 'no-cache',
          'cross-origin-opener-policy': 'same-origin',
          'permissions-policy': 'camera=(), microphone=(), geolocation=()',
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
          vary: 'accept',
        })
        .type('text/html; charset=utf-8')
        .send(page),
    routes: async app => {
      app.get<{ Params: { name: string } }>('/web/:name', (request, reply) => {
        const { name } = request.params;
        const file = read(name);
        if (!file) return reply.callNotFound();
        reply.headers({
          'cache-control': 'no-cache',
          etag: file.tag,
          'x-content-type-options': 'nosniff',
          'cross-origin-resource-policy': 'same-origin',
        });
        if (request.headers['if-none-match'] === file.tag) return reply.code(304).send();
        return reply.type(TYPES[extname(name)] ?? 'application/octet-stream').send(file.body);
      });
    },
  };
}

function pathOf(name: string, own: readonly string[]): string | undefined {
  if (own.includes(name)) return join(FOLDER, name);
  const vendor = Object.hasOwn(VENDOR, name) ? VENDOR[name] : undefined;
  return vendor === undefined ? undefined : fileURLToPath(import.meta.resolve(vendor));
}

function shell(modules: readonly string[]): string {
  const styles = STYLES.map(name => `<link rel="stylesheet" href="/web/${name}.css">`).join('\n    ');
  const preloads = modules.map(name => `<link rel="modulepreload" href="/web/${name}">`).join('\n    ');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
    <meta name="color-scheme" content="light dark">
    <title>Phones · Saypin simulator</title>
    <script type="importmap">${IMPORTS}</script>
    <link rel="icon" href="/web/icon.svg" type="image/svg+xml">
    <link rel="preload" href="/web/geist.woff2" as="font" type="font/woff2" crossorigin>
    ${styles}
    ${preloads}
    <script type="module" src="/web/main.ts"></script>
  </head>
  <body>
    <div id="app">
      <div class="page">
        <header class="bar">
          <a class="brand" href="/"><img src="/web/icon.svg" alt="" width="28" height="28"><span><b>Saypin</b> phones</span></a>
        </header>
      </div>
    </div>
    <noscript>The phones need JavaScript. Everything they do is also in the control API: see sip-sim/README.md.</noscript>
  </body>
</html>
`;
}
