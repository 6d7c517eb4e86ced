import { definitionOf, type EventDraft } from '@baton/contracts';

/** What a saga knows at some point, by the names of the fields of events. */
export type Known = Readonly<Record<string, unknown>>;

interface Field {
  readonly name: string;
  readonly required: boolean;
}

interface Shaped {
  readonly shape: Readonly<Record<string, { safeParse(value: unknown): { success: boolean } }>>;
}

const isShaped = (schema: unknown): schema is Shaped =>
  typeof schema === 'object' && schema !== null && 'shape' in schema && typeof schema.shape === 'object';

const fieldsByEvent = new Map<string, readonly Field[]>();

/** The fields of an event's data, and whether each must be there. */
export const fieldsOf = (event: string): readonly Field[] => {
  const known = fieldsByEvent.get(event);
  if (known) return known;
  const { schema } = definitionOf(event);
  const shape = isShaped(schema) ? schema.shape : {};
  const fields = Object.entries(shape).map(([name, field]) => ({
    name,
    required: !field.safeParse(undefined).success,
  }));
  fieldsByEvent.set(event, fields);
  return fields;
};

/**
 * Makes an event by name: of all that is known it takes what the event has a field for. So a definition needs to name
 * an event only, and `defineSaga` checks that every required field is known where the event is said.
 * @param discriminator tells apart events that would have the same derived id, such as the second asking
 */
export const draft = (event: string, known: Known, discriminator?: string | number): EventDraft => {
  const data: Record<string, unknown> = {};
  for (const { name } of fieldsOf(event)) if (known[name] !== undefined) data[name] = known[name];
  return definitionOf(event)(data, discriminator);
};

/** Values of a field given as a path; where the path meets a list, those of every element. */
export const valuesAt = (data: unknown, path: string): readonly unknown[] =>
  path
    .split('.')
    .reduce<readonly unknown[]>(
      (values, key) =>
        values.flatMap((value) => (typeof value === 'object' && value !== null ? [(value as Known)[key]].flat() : [])),
      [data],
    );
