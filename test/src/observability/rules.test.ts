import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { dashboards, infra, panels, ROOT, ruleFiles, rules } from './files.js';
import { findPrometheus, promtool } from './prometheus.js';
import { readQuery } from './promql.js';
import { labelsBySeries } from './series.js';

const alerts = rules.filter(({ alert }) => alert !== undefined);
const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
const RUNBOOKS = join(ROOT, 'docs/runbooks');
const pages = readdirSync(RUNBOOKS).filter((name) => name.endsWith('.md') && name !== 'README.md');
const pageOf = (name: string): string => readFileSync(join(RUNBOOKS, name), 'utf8');
const kebab = (name: string): string => name.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

test.for(rules)('$alert$record asks for what is measured', ({ expr }) => {
  const { series, labels } = readQuery(expr);
  expect(series.size).toBeGreaterThan(0);
  const known = [...series].flatMap((name) => [...(labelsBySeries.get(name) ?? [])]);
  for (const name of series) expect([...labelsBySeries.keys(), ...recorded]).toContain(name);
  for (const label of labels) expect(known).toContain(label);
});

test.for(alerts)(
  '$alert says how urgent it is, what is wrong, and where help is',
  ({ alert = '', labels, annotations }) => {
    expect(labels).toEqual({ severity: expect.stringMatching(/^(page|ticket)$/) });
    expect(annotations).toEqual({
      summary: expect.stringMatching(/\w/),
      runbook: `docs/runbooks/${kebab(alert)}.md`,
    });
    expect(existsSync(join(ROOT, annotations?.['runbook'] ?? ''))).toBe(true);
    expect(pageOf(`${kebab(alert)}.md`)).toMatch(new RegExp(`^# ${alert}: `));
    expect(pageOf('README.md')).toContain(`| [${alert}](${kebab(alert)}.md) |`);
  },
);

test('every page has its alert', () => {
  expect(pages.toSorted()).toEqual(alerts.map(({ alert = '' }) => `${kebab(alert)}.md`).toSorted());
});

test.for(pages)('%s starts with the customer, and ends with how to know that it is over', (name) => {
  expect([...pageOf(name).matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual([
    'What the customer feels',
    'How to see it',
    'What to do',
    'How to know that it is over',
  ]);
});

test.for(pages)('%s names dashboards and panels as they are named', (name) => {
  const shown = [...dashboards.map(({ title }) => title), ...panels.map(({ title }) => title)];
  for (const [, title = ''] of pageOf(name).matchAll(/(?<!\*)\*([^*]+)\*(?!\*)/g)) {
    expect(shown).toContain(title.replace(/\s+/g, ' '));
  }
});

const prometheus = await findPrometheus();

describe.each(prometheus === undefined ? [] : [prometheus])('promtool', (folder) => {
  it('accepts the configuration and every rule', async () => {
    expect(await promtool(folder, 'check', 'config', infra('prometheus/prometheus.yml'))).toContain(
      `${ruleFiles.length} rule files found`,
    );
    await promtool(folder, 'check', 'rules', ...ruleFiles);
  });

  it('sees each alert fire when it should, and none when all is well', async () => {
    await promtool(folder, 'test', 'rules', infra('prometheus/tests/alerts.yaml'));
  });
});

test('each alert is tried', () => {
  const tried = readFileSync(infra('prometheus/tests/alerts.yaml'), 'utf8');
  for (const { alert } of alerts) expect(tried.split(`alertname: ${alert}`).length).toBeGreaterThan(2);
});
