import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import packageJson from '../../package.json' with { type: 'json' };
import { OVERVIEW } from '../../src/cli/help.ts';

/** What the documents name is there: files, headings, npm scripts, commands, variables, words in capitals. */

const ROOT = join(import.meta.dirname, '../..');
const documents = globSync(['*.md', 'docs/**/*.md', 'sip-sim/**/*.md', 'deploy/**/*.md'], { cwd: ROOT });
const FOLDERS = 'src|test|docs|ivr|sip-sim|scripts|bin|deploy';
/** A file or folder of ours; not the middle of a longer path or address. */
const PATH = new RegExp(`(?<![\\w/.@-])(?:${FOLDERS})/[\\w./*{},-]*`, 'g');
/** `SECURITY_PROFILE`, `REJECTED_INVALID_SSML`; a word alone (`PORT`) only in backquotes. */
const CAPITALS = /(?<![\w{-])[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+(?![\w-])|(?<=`)[A-Z]{4,}(?=[`=])/g;

/** npm's, the reader's own, and what stands for an id. */
const NOT_OURS = new Set(['EBADENGINE', 'SAYPIN_WEBHOOK_SECRET', 'CALL_ID', 'PIN_ID']);

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const sources = globSync(
  [
    '{src,ivr,sip-sim,scripts,test,bin}/**/*.{ts,js,json,lua}',
    'compose.yaml',
    'Dockerfile',
    '.env.example',
    'vitest.config.ts',
  ],
  { cwd: ROOT, exclude: path => path.endsWith('links.test.ts') },
);
const known = new Set(sources.flatMap(path => read(path).match(/[A-Z][A-Z0-9_]+/g) ?? []));

describe.each(documents)('%s', document => {
  const text = read(document);

  it('names files and folders that exist', () => {
    const named = (text.match(PATH) ?? []).map(path => path.replace(/[.,:{-]+$/, ''));
    expect(named.filter(path => globSync(path, { cwd: ROOT }).length === 0)).toStrictEqual([]);
  });

  it('links to what is there', () => {
    const targets = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
      ([, target = '']) => target,
    );
    const wrong = targets.filter(target => {
      const [path = '', heading] = target.split('#');
      const file = path === '' ? join(ROOT, document) : join(ROOT, dirname(document), path);
      if (!existsSync(file)) return true;
      return heading !== undefined && !headingsOf(readFileSync(file, 'utf8')).includes(heading);
    });
    expect(wrong).toStrictEqual([]);
  });

  it('names npm scripts and commands that exist', () => {
    const scripts = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(scripts.filter(name => !Object.hasOwn(packageJson.scripts, name))).toStrictEqual([]);
    const commands = [...text.matchAll(/(?:npx saypin|bin\/saypin\.js) ([a-z]+)/g)].map(
      ([, name = '']) => name,
    );
    expect(commands.filter(name => !OVERVIEW.includes(`  saypin ${name}`))).toStrictEqual([]);
  });

  it('names variables, statuses and the like that the code has', () => {
    expect(
      [...new Set(text.match(CAPITALS))].filter(word => !known.has(word) && !NOT_OURS.has(word)),
    ).toStrictEqual([]);
  });
});

it('every document is looked at, and every document of docs/ is linked from another one', () => {
  expect(documents).toContain('README.md');
  const pages = documents.filter(path => path.startsWith('docs/'));
  expect(pages.length).toBeGreaterThan(8);
  const lonely = pages.filter(
    page => !documents.some(other => other !== page && read(other).includes(page.replace('docs/', ''))),
  );
  expect(lonely).toStrictEqual([]);
});

/** As GitHub makes them. */
function headingsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
