import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { anchorsOf, linksOf } from './markdown-links.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const pagesUnder = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const pages = [join(ROOT, 'README.md'), join(ROOT, 'CONTRIBUTING.md'), ...pagesUnder(join(ROOT, 'docs'))];

/** What is wrong with a relative link, or undefined. */
const problemOf = (page: string, target: string): string | undefined => {
  const [path = '', anchor = ''] = target.split('#', 2);
  const file = path === '' ? page : join(dirname(page), decodeURIComponent(path));
  if (relative(ROOT, file).startsWith('..')) return 'leaves the repository';
  if (!existsSync(file)) return 'leads nowhere';
  if (anchor === '' || statSync(file).isDirectory() || !file.endsWith('.md')) return undefined;
  return anchorsOf(readFileSync(file, 'utf8')).has(decodeURIComponent(anchor)) ? undefined : 'names no heading there';
};

const isRelative = (target: string): boolean => !/^[a-z][a-z0-9+.-]*:/i.test(target) && !target.startsWith('//');

describe('Links of the documentation', () => {
  it.each(pages.map((page) => [relative(ROOT, page), page]))(
    '%s leads somewhere with every relative link',
    (_, page) => {
      const broken = linksOf(readFileSync(page, 'utf8'))
        .filter(({ target }) => isRelative(target))
        .flatMap(({ line, target }) => {
          const problem = problemOf(page, target);
          return problem === undefined ? [] : [`line ${line}: ${target} ${problem}`];
        });
      expect(broken).toEqual([]);
    },
  );

  it('leads to every page of docs/ from the README, at most three pages on', () => {
    let reached = new Set([join(ROOT, 'README.md')]);
    for (let step = 0; step < 3; step += 1) {
      const linked = [...reached]
        .filter((page) => page.endsWith('.md'))
        .flatMap((page) =>
          linksOf(readFileSync(page, 'utf8'))
            .filter(({ target }) => isRelative(target))
            .map(({ target }) => join(dirname(page), decodeURIComponent(target.split('#', 1)[0] || '.')))
            .filter((file) => existsSync(file) && statSync(file).isFile()),
        );
      reached = new Set([...reached, ...linked]);
    }
    expect(pages.filter((page) => !reached.has(page)).map((page) => relative(ROOT, page))).toEqual([]);
  });
});

describe('The reading of Markdown', () => {
  it('finds links, and none in code', () => {
    const text = 'See [a](b.md#c) and ![d](e.png "f").\n```\n[x](y)\n```\n`[x](y)`\n[r]: z.md\n';
    expect(linksOf(text)).toEqual([
      { line: 1, target: 'b.md#c' },
      { line: 1, target: 'e.png' },
      { line: 6, target: 'z.md' },
    ]);
  });

  it('names headings as GitHub does', () => {
    expect([...anchorsOf('# What you *see*\n## `npm start`, then?\n```\n# no\n```\n# What you see\n')]).toEqual([
      'what-you-see',
      'npm-start-then',
      'what-you-see-1',
    ]);
  });
});
