import { fileURLToPath } from 'node:url';
import SwaggerParser from '@apidevtools/swagger-parser';
import { routes } from '@baton/gateway';
import { beforeAll, describe, expect, it } from 'vitest';
import { openApiFiles } from '../generate/openapi-files.js';
import { services } from '../generate/services.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let files: ReadonlyMap<string, string>;
beforeAll(async () => {
  files = await openApiFiles(services);
});

interface Operation {
  readonly operationId?: string;
  readonly responses?: Readonly<Record<string, { readonly content?: object }>>;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[];
}
interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const documentOf = (name: string): OpenApiDocument =>
  JSON.parse(files.get(`docs/reference/openapi/${name}.json`) ?? '') as OpenApiDocument;
const pathsOf = (name: string): readonly string[] => Object.keys(documentOf(name).paths);

/** What the schema of OpenAPI does not ask for, and a reader needs. */
const faultsOf = (path: string, { responses = {}, parameters = [] }: Operation): readonly string[] => {
  const declared = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
  const taken = [...path.matchAll(/\{(.+?)\}/g)].map(([, name]) => name ?? '');
  // A header is the same whatever its case.
  const names = parameters.map((parameter) => `${parameter.in} ${parameter.name.toLowerCase()}`);
  return [
    ...(Object.keys(responses).some((status) => status.startsWith('2')) ? [] : ['no 2xx']),
    ...Object.entries(responses).flatMap(([status, { content }]) => (content ? [] : `${status} holds nothing`)),
    ...taken.filter((name) => !declared.includes(name)).map((name) => `{${name}} is not declared`),
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is declared twice`),
  ];
};

describe('The OpenAPI documents', () => {
  it.each(services.map(({ name }) => name))('of %s is valid', async (name) => {
    await expect(SwaggerParser.validate(`${ROOT}docs/reference/openapi/${name}.json`)).resolves.toBeDefined();
  });

  it.each(services.map(({ name }) => name))(
    'of %s says of each operation how it succeeds and fails, and what it takes',
    (name) => {
      const faults = Object.entries(documentOf(name).paths).flatMap(([path, item]) =>
        Object.entries(item).flatMap(([method, operation]) =>
          faultsOf(path, operation).map((fault) => `${method} ${path}: ${fault}`),
        ),
      );
      expect(faults).toEqual([]);
    },
  );

  it.each(services.map(({ name }) => name))('of %s gives each operation a name of its own', (name) => {
    const names = Object.values(documentOf(name).paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    );
    expect(names).toEqual([...new Set(names)]);
  });

  it('are the same each time', async () => {
    expect([...(await openApiFiles(services))]).toEqual([...files]);
  });

  it('tell of every part of the API that the gateway passes on, and of no other', () => {
    const documented = pathsOf('gateway');
    // The mailbox is a stand-in with two addresses and no document.
    const prefixes = routes.filter(({ upstream }) => upstream !== 'mailbox').map(({ prefix }) => prefix);
    const covers = (prefix: string) => (path: string) => path === prefix || path.startsWith(`${prefix}/`);
    expect(prefixes.filter((prefix) => !documented.some(covers(prefix)))).toEqual([]);
    expect(documented.filter((path) => !prefixes.some((prefix) => covers(prefix)(path)))).toEqual([]);
  });
});
