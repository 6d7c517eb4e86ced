import { mailboxSettings } from '@baton/notification';
import { baseConfig, type ServiceDefinition } from '@baton/service-kit';
import { carrierSimulatorSettings } from '@baton/shipping';
import { staffSettings } from '@baton/warehouse';
import { z } from 'zod';
import { code, page, table, writtenBy } from './markdown.js';

interface Described {
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

const describe = (schema: z.ZodType): Described =>
  z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as Described;

/** What a value looks like once it is read. */
const kindOf = (described: Described): string => {
  const { type, format, minimum, maximum, exclusiveMinimum } = described;
  if (described.enum) return described.enum.map((value) => code(String(value))).join(', ');
  if (type === 'boolean') return '`true` or `false`';
  if (type === 'integer' || type === 'number') {
    const known = (limit: number | undefined): limit is number =>
      limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
    const low = known(minimum) ? ` from ${minimum}` : known(exclusiveMinimum) ? ` above ${exclusiveMinimum}` : '';
    return `${type === 'integer' ? 'whole number' : 'number'}${low}${known(maximum) ? ` to ${maximum}` : ''}`;
  }
  return format === 'uri' ? 'URL' : format === 'email' ? 'mail address' : 'text';
};

/** What counts when it is not set: a value, nothing, or that it must be set. */
const absentOf = (schema: z.ZodType): string => {
  const parsed = schema.safeParse(undefined);
  if (!parsed.success) return '**must be set**';
  const { data } = parsed;
  if (Array.isArray(data)) return code(data.join(','));
  return typeof data === 'string' || typeof data === 'number' || typeof data === 'boolean' ? code(String(data)) : '—';
};

const settingsTable = (schema: z.ZodObject): string =>
  table(
    ['variable', 'value', 'when not set', 'meaning'],
    Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => {
      const described = describe(field);
      if (!described.description) throw new Error(`The setting ${name} has no description: add .describe('…').`);
      return [code(name), kindOf(described), absentOf(field), described.description];
    }),
  );

const serviceSection = ({ name, doc, config }: ServiceDefinition): readonly string[] => [
  `## ${name}`,
  doc,
  config ? settingsTable(config) : 'No settings of its own.',
];

/** `docs/reference/settings.md`: every environment variable that a program of ours reads. */
export const settingsPage = (services: readonly ServiceDefinition[]): string =>
  page([
    '# Settings',
    writtenBy('settings-page.ts', 'the zod schemas of the settings'),
    `Every program is set up by environment variables, checked when it starts: one that does not fit ends the process with a
message that names it. In the place of \`NAME\` a service also takes \`NAME_FILE\`, a file that holds the
value, so that secrets need not stand in the environment. \`npm start\` and the compose files set all of these; its own
options are told by \`npm start -- --help\`.`,
    '## Every service',
    settingsTable(baseConfig),
    `A service with a database needs \`DATABASE_URL\`, and \`KAFKA_BROKERS\` or \`LOCAL_TRANSPORT_URL\`; the gateway needs
none of them.`,
    ...services.flatMap(serviceSection),
    '## Simulated carriers',
    'A program of its own, for demonstrations and tests: `services/shipping/dist/carrier-simulator/main.js`.',
    settingsTable(carrierSimulatorSettings),
    '## Simulated staff',
    'A client of the warehouse, for demonstrations and tests: `services/warehouse/dist/staff/main.js`.',
    settingsTable(staffSettings),
    '## Mailbox',
    'Stands in for a mail server and shows what it got: `services/notification/dist/mailbox/main.js`.',
    settingsTable(mailboxSettings),
    '## Telemetry',
    `The standard variables of OpenTelemetry's SDK. Telemetry is on as soon as one of \`OTEL_EXPORTER_*\`,
\`OTEL_TRACES_EXPORTER\` or \`OTEL_METRICS_EXPORTER\` is set. The most useful:`,
    table(
      ['variable', 'meaning'],
      [
        ['`OTEL_EXPORTER_OTLP_ENDPOINT`', 'Where a collector takes OTLP, such as `http://127.0.0.1:4318`.'],
        ['`OTEL_SERVICE_NAME`', 'Name of the process in traces and metrics, such as `baton-orders`.'],
        ['`OTEL_TRACES_SAMPLER`', 'Which traces are kept, such as `parentbased_traceidratio`.'],
        ['`OTEL_SDK_DISABLED`', '`true` turns telemetry off.'],
      ],
    ),
  ]);
