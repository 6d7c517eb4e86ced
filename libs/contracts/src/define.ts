import type { z } from 'zod';
import type { TopicName } from './topics.js';

/** The programs that write events; `anyone` stands for a shop's own system. */
export type Writer = 'anyone' | 'orders' | 'inventory' | 'warehouse' | 'shipping' | 'notification' | 'coordinator';

/** An event that somebody intends to publish; the unit of work adds when and in which trace. */
export interface EventDraft<Name extends string = string, Data = unknown> {
  readonly name: Name;
  /**
   * CloudEvents id. Derived from what the event says (order, shipment, name, attempt), so that a second run of the
   * same decision makes the same event.
   */
  readonly id: string;
  /** Kafka key and CloudEvents subject: the order id, or the SKU for events of stock. */
  readonly key: string;
  readonly data: Data;
}

/** An event as a reaction sees it. */
export interface Event<Name extends string = string, Data = unknown> extends EventDraft<Name, Data> {
  /** When its writer decided it, ISO 8601 UTC. */
  readonly time: string;
}

/** What a definition knows besides making drafts. */
export interface EventMeta<Name extends string, Schema extends z.ZodType> {
  readonly eventName: Name;
  /** CloudEvents type, with the version of the schema. */
  readonly type: string;
  readonly version: number;
  readonly topic: TopicName;
  readonly writer: Writer;
  readonly keyedBy: 'order' | 'sku';
  readonly doc: string;
  readonly schema: Schema;
  readonly keyOf: (data: z.infer<Schema>) => string;
}

/**
 * The definition of one event. Calling it makes a draft:
 * `StockReserved({ orderId, shipment, … })`. A second argument tells apart what would otherwise have the same derived
 * id, for example the second asking of the same request.
 */
export interface EventDefinition<Name extends string = string, Schema extends z.ZodType = z.ZodType>
  extends EventMeta<Name, Schema> {
  (data: z.infer<Schema>, discriminator?: string | number): EventDraft<Name, z.infer<Schema>>;
}

/** The event that a definition describes, as reactions receive it. */
export type EventOf<D> = D extends EventDefinition<infer Name, infer Schema> ? Event<Name, z.infer<Schema>> : never;

interface Identity {
  readonly orderId?: string;
  readonly shipment?: number;
  readonly attempt?: number;
  readonly sku?: string;
  readonly location?: string;
}

const derivedId = (name: string, data: unknown, discriminator: string | number | undefined): string => {
  const { orderId, shipment, attempt, sku, location } = data as Identity;
  const parts = orderId === undefined ? [sku, location, name] : [orderId, shipment ?? 0, name, attempt ?? 1];
  return discriminator === undefined ? parts.join('/') : `${parts.join('/')}/${discriminator}`;
};

/** Declares an event. Its CloudEvents type is `baton.<writer>.<name>.v<version>`. */
export const defineEvent = <const Name extends string, Schema extends z.ZodType>(options: {
  readonly name: Name;
  readonly topic: TopicName;
  readonly writer: Writer;
  readonly doc: string;
  readonly data: Schema;
  readonly version?: number;
}): EventDefinition<Name, Schema> => {
  const { name, topic, writer, doc, data: schema, version = 1 } = options;
  const keyedBy = topic === 'stock' ? 'sku' : 'order';
  const keyOf = (data: z.infer<Schema>): string => {
    const { orderId, sku } = data as Identity;
    return (keyedBy === 'order' ? orderId : sku) ?? '';
  };
  const make = (data: z.infer<Schema>, discriminator?: string | number) => ({
    name,
    id: derivedId(name, data, discriminator),
    key: keyOf(data),
    data,
  });
  const meta: EventMeta<Name, Schema> = {
    eventName: name,
    type: `baton.${writer}.${name}.v${version}`,
    version,
    topic,
    writer,
    keyedBy,
    doc,
    schema,
    keyOf,
  };
  return Object.assign(make, meta);
};
