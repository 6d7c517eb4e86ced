import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const infra = (path: string): string => join(ROOT, 'infra', path);

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const RULES = infra('prometheus/rules');
export const ruleFiles: readonly string[] = readdirSync(RULES)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => join(RULES, name));

export const rules: readonly Rule[] = ruleFiles.flatMap((file) => {
  const { groups } = parse(readFileSync(file, 'utf8')) as { groups: readonly { readonly rules: readonly Rule[] }[] };
  return groups.flatMap((group) => group.rules);
});

export interface Panel {
  readonly dashboard: string;
  readonly title: string;
  readonly queries: readonly string[];
}

/** What is used of Grafana's model of a dashboard. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly DashboardPanel[];
}

export interface DashboardPanel {
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly datasource: { readonly uid: string };
  /** In columns of which there are 24, and rows. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit: string;
      readonly thresholds?: { readonly steps: readonly { readonly color: string; readonly value: number | null }[] };
      readonly custom?: { readonly stacking?: { readonly mode: string } };
    };
  };
  readonly options: { readonly colorMode?: string };
  readonly targets: readonly {
    readonly expr: string;
    readonly legendFormat: string;
    readonly datasource: { readonly uid: string };
  }[];
}

const DASHBOARDS = infra('grafana/dashboards');
export const dashboards: readonly Dashboard[] = readdirSync(DASHBOARDS)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(DASHBOARDS, name), 'utf8')) as Dashboard);

/** What Grafana puts in: at least four times the pause between two samples. */
const GRAFANA = { $__rate_interval: '1m', $__interval: '15s', $__range: '1h' } as const;

/** A query as Grafana sends it, with its variables replaced. */
export const asSent = (expression: string): string =>
  Object.entries(GRAFANA).reduce((text, [name, value]) => text.replaceAll(name, value), expression);

export const panels: readonly Panel[] = dashboards.flatMap(({ title: dashboard, panels: all }) =>
  all.map(({ title, targets }) => ({
    dashboard,
    title,
    queries: targets.map(({ expr }) => asSent(expr)),
  })),
);
