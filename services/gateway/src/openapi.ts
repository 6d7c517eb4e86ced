import { routes } from './routes.js';

/** The parts of an OpenAPI document that are merged; all else is passed on as it is. */
export interface OpenApi {
  readonly paths?: Readonly<Record<string, PathItem>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}
type PathItem = Readonly<Record<string, unknown>>;

/** An operation as the documentation page lists it. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/**
 * Makes one document of those of the services: the paths that the gateway passes on, and the schemas, each under its
 * service's name.
 * @param documents by service; undefined where a service did not answer
 */
export const mergeOpenApi = (documents: ReadonlyMap<string, OpenApi | undefined>) => {
  const paths: Record<string, PathItem> = {};
  const schemas: Record<string, unknown> = {};
  for (const [service, document] of documents) {
    if (!document) continue;
    const own = renamed(document, service);
    for (const [path, item] of Object.entries(own.paths ?? {})) {
      const route = routes.find(
        ({ upstream, at }) => upstream === service && (path === at || path.startsWith(`${at}/`)),
      );
      if (route) paths[route.prefix + path.slice(route.at.length)] = item;
    }
    for (const [name, schema] of Object.entries(own.components?.schemas ?? {})) schemas[`${service}.${name}`] = schema;
  }
  const missing = [...documents].filter(([, document]) => !document).map(([service]) => service);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Baton',
      version: '1',
      description: [
        'Order fulfilment: all services behind one address.',
        ...missing.map((name) => `(${name} did not answer.)`),
      ].join(' '),
    },
    paths,
    components: { schemas },
  };
};

/** A document whose references and operations say the service's name, so that they stay apart in the merged one. */
const renamed = (document: OpenApi, service: string): OpenApi =>
  JSON.parse(JSON.stringify(document), (key, value: unknown) => {
    if (typeof value !== 'string') return value;
    if (key === 'operationId') return `${service}_${value}`;
    return key === '$ref' ? value.replace(/^#\/components\/schemas\//, `#/components/schemas/${service}.`) : value;
  }) as OpenApi;

/** The operations of a document, in its order. */
export const operationsOf = ({ paths = {} }: OpenApi): readonly Operation[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method] as { readonly summary?: string } | undefined;
      return operation ? [{ method: method.toUpperCase(), path, summary: operation.summary ?? '' }] : [];
    }),
  );

/** Answers with the merged document of all services, as they are now. */
export const openApiOfAll =
  (services: { documents(): Promise<ReadonlyMap<string, OpenApi | undefined>> }) =>
  async (_request: unknown, response: { json(body: unknown): void }): Promise<void> => {
    response.json(mergeOpenApi(await services.documents()));
  };
