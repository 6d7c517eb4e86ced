import { type InstrumentDeclaration, instruments, messageOutcomes } from '@baton/messaging';
import { code, page, table, writtenBy } from './markdown.js';

const attributesOf = ({ attributes }: InstrumentDeclaration): string =>
  Object.entries(attributes)
    .map(([name, meaning]) => `${code(name)}: ${meaning}`)
    .join('; ') || '—';

const row = (declared: InstrumentDeclaration): readonly string[] => [
  code(declared.name),
  declared.kind,
  declared.unit,
  declared.description,
  attributesOf(declared),
];

/** `docs/reference/metrics.md`: every instrument of the pipeline. */
export const metricsPage = (): string => {
  const all: readonly InstrumentDeclaration[] = Object.values(instruments);
  return page([
    '# Metrics',
    writtenBy('metrics-page.ts', 'libs/messaging/src/telemetry/instruments.ts'),
    `Every service measures its own pipeline and sends what it measured where the standard \`OTEL_*\` variables say; with
none of them set nothing is sent. In the embedded mode all services are one process, so that only metrics with the
attribute \`service\` tell them apart. A Prometheus exporter writes dots as underscores. What to watch and what to do
about it: [operate](../how-to/operate.md).`,
    table(['instrument', 'kind', 'unit', 'what it says', 'attributes'], all.map(row)),
    'Buckets of the histograms:',
    all.flatMap(({ name, buckets }) => (buckets ? [`- ${code(name)}: ${buckets.join(', ')}`] : [])).join('\n'),
    '## Outcomes of a message',
    table(
      ['outcome', 'meaning'],
      Object.entries(messageOutcomes).map(([outcome, meaning]) => [code(outcome), meaning]),
    ),
    `## Besides

The instrumentation of HTTP adds \`http.server.request.duration\` and \`http.client.request.duration\` under the names of
OpenTelemetry's semantic conventions.`,
  ]);
};
