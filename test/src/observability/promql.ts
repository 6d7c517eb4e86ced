import { parser } from '@prometheus-io/lezer-promql';

/** What a query asks for. */
export interface Query {
  readonly series: ReadonlySet<string>;
  /** Labels that it matches or groups by. */
  readonly labels: ReadonlySet<string>;
}

/**
 * Reads a query with Prometheus' own grammar.
 * @throws Error that shows where it is no PromQL
 */
export const readQuery = (text: string): Query => {
  const series = new Set<string>();
  const labels = new Set<string>();
  parser.parse(text).iterate({
    enter: ({ type, name, from, to, node }) => {
      const said = text.slice(from, to);
      if (type.isError) throw new Error(`No PromQL at "${text.slice(Math.max(0, from - 20), from)}⟨here⟩": ${text}`);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') series.add(said);
      if (name === 'LabelName') labels.add(said);
    },
  });
  return { series, labels };
};
