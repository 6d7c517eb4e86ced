import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@baton/messaging/testing';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { dashboards, panels, rules } from './files.js';
import { findPrometheus, type RunningPrometheus, startPrometheus } from './prometheus.js';
import { readQuery } from './promql.js';
import { makeSamples, type Samples } from './samples.js';
import { labelsBySeries } from './series.js';

const title = ({ dashboard, title: panel }: (typeof panels)[number]): string => `${dashboard}: ${panel}`;

test('dashboards and panels have names of their own, and the data source that is provisioned', () => {
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
  expect(new Set(panels.map(title)).size).toBe(panels.length);
  const sources = dashboards.flatMap(({ panels: all }) =>
    all.flatMap(({ datasource, targets }) => [datasource.uid, ...targets.map((each) => each.datasource.uid)]),
  );
  expect(new Set(sources)).toEqual(new Set(['prometheus']));
});

test.for(panels)('$dashboard: $title asks for what is measured', ({ queries }) => {
  expect(queries.length).toBeGreaterThan(0);
  for (const query of queries) {
    const { series, labels } = readQuery(query);
    expect(series.size).toBeGreaterThan(0);
    for (const name of series) expect([...labelsBySeries.keys()]).toContain(name);
    const known = [...series].flatMap((name) => [...(labelsBySeries.get(name) ?? [])]);
    for (const label of labels) expect(known).toContain(label);
  }
});

test('no query is taken for one that is none', () => {
  expect(() => readQuery('sum(rate(x_total[5m])')).toThrow(/No PromQL/);
  expect(() => readQuery('sum by (a (x))')).toThrow(/No PromQL/);
});

const prometheus = await findPrometheus();

describe.each(prometheus === undefined ? [] : [prometheus])('a real Prometheus, fed by the real exporter', (folder) => {
  let data: string;
  let server: RunningPrometheus;
  let samples: Samples;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'baton-prometheus-'));
    server = await startPrometheus(folder, data);
    samples = makeSamples(`${server.url}/api/v1/otlp/v1/metrics`);
    await eventually(async () => {
      await samples.send();
      // A rate takes two samples.
      expect(await server.query('rate(baton_saga_ended_total[1m])')).not.toEqual([]);
    });
  });
  afterAll(async () => {
    await samples?.stop();
    await server?.stop();
    await rm(data, { recursive: true, force: true });
  });

  it('knows every series by the name that is expected of it', async () => {
    const names = await eventually(async () => {
      const response = await fetch(`${server.url}/api/v1/label/__name__/values`);
      const found = new Set(((await response.json()) as { data: string[] }).data);
      expect([...labelsBySeries.keys()].filter((name) => !found.has(name))).toEqual([]);
      return found;
    });
    expect([...names].filter((name) => name.startsWith('baton_')).toSorted()).toEqual(
      expect.arrayContaining([...labelsBySeries.keys()].toSorted()),
    );
  });

  it.for(panels)('$dashboard: $title returns data', async ({ queries }) => {
    for (const query of queries) {
      const result = await server.query(query);
      expect(result, query).not.toEqual([]);
      for (const { value } of result) expect(Number(value[1]), query).not.toBeNaN();
    }
  });

  it('runs every rule', async () => {
    for (const { expr } of rules) expect(await server.query(expr)).toBeInstanceOf(Array);
  });
});
