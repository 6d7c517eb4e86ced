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

interface OpenApiDocument {
  readonly paths: object;
}

const documentOf = (name: string): OpenApiDocument =>
  JSON.parse(files.get(`docs/reference/openapi/${name}.json`) ?? '') as OpenApiDocument;
const pathsOf = (name: string): readonly string[] => Object.keys(documentOf(name).paths);

describe('The OpenAPI documents', () => {
  it.each(services.map(({ name }) => name))('of %s is valid', async (name) => {
    await expect(SwaggerParser.validate(`${ROOT}docs/reference/openapi/${name}.json`)).resolves.toBeDefined();
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
