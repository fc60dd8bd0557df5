import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative, resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import packageJson from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '../..');
/** What the Dockerfile copies beside node_modules. */
const copied = [
  ...readFileSync(join(ROOT, 'Dockerfile'), 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm),
].flatMap(match => match[1]!.split(' '));
const isCopied = (path: string): boolean => copied.includes(path.split('/')[0]!);

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.[jt]s$/.test(name) && !name.endsWith('.d.ts'))
    .map(name => join(folder, name));
}

/** What is imported for more than its types, statically or not. */
function imports(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/\/\*[^]*?\*\//g, '');
  const found = [
    ...text.matchAll(/^(?:import|export) (?!type)(?:[^;'"]*? from )?'([^']+)'/gm),
    ...text.matchAll(/(?:import|resolve)\('([^']+)'\)/g),
  ];
  return found.map(match => match[1]!);
}

describe('the image', () => {
  const files = ['bin', 'ivr', 'sip-sim', 'src'].flatMap(sources);

  it('holds every file that is imported', () => {
    expect(files.length).toBeGreaterThan(200);
    const outside = files.flatMap(file =>
      imports(file)
        .filter(name => name.startsWith('.'))
        .map(name => relative(ROOT, resolve(ROOT, file, '..', name)))
        .filter(path => !isCopied(path)),
    );
    expect(outside).toStrictEqual([]);
  });

  it('holds every package that is imported: none is for development only', () => {
    const known = new Set([
      ...Object.keys(packageJson.dependencies),
      ...Object.keys(packageJson.optionalDependencies),
      ...builtinModules,
    ]);
    const packages = files.flatMap(file =>
      imports(file)
        .filter(name => !name.startsWith('.') && !name.startsWith('node:'))
        .map(name =>
          name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/'),
        )
        .filter(name => !known.has(name))
        .map(name => `${file}: ${name}`),
    );
    expect(packages).toStrictEqual([]);
  });

  it('is sent to the builder, and nothing else is', () => {
    const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    const kept = lines.filter(line => line.startsWith('!')).map(line => line.slice(1));
    expect(lines).toContain('*');
    expect(kept.toSorted()).toStrictEqual([...new Set(copied)].toSorted());
  });

  it('runs as nobody of importance, and says how it is', () => {
    const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
    expect(text).toMatch(/^USER node$/m);
    expect(text).toMatch(/^HEALTHCHECK [^]*\/health\/ready/m);
    expect(text).toContain(`FROM node:${packageJson.engines.node.replace(/\D/g, '')}-slim`);
  });
});
