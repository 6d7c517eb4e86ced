import type { EventDefinition } from '../define.js';
import { examples } from '../examples.js';
import { readers } from '../readers.js';
import { definitionOf, eventDefinitions } from '../registry.js';
import { type TopicDeclaration, topicDeclarations } from '../topics.js';
import { readersOf } from './asyncapi.js';
import { type JsonSchema, jsonSchemaOf } from './json-schema.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** `docs/reference/events.md`: every topic and event for people. */
export const eventsReference = (): string =>
  `${[
    '# Events',
    '<!-- Written by libs/contracts/src/generation/reference.ts; change the contracts instead of this page. -->',
    intro,
    '## Who writes and who reads',
    flow(),
    '## Topics',
    topicTable(),
    ...topicDeclarations.flatMap(topicSection),
  ].join('\n\n')}\n`;

const intro = `Services tell each other what happened through these events. They are CloudEvents 1.0 in binary mode: the
attributes travel in \`ce_*\` headers, the data is the JSON body. A request of the coordinator is an event too, and ends
in "…Requested". Every topic has one writer. What is valid is in the JSON Schemas under
[\`libs/contracts/generated/schemas\`](../../libs/contracts/generated/schemas), and all of it in one AsyncAPI 3
document, [\`libs/contracts/generated/asyncapi.json\`](../../libs/contracts/generated/asyncapi.json).`;

const topicTable = (): string =>
  table(
    ['topic', 'writer', 'key', 'partitions', 'kept', 'what it is for'],
    topicDeclarations.map(({ name, writer, keyedBy, partitions, retentionMs, doc }) => [
      `[${name}](#${name})`,
      writer,
      keyedBy === 'order' ? 'order id' : 'SKU',
      String(partitions),
      `${retentionMs / DAY_MS} days`,
      doc,
    ]),
  );

/** Services as boxes, topics as the pipes between them. */
const flow = (): string => {
  const services = new Set(topicDeclarations.flatMap(({ name, writer }) => [writer, ...readersOf(name).keys()]));
  const node = (kind: string, name: string): string => `${kind}_${name.replaceAll('-', '_')}`;
  const lines = [
    ...[...services].map((name) => `${node('s', name)}["${name === 'anyone' ? "a shop's system" : name}"]`),
    ...topicDeclarations.map(({ name }) => `${node('t', name)}(["${name}"])`),
    ...topicDeclarations.flatMap(({ name, writer }) => [
      `${node('s', writer)} ==> ${node('t', name)}`,
      ...[...readersOf(name).keys()].map((reader) => `${node('t', name)} --> ${node('s', reader)}`),
    ]),
  ];
  return ['```mermaid', 'flowchart LR', ...lines.map((line) => `  ${line}`), '```'].join('\n');
};

const topicSection = ({ name, doc }: TopicDeclaration): readonly string[] => {
  const events = eventDefinitions.filter((definition) => definition.topic === name);
  const overview = table(
    ['event', 'what happened', 'who reads it'],
    events.map((event) => [
      `[${headingOf(event)}](#${headingOf(event).toLowerCase().replace(' ', '-')})`,
      event.doc,
      (readers[event.eventName] ?? []).join(', ') || '—',
    ]),
  );
  return [`## ${name}`, doc, overview, ...events.flatMap(eventSection)];
};

/** An event's name alone is its newest version, to which all links lead. */
const headingOf = (definition: EventDefinition): string =>
  definition === definitionOf(definition.eventName)
    ? definition.eventName
    : `${definition.eventName} v${definition.version}`;

const eventSection = (definition: EventDefinition): readonly string[] => [
  `### ${headingOf(definition)}`,
  definition.doc,
  [
    `- type: \`${definition.type}\``,
    `- writer: ${definition.writer === 'anyone' ? "anyone, usually a shop's system" : definition.writer}`,
    `- key: ${definition.keyedBy === 'order' ? 'order id' : 'SKU'}`,
    `- read by: ${(readers[definition.eventName] ?? []).join(', ') || 'nobody here'}`,
  ].join('\n'),
  table(['field', 'type', 'required', 'meaning'], fields(jsonSchemaOf(definition), '')),
  `\`\`\`json\n${JSON.stringify(examples[definition.type], null, 2)}\n\`\`\``,
];

/** One row a field, those of inner objects and lists below their own. */
const fields = (schema: JsonSchema, path: string): readonly string[][] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const full = path === '' ? name : `${path}.${name}`;
    const required = schema.required?.includes(name) ? 'yes' : 'no';
    const inner = field.type === 'array' && field.items ? fields(field.items, `${full}[]`) : fields(field, full);
    return [[`\`${full}\``, typeName(field), required, meaning(field)], ...inner];
  });

const typeName = (schema: JsonSchema): string =>
  schema.type === 'array' ? `list of ${typeName(schema.items ?? {})}` : (schema.format ?? schema.type ?? 'any');

const meaning = (schema: JsonSchema): string =>
  [
    schema.description,
    schema.enum && `One of ${schema.enum.map((value) => `\`${String(value)}\``).join(', ')}.`,
    typeof schema.default === 'string' && `Default \`${schema.default}\`.`,
    range(schema),
  ]
    .filter(Boolean)
    .join(' ');

/** The limits that a person may run into; those of 64-bit numbers are none. */
const range = ({ type, minimum, maximum, maxLength, minItems, maxItems }: JsonSchema): string => {
  if (type === 'array') {
    const limits = [minItems && `at least ${minItems}`, maxItems && `at most ${maxItems}`].filter(Boolean);
    return limits.length > 0 ? `${capital(limits.join(', '))}.` : '';
  }
  if (type === 'string') return maxLength === undefined ? '' : `At most ${maxLength} characters.`;
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `from ${minimum}` : '';
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `to ${maximum}` : '';
  const both = [low, high].filter((part) => part !== '').join(' ');
  return both === '' ? '' : `${capital(both)}.`;
};

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
