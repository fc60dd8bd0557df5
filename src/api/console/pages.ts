import { createHash } from 'node:crypto';
import { extname, join } from 'node:path';

import type { FastifyInstance } from 'fastify';

import { createWebFiles, PAGE_HEADERS } from '../web-files.ts';

const FOLDER = join(import.meta.dirname, 'web');
const WEB = '/console/web';

const VENDOR = { 'preact.js': 'preact', 'preact-hooks.js': 'preact/hooks' } as const;

const IMPORTS = JSON.stringify({
  imports: { preact: `${WEB}/preact.js`, 'preact/hooks': `${WEB}/preact-hooks.js` },
});
const IMPORTS_HASH = createHash('sha256').update(IMPORTS).digest('base64');

/** In this order: of two rules that are alike the later one holds. */
const STYLES = [
  'base',
  'frame',
  'panels',
  'forms',
  'lists',
  'charts',
  'timeline',
  'preview',
  'sign-in',
  'narrow',
] as const;

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

/** The console's pages: one shell, and the modules of `web/` with preact and a font, each a file of its own. */
export function createPages(): Pages {
  const files = createWebFiles({ folder: FOLDER, prefix: WEB, vendor: VENDOR });
  const modules = files.names.filter(name => extname(name) === '.ts');
  const page = shell([...modules, ...Object.keys(VENDOR)]);
  return {
    routes: async app => {
      files.routes(app);
      for (const url of ['/console', '/console/*']) {
        app.get(url, { schema: { hide: true } }, async (_request, reply) =>
          reply
            .headers({ ...PAGE_HEADERS, 'content-security-policy': POLICY })
            .type('text/html; charset=utf-8')
            .send(page),
        );
      }
    },
  };
}

function shell(modules: readonly string[]): string {
  const styles = STYLES.map(name => `<link rel="stylesheet" href="${WEB}/${name}.css">`).join('\n    ');
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
    ${styles}
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
