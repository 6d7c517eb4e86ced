import type { EventDefinition } from '../define.js';
import { examples } from '../examples.js';
import { type Reader, readers } from '../readers.js';
import { eventDefinitions } from '../registry.js';
import { topicDeclarations } from '../topics.js';
import { jsonSchemaOf } from './json-schema.js';

const BINDING_VERSION = '0.5.0';
/** When the examples happened. */
const EXAMPLE_TIME = '2026-11-08T09:30:00.000Z';

const ref = (...path: readonly string[]) => ({ $ref: `#/${path.join('/')}` });

const definitionsOf = (topic: string): readonly EventDefinition[] =>
  eventDefinitions.filter((definition) => definition.topic === topic);

/** Each service that reads a topic, with the events of it that it reacts to. */
export const readersOf = (topic: string): ReadonlyMap<Reader, readonly EventDefinition[]> => {
  const found = new Map<Reader, EventDefinition[]>();
  for (const definition of definitionsOf(topic)) {
    for (const reader of readers[definition.eventName] ?? []) {
      found.set(reader, [...(found.get(reader) ?? []), definition]);
    }
  }
  return new Map([...found].toSorted(([one], [other]) => (one < other ? -1 : 1)));
};

/** The AsyncAPI 3 document of all topics, who writes them, who reads what, and every message. */
export const asyncApiDocument = () => ({
  asyncapi: '3.1.0',
  info: {
    title: 'Baton',
    version: '1.0.0',
    description:
      'The events of an order-fulfilment system. All are CloudEvents 1.0 in the binary mode of its Kafka binding: ' +
      'attributes in `ce_*` headers, the data as a JSON body. Structured mode (`application/cloudevents+json`) is read ' +
      'too, and on `orders-intake` a JSON body without any CloudEvents header is an OrderSubmitted. ' +
      'The key of a record is the order id, or the SKU on `stock`; events of one key keep their order.',
    license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
  },
  defaultContentType: 'application/json',
  servers: {
    kafka: {
      host: '{brokers}',
      protocol: 'kafka',
      description: 'The brokers that the services are given as KAFKA_BROKERS.',
      variables: { brokers: { default: '127.0.0.1:9092', description: 'host:port of a broker' } },
    },
  },
  channels: Object.fromEntries(topicDeclarations.map((topic) => [topic.name, channel(topic)])),
  operations: Object.fromEntries(topicDeclarations.flatMap((topic) => operations(topic.name, topic.writer))),
  components: {
    messages: Object.fromEntries(eventDefinitions.map((definition) => [messageName(definition), message(definition)])),
    schemas: {
      CloudEventHeaders: cloudEventHeaders,
      ...Object.fromEntries(eventDefinitions.map((definition) => [messageName(definition), payload(definition)])),
    },
  },
});

/** The name in the document; only a second version of an event says which it is. */
const messageName = ({ eventName, version }: EventDefinition): string =>
  version === 1 ? eventName : `${eventName}V${version}`;

const channel = ({ name, doc, partitions, retentionMs }: (typeof topicDeclarations)[number]) => ({
  address: name,
  description: doc,
  servers: [ref('servers', 'kafka')],
  messages: Object.fromEntries(
    definitionsOf(name)
      .map(messageName)
      .map((message) => [message, ref('components', 'messages', message)]),
  ),
  bindings: {
    kafka: {
      topic: name,
      partitions,
      topicConfiguration: { 'cleanup.policy': ['delete'], 'retention.ms': retentionMs },
      bindingVersion: BINDING_VERSION,
    },
  },
});

const operations = (topic: string, writer: string) => {
  const messages = (definitions: readonly EventDefinition[]) =>
    definitions.map((definition) => ref('channels', topic, 'messages', messageName(definition)));
  const writes = {
    action: 'send',
    channel: ref('channels', topic),
    summary: `${writer === 'anyone' ? "A shop's system" : writer} writes ${topic}; nobody else does.`,
    messages: messages(definitionsOf(topic)),
  };
  const reads = [...readersOf(topic)].map(([reader, definitions]) => [
    `${reader}.reads.${topic}`,
    {
      action: 'receive',
      channel: ref('channels', topic),
      summary: `${reader} reacts to these events of ${topic}.`,
      messages: messages(definitions),
    },
  ]);
  return [[`${writer}.writes.${topic}`, writes], ...reads];
};

const message = (definition: EventDefinition) => ({
  name: definition.type,
  title: definition.eventName,
  summary: definition.doc,
  contentType: 'application/json',
  tags: [{ name: definition.writer }],
  correlationId: { description: 'All events of one order or SKU.', location: '$message.header#/ce_subject' },
  headers: {
    allOf: [
      ref('components', 'schemas', 'CloudEventHeaders'),
      {
        type: 'object',
        properties: { ce_type: { type: 'string', const: definition.type } },
      },
    ],
  },
  payload: ref('components', 'schemas', messageName(definition)),
  bindings: {
    kafka: {
      key: { type: 'string', description: definition.keyedBy === 'order' ? 'The order id.' : 'The SKU.' },
      bindingVersion: BINDING_VERSION,
    },
  },
  examples: [{ name: definition.eventName, headers: exampleHeaders(definition), payload: examples[definition.type] }],
});

const exampleHeaders = (definition: EventDefinition) => {
  const draft = definition(examples[definition.type]);
  return {
    ce_specversion: '1.0',
    ce_id: draft.id,
    ce_type: definition.type,
    ce_source: `/baton/${definition.writer}`,
    ce_time: EXAMPLE_TIME,
    ce_subject: draft.key,
    'content-type': 'application/json',
  };
};

const payload = (definition: EventDefinition) => {
  const { $schema: _draft, $id: _id, ...schema } = jsonSchemaOf(definition);
  return schema;
};

const cloudEventHeaders = {
  type: 'object',
  description: 'CloudEvents 1.0 attributes in binary mode, and the trace that the event belongs to.',
  properties: {
    ce_specversion: { type: 'string', const: '1.0' },
    ce_id: { type: 'string', minLength: 1, description: 'The same in a repetition of the same event.' },
    ce_type: { type: 'string', description: 'Which event, in which version.' },
    ce_source: { type: 'string', format: 'uri-reference', description: 'Who wrote it.' },
    ce_time: { type: 'string', format: 'date-time', description: 'When its writer decided it, UTC.' },
    ce_subject: { type: 'string', description: 'The key of the record.' },
    'content-type': { type: 'string', const: 'application/json' },
    traceparent: { type: 'string', description: 'W3C Trace Context.' },
    tracestate: { type: 'string', description: 'W3C Trace Context.' },
  },
  required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source'],
};
