import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { FastifyInstance, FastifyPluginAsync } from 'fastify';

import { createWebFiles, PAGE_HEADERS } from '../web-files.ts';
import { WELCOME_NUMBER, WELCOME_NUMBER_DISPLAY } from './context.ts';

const FOLDER = join(import.meta.dirname, 'web');
const WEB = '/welcome/web';

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
  const files = createWebFiles({ folder: FOLDER, prefix: WEB });
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/', { schema: { hide: true } }, async (request, reply) =>
      reply
        .headers({ ...PAGE_HEADERS, 'content-security-policy': policy })
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
    files.routes(app);
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

/** Each `[[name]]` replaced by its value, as text. */
function filled(page: string, values: Readonly<Record<string, string>>): string {
  return page.replace(/\[\[(\w+)\]\]/g, (_, name: string) => escaped(values[name] ?? ''));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}
