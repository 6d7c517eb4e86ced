import {
  definitionOfType,
  type EventDefinition,
  eventDefinitions,
  type OrderCancellationSubmitted,
  type OrderInput,
  OrderSubmitted,
} from '@baton/contracts';
import type { z } from 'zod';

/** One valid event of the input. */
export interface Entry {
  /** Line in the input, from 1; undefined for sample data. */
  readonly line?: number;
  readonly definition: EventDefinition;
  /** CloudEvents id. */
  readonly id: string;
  readonly source: string;
  readonly time?: string;
  readonly orderId: string;
  readonly data: OrderInput | OrderCancellationSubmitted['data'];
}

/** A line that is no event, and why. */
export interface Fault {
  readonly line: number;
  readonly reason: string;
}

export interface Parsed {
  readonly entries: readonly Entry[];
  readonly faults: readonly Fault[];
}

const TOPIC = 'orders-intake';
const SOURCE = '/baton/cli';
const NEWLINE = 0x0a;
const MAX_ISSUES = 5;

/**
 * Reads JSON lines: each an order as `POST /orders` takes it, or a CloudEvent in structured mode (an object with
 * `specversion`). Empty lines are skipped.
 */
export const parseLines = (input: Buffer): Parsed => {
  const entries: Entry[] = [];
  const faults: Fault[] = [];
  for (const [index, bytes] of linesOf(input).entries()) {
    const line = index + 1;
    try {
      const text = decoded(bytes);
      if (text.trim() !== '') entries.push({ line, ...entryOf(jsonOf(text)) });
    } catch (error) {
      if (!(error instanceof NoEvent)) throw error;
      faults.push({ line, reason: error.message });
    }
  }
  return { entries, faults };
};

/** An order that is already known to be one. */
export const orderEntry = (order: OrderInput): Entry => checked(OrderSubmitted, order, {});

class NoEvent extends Error {}

const linesOf = (input: Buffer): readonly Buffer[] => {
  const lines: Buffer[] = [];
  for (let from = 0; from < input.length; ) {
    const end = input.indexOf(NEWLINE, from);
    lines.push(input.subarray(from, end < 0 ? input.length : end));
    if (end < 0) break;
    from = end + 1;
  }
  return lines;
};

const decoded = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new NoEvent('not UTF-8');
  }
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NoEvent(`not JSON: ${(error as Error).message}`);
  }
};

const entryOf = (value: unknown): Entry => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new NoEvent('not an object; a line is an order or a CloudEvent');
  }
  return 'specversion' in value ? cloudEvent(value) : checked(OrderSubmitted, value, {});
};

const cloudEvent = (envelope: { readonly [attribute: string]: unknown }): Entry => {
  const { specversion, type, id, source, time, subject, data, datacontenttype } = envelope;
  if (specversion !== '1.0') throw new NoEvent('specversion must be "1.0"');
  const definition = typeof type === 'string' ? definitionOfType(type) : undefined;
  if (definition?.topic !== TOPIC) throw new NoEvent(`type must be one of ${submitted().join(', ')}`);
  if (typeof id !== 'string' || id === '') throw new NoEvent('id is missing; it tells repetitions apart');
  if (typeof source !== 'string' || source === '') throw new NoEvent('source is missing; it names who wrote the event');
  if (time !== undefined && (typeof time !== 'string' || Number.isNaN(Date.parse(time)))) {
    throw new NoEvent('time must be a date and time, such as 2026-11-08T09:30:00Z');
  }
  if (datacontenttype !== undefined && datacontenttype !== 'application/json') {
    throw new NoEvent('datacontenttype must be application/json');
  }
  const entry = checked(definition, data, { id, source, ...(time !== undefined && { time }) });
  if (subject !== undefined && subject !== entry.orderId) {
    throw new NoEvent(`subject ${JSON.stringify(subject)} and orderId ${JSON.stringify(entry.orderId)} disagree`);
  }
  return entry;
};

const submitted = (): readonly string[] =>
  eventDefinitions.filter(({ topic }) => topic === TOPIC).map(({ type }) => type);

const checked = (definition: EventDefinition, data: unknown, attributes: Partial<Entry>): Entry => {
  const parsed = definition.schema.safeParse(data);
  if (!parsed.success) throw new NoEvent(issuesOf(parsed.error));
  const { id, key } = definition(parsed.data);
  return { definition, id, source: SOURCE, orderId: key, data: parsed.data as Entry['data'], ...attributes };
};

const issuesOf = ({ issues }: z.ZodError): string => {
  const texts = issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  return texts.join('; ') + (issues.length > MAX_ISSUES ? `; and ${issues.length - MAX_ISSUES} more` : '');
};
