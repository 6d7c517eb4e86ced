import { z } from 'zod';
import type { EventDefinition, Writer } from '../define.js';

/** What JSON Schema has no word for: where the event travels. An annotation, which validators may ignore. */
export interface Route {
  readonly type: string;
  readonly topic: string;
  readonly key: 'order' | 'sku';
  readonly writer: Writer;
}

/** The keywords that zod writes for our contracts, so that code which walks a schema is checked. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly 'x-baton'?: Route;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/**
 * The JSON Schema (draft 2020-12) of an event's data as readers accept it: what has a default may be left out, and
 * fields that nobody knows are ignored. Patterns are for the ECMA-262 `u` flag, as JSON Schema wants them.
 */
export const jsonSchemaOf = (definition: EventDefinition): JsonSchema => {
  const { $schema, ...schema } = z.toJSONSchema(definition.schema, { io: 'input' }) as JsonSchema;
  const { type, topic, keyedBy, writer, eventName, doc } = definition;
  return {
    ...($schema !== undefined && { $schema }),
    $id: `urn:${type.replaceAll('.', ':')}`,
    title: eventName,
    description: doc,
    'x-baton': { type, topic, key: keyedBy, writer },
    ...schema,
  };
};
