import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Parser } from '@asyncapi/parser';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import { eventDefinitions } from '../index.js';
import { examples } from '../examples.js';
import { asyncApiDocument } from './asyncapi.js';
import { brokenPromises, currentSchemas, generatedFiles, releasedSchemas, ROOT } from './files.js';
import { jsonSchemaOf } from './json-schema.js';

const ajv = new Ajv2020({ strict: true, allErrors: true });
addFormats.default(ajv);
ajv.addKeyword('x-baton');

const events = eventDefinitions.map((event) => [event.type, event] as const);
const compiled = new Map(eventDefinitions.map((event) => [event, ajv.compile(jsonSchemaOf(event))]));
const valid = (event: (typeof eventDefinitions)[number], data: unknown) => ({
  zod: event.schema.safeParse(data).success,
  ajv: compiled.get(event)?.(data),
});

test.for(events)('the JSON Schema of %s is valid, and it and zod accept the example', ([type, event]) => {
  expect(ajv.validateSchema(jsonSchemaOf(event))).toBe(true);
  expect(examples[type]).toBeDefined();
  expect(valid(event, examples[type])).toEqual({ zod: true, ajv: true });
});

test.for(events)('%s: JSON Schema and zod agree on what a field may lack or hold', ([type, event]) => {
  let refused = 0;
  for (const data of variants(examples[type])) {
    const verdict = valid(event, data);
    expect(verdict.ajv, JSON.stringify(data)).toBe(verdict.zod);
    if (!verdict.zod) refused++;
  }
  expect(refused).toBeGreaterThan(0);
});

/** The data with each field in turn, at every depth, left out or replaced by something that is often wrong. */
function* variants(data: unknown): Generator<unknown> {
  if (Array.isArray(data)) {
    yield [];
    for (const [index, item] of data.entries()) {
      for (const variant of variants(item)) yield data.with(index, variant);
    }
  } else if (typeof data === 'object' && data !== null) {
    for (const [name, value] of Object.entries(data)) {
      yield Object.fromEntries(Object.entries(data).filter(([other]) => other !== name));
      for (const variant of variants(value)) yield { ...data, [name]: variant };
    }
    yield { ...data, unknownField: 1 };
  }
  yield* [null, '', 'Zoë 😀', 'a\u0000b', 'a\uD800b', -1, 0, 1, 1.5, 1e9, true, {}];
}

test('the AsyncAPI document has neither errors nor warnings for its parser', async () => {
  const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument()));
  const findings = diagnostics.map(({ message, path, code }) => `${code} ${path.join('.')}: ${message}`);
  expect(findings).toEqual([]);
  expect(document?.allMessages().length).toBe(eventDefinitions.length);
});

test('what is generated equals what is committed', () => {
  for (const [path, text] of generatedFiles()) {
    expect(readFileSync(join(ROOT, path), 'utf8'), `${path}; npm run build and scripts/generate.mjs renew it`).toBe(
      text,
    );
  }
});

test('every event keeps what its released schema promises', () => {
  expect(brokenPromises()).toEqual([]);
  expect([...releasedSchemas().keys()]).toEqual([...currentSchemas().keys()].toSorted());
});

test('released schemas are schemas of the version their names say', () => {
  for (const [name, schema] of releasedSchemas()) {
    expect(name).toBe(`${schema.title}.${schema['x-baton']?.type.split('.').at(-1)}.json`);
  }
});
