import type { JsonSchema, Route } from './json-schema.js';

/** What only people read. */
const ANNOTATIONS = new Set(['$schema', '$id', 'title', 'description', 'examples', 'x-baton']);
/** Larger is narrower. */
const LOWER_LIMITS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems'] as const;
/** Smaller is narrower. */
const UPPER_LIMITS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems'] as const;
/** No telling whether one pattern allows all that another does, so any change counts, except dropping it. */
const TEXT_RULES = ['pattern', 'format'] as const;
const JUDGED = new Set<string>([
  ...LOWER_LIMITS,
  ...UPPER_LIMITS,
  ...TEXT_RULES,
  'type',
  'const',
  'enum',
  'default',
  'items',
  'properties',
  'required',
]);

/**
 * Why a schema may not take the place of a released one, each reason with the path of its field; empty if it may.
 * The rule: whatever was valid stays valid, means the same, and travels the same way. So fields may join if they are
 * optional, and limits and enums may widen; the rest is a new version of the event.
 */
export const compatible = (released: JsonSchema, now: JsonSchema): readonly string[] => [
  ...routeChanges(released['x-baton'], now['x-baton']),
  ...changes(released, now, ''),
];

function* routeChanges(released: Route | undefined, now: Route | undefined): Generator<string> {
  for (const part of ['type', 'topic', 'key', 'writer'] as const) {
    if (released?.[part] !== now?.[part]) {
      yield `the event's ${part} was ${String(released?.[part])} and is ${String(now?.[part])}`;
    }
  }
}

function* changes(released: JsonSchema, now: JsonSchema, path: string): Generator<string> {
  const at = path === '' ? 'the event' : path;
  if (!wider(released.type, now.type)) yield `${at}: the type ${released.type} became ${now.type}`;
  yield* valueChanges(released, now, at);
  for (const limit of LOWER_LIMITS) {
    if ((now[limit] ?? -Infinity) > (released[limit] ?? -Infinity)) yield narrowed(at, limit, released, now);
  }
  for (const limit of UPPER_LIMITS) {
    if ((now[limit] ?? Infinity) < (released[limit] ?? Infinity)) yield narrowed(at, limit, released, now);
  }
  for (const rule of TEXT_RULES) {
    if (now[rule] !== undefined && now[rule] !== released[rule]) yield narrowed(at, rule, released, now);
  }
  yield* fieldChanges(released, now, path);
  if (now.items !== undefined) yield* changes(released.items ?? {}, now.items, `${path}[]`);
  yield* unknownKeywords(released, now, at);
}

/** An integer is a number, and no type at all is any type. */
const wider = (released: string | undefined, now: string | undefined): boolean =>
  now === undefined || now === released || (released === 'integer' && now === 'number');

function* valueChanges(released: JsonSchema, now: JsonSchema, at: string): Generator<string> {
  const before = allowedValues(released);
  const after = allowedValues(now);
  if (after !== undefined && before === undefined) yield `${at}: only ${after.join(', ')} is allowed now`;
  const gone = after === undefined ? [] : (before ?? []).filter((value) => !after.includes(value));
  if (gone.length > 0) yield `${at}: ${gone.join(', ')} is no longer allowed`;
  const defaults = [released, now].map((schema) => JSON.stringify(schema.default) ?? 'none');
  if (defaults[0] !== 'none' && defaults[0] !== defaults[1]) {
    yield `${at}: the default was ${defaults[0]} and is ${defaults[1]}`;
  }
}

/** The values of `enum` or `const` as JSON text. */
const allowedValues = (schema: JsonSchema): readonly string[] | undefined =>
  (schema.enum ?? (schema.const === undefined ? undefined : [schema.const]))?.map((value) => JSON.stringify(value));

function* fieldChanges(released: JsonSchema, now: JsonSchema, path: string): Generator<string> {
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const [name, schema] of Object.entries(released.properties ?? {})) {
    const current = now.properties?.[name];
    if (current === undefined) yield `${below(name)}: the field was removed`;
    else yield* changes(schema, current, below(name));
  }
  for (const name of now.required ?? []) {
    if (released.required?.includes(name)) continue;
    const isNew = released.properties?.[name] === undefined;
    yield `${below(name)}: ${isNew ? 'a new field is required' : 'an optional field became required'}`;
  }
}

/** A keyword that this check cannot judge must not slip through it. */
function* unknownKeywords(released: JsonSchema, now: JsonSchema, at: string): Generator<string> {
  const keywords = new Set([...Object.keys(released), ...Object.keys(now)]);
  for (const keyword of keywords) {
    if (ANNOTATIONS.has(keyword) || JUDGED.has(keyword)) continue;
    const [before, after] = [released, now].map((schema) =>
      JSON.stringify((schema as Record<string, unknown>)[keyword]),
    );
    if (before !== after) yield `${at}: ${keyword} changed, and nobody can tell whether that is narrower`;
  }
}

type Rule = (typeof LOWER_LIMITS | typeof UPPER_LIMITS | typeof TEXT_RULES)[number];

const narrowed = (at: string, rule: Rule, released: JsonSchema, now: JsonSchema): string =>
  `${at}: ${rule} was ${released[rule] ?? 'open'} and is ${now[rule]}`;
