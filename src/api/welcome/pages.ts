import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { FastifyInstance, FastifyPluginAsync } from 'fastify';

import { WELCOME_NUMBER, WELCOME_NUMBER_DISPLAY } from './context.ts';

const FOLDER = join(import.meta.dirname, 'web');
const FONT = '@fontsource-variable/geist/files/geist-latin-wght-normal.woff2';
const WEB = '/welcome/web';

/** All that the page loads, by name; nothing else is served. */
const FILES: Readonly<Record<string, { type: string; read: () => Buffer }>> = {
  'welcome.ts': {
    type: 'text/javascript; charset=utf-8',
    read: () => Buffer.from(stripTypeScriptTypes(own('welcome.ts').toString())),
  },
  'welcome.css': { type: 'text/css; charset=utf-8', read: () => own('welcome.css') },
  'icon.svg': { type: 'image/svg+xml', read: () => own('icon.svg') },
  'geist.woff2': {
    type: 'font/woff2',
    read: () => readFileSync(fileURLToPath(import.meta.resolve(FONT))),
  },
};

/** By these names, and no other, a browser reaches the simulator, which listens on this machine only. */
const PHONE_HOSTS = ['127.0.0.1', 'localhost'] as const;

/** The first page and its files. The phone in it is a page of the simulator, of another origin. */
export function createWelcomePages(options: {
  simulatorUrl: string;
  apiKeySource: string;
}): FastifyPluginAsync {
  const port = new URL(options.simulatorUrl).port || '80';
  const policy = policyFor(port);
  const page = readFileSync(join(FOLDER, 'index.html'), 'utf8');
  const cache = new Map<string, { body: Buffer; tag: string; type: string }>();
  const find = (name: string): { body: Buffer; tag: string; type: string } | undefined => {
    const kept = cache.get(name);
    if (kept || !Object.hasOwn(FILES, name)) return kept;
    const { type, read } = FILES[name]!;
    const body = read();
    const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    const file = { body, tag, type };
    cache.set(name, file);
    return file;
  };

  return async (app: FastifyInstance): Promise<void> => {
    app.get('/', { schema: { hide: true } }, async (request, reply) =>
      reply
        .headers({
          'content-security-policy': policy,
          'cache-control': 'no-cache',
          'cross-origin-opener-policy': 'same-origin',
          'permissions-policy': 'camera=(), microphone=(), geolocation=()',
          'referrer-policy': 'no-referrer',
        })
        .type('text/html; charset=utf-8')
        .send(
          filled(page, {
            phones: `http://${phoneHost(request.hostname)}:${port}`,
            number: WELCOME_NUMBER,
            display: WELCOME_NUMBER_DISPLAY,
            keySource: options.apiKeySource,
          }),
        ),
    );
    app.get<{ Params: { name: string } }>(
      `${WEB}/:name`,
      { schema: { hide: true } },
      async (request, reply) => {
        const file = find(request.params.name);
        if (!file) return reply.callNotFound();
        reply.headers({
          'cache-control': 'no-cache',
          etag: file.tag,
          'cross-origin-resource-policy': 'same-origin',
        });
        if (request.headers['if-none-match'] === file.tag) return await reply.code(304).send();
        return await reply.type(file.type).send(file.body);
      },
    );
  };
}

/** As the page was asked for, so that the frame is of the same site; never a name that the request made up. */
function phoneHost(hostname: string): string {
  return PHONE_HOSTS.find(host => host === hostname) ?? PHONE_HOSTS[0];
}

/** Nothing from elsewhere but the phone, nothing inline, no frame around it, and no way to write markup from a script. */
function policyFor(port: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    `frame-src ${PHONE_HOSTS.map(host => `http://${host}:${port}`).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function own(name: string): Buffer {
  return readFileSync(join(FOLDER, name));
}

/** Each `[[name]]` replaced by its value, as text. */
function filled(page: string, values: Readonly<Record<string, string>>): string {
  return page.replace(/\[\[(\w+)\]\]/g, (_, name: string) => escaped(values[name] ?? ''));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}
