import { type InstrumentDeclaration, instruments, messageOutcomes, retentionInstruments } from '@baton/messaging';
import { groundMetrics, type ServiceDefinition } from '@baton/service-kit';
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

const instrumentsTable = (declared: readonly InstrumentDeclaration[]): string =>
  table(['instrument', 'kind', 'unit', 'what it says', 'attributes'], declared.map(row));

const bucketsOf = (declared: readonly InstrumentDeclaration[]): readonly string[] => {
  const lists = declared.flatMap(({ name, buckets }) => (buckets ? [`- ${code(name)}: ${buckets.join(', ')}`] : []));
  return lists.length > 0 ? ['Buckets of the histograms:', lists.join('\n')] : [];
};

const section = (title: string, intro: string, declared: readonly InstrumentDeclaration[]): readonly string[] => [
  `## ${title}`,
  intro,
  instrumentsTable(declared),
  ...bucketsOf(declared),
];

/** `docs/reference/metrics.md`: every instrument that is ours. */
export const metricsPage = (services: readonly ServiceDefinition[]): string =>
  page([
    '# Metrics',
    writtenBy('metrics-page.ts', 'the declarations of the instruments'),
    `Every service measures itself and sends what it measured where the standard \`OTEL_*\` variables say; with none of
them set nothing is sent. In the embedded mode all services are one process, so that only metrics with the attribute
\`service\` tell them apart. A Prometheus exporter writes dots as underscores. What to watch and what to do about it:
[operate](../how-to/operate.md).`,
    ...section('The pipeline', 'Of every service with a database.', Object.values(instruments)),
    'Outcomes of a message:',
    table(
      ['outcome', 'meaning'],
      Object.entries(messageOutcomes).map(([outcome, meaning]) => [code(outcome), meaning]),
    ),
    ...section('Retention', 'Of every service with a database.', Object.values(retentionInstruments)),
    ...section('What a service stands on', 'Of every service with a database.', Object.values(groundMetrics)),
    ...services.flatMap(({ name, doc, metrics }) =>
      metrics ? section(name, doc, Object.values(metrics.declared)) : [],
    ),
    `## Besides

The instrumentation of HTTP adds \`http.server.request.duration\` and \`http.client.request.duration\` under the names of
OpenTelemetry's semantic conventions.

No metric carries exemplars: OpenTelemetry's SDK of metrics for JavaScript (3.1) does not record any. From a chart to
traces: [search for them](../how-to/operate.md#traces) by \`baton.outcome\`, \`baton.compensation\` or the order's
\`baton.key\`, within the time that the chart shows.`,
  ]);
