import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventDefinitions } from '../registry.js';
import { asyncApiDocument } from './asyncapi.js';
import { compatible } from './compatible.js';
import { type JsonSchema, jsonSchemaOf } from './json-schema.js';
import { eventsReference } from './reference.js';

/** The top of the repository; the same from `src` and from `dist`. */
export const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const SCHEMAS = 'libs/contracts/generated/schemas';
/** The schemas that others may rely on; a change is measured by them. */
const RELEASED = 'libs/contracts/generated/released';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** File name → JSON Schema of every event in every version. */
export const currentSchemas = (): ReadonlyMap<string, JsonSchema> =>
  new Map(eventDefinitions.map((event) => [`${event.eventName}.v${event.version}.json`, jsonSchemaOf(event)]));

/** All that is generated from the contracts alone: path from the top of the repository → text. */
export const generatedFiles = (): ReadonlyMap<string, string> =>
  new Map([
    ...[...currentSchemas()].map(([name, schema]) => [`${SCHEMAS}/${name}`, json(schema)] as const),
    ['libs/contracts/generated/asyncapi.json', json(asyncApiDocument())],
    ['docs/reference/events.md', eventsReference()],
  ]);

/** File name → schema as it was released. */
export const releasedSchemas = (): ReadonlyMap<string, JsonSchema> => {
  const folder = join(ROOT, RELEASED);
  const names = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  return new Map(names.map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8')) as JsonSchema]));
};

/** Why what was released does not hold any more, with the file's name before each reason. */
export const brokenPromises = (): readonly string[] => {
  const now = currentSchemas();
  return [...releasedSchemas()].flatMap(([name, schema]) => {
    const current = now.get(name);
    const reasons = current === undefined ? ['no contract declares it any more'] : compatible(schema, current);
    return reasons.map((reason) => `${name}: ${reason}`);
  });
};

/**
 * Writes every generated file and removes schemas that no event has any more. Then moves the released schemas to the
 * present ones, so that the next change is measured by this one; leaves them alone if a promise would be broken.
 * @returns the promises that are broken; none if all is well.
 */
export const generate = (): readonly string[] => {
  const files = generatedFiles();
  for (const [path, text] of files) write(path, text);
  for (const name of readdirSync(join(ROOT, SCHEMAS))) {
    if (!files.has(`${SCHEMAS}/${name}`)) rmSync(join(ROOT, SCHEMAS, name));
  }
  const broken = brokenPromises();
  if (broken.length === 0) for (const [name, schema] of currentSchemas()) write(`${RELEASED}/${name}`, json(schema));
  return broken;
};

const write = (path: string, text: string): void => {
  const full = join(ROOT, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
};
