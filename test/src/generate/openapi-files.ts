import { gateway, mergeOpenApi, type OpenApi } from '@baton/gateway';
import { describeOpenApi, type ServiceDefinition } from '@baton/service-kit';

const FOLDER = 'docs/reference/openapi';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * The OpenAPI document of each service, and the one of the gateway, which is made of them.
 * @returns path from the top of the repository → text
 */
export const openApiFiles = async (services: readonly ServiceDefinition[]): Promise<ReadonlyMap<string, string>> => {
  const documents = new Map<string, OpenApi>();
  for (const service of services) {
    if (service.name === gateway.name) continue;
    documents.set(service.name, JSON.parse(JSON.stringify(await describeOpenApi(service))) as OpenApi);
  }
  return new Map([
    ...[...documents].map(([name, document]) => [`${FOLDER}/${name}.json`, json(document)] as const),
    [`${FOLDER}/${gateway.name}.json`, json(mergeOpenApi(documents))] as const,
  ]);
};
