import type { FastifyInstance, HTTPMethods } from 'fastify';

/**
 * Remembers every route, so that a known path asked with another method is answered 405 and not 404. Register it
 * before the routes; it answers the methods of a path, none for an unknown one.
 */
export function rememberPaths(app: FastifyInstance): (url: string) => readonly string[] {
  const paths = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', route => {
    const known = paths.get(route.url) ?? { pattern: patternOf(route.url), methods: new Set<string>() };
    const methods: HTTPMethods[] = Array.isArray(route.method) ? route.method : [route.method];
    for (const method of methods) known.methods.add(method);
    paths.set(route.url, known);
  });
  return url => {
    const path = url.split('?', 1)[0]?.replace(/(?<=.)\/$/, '') ?? '';
    const found = [...paths.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].toSorted();
  };
}

function patternOf(route: string): RegExp {
  const source = route
    .replace(/(?<=.)\/$/, '')
    .split('/')
    .map(part => {
      if (part.startsWith(':')) return '[^/]+';
      return part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*');
    })
    .join('/');
  return new RegExp(`^${source}$`);
}
