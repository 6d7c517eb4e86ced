import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { named, openApi } from './api-docs.js';

type Operation = Exclude<OpenAPIObject['paths'][string]['get'], undefined>;
type Responses = Operation['responses'];

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const problem = named(
  'Problem',
  z.object({
    type: z.string().describe('Name of the kind of problem, `urn:baton:problem:…`, or `about:blank`.'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What is wrong, and what would be right.'),
    issues: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('Each fault of a request that is not what is asked for.'),
  }),
);

/** What any operation may answer, whatever it is about, besides what it says of itself. */
const OF_ALL = {
  503: { description: 'The database is away, too much waits, or the service stops; try again after `Retry-After`.' },
  default: { description: 'Whatever else goes wrong; `type` and `detail` say what.' },
};
const OF_WHAT_TAKES_SOMETHING = { 400: { description: 'Not what is asked for here; `issues` names each fault.' } };
const OF_WHAT_CHANGES = {
  413: { description: 'The body is too large.' },
  415: { description: 'The body is not JSON in UTF-8, or not said to be.' },
};

/**
 * A document in which each operation also has the answers that what is around it gives, every failure is a problem, and
 * each schema with a title stands once, among the components.
 */
export const withProblems = (document: OpenAPIObject): OpenAPIObject => {
  const content = { 'application/problem+json': { schema: openApi(problem) } };
  const all = (method: string, { parameters = [], responses }: Operation): Responses => {
    const complete = {
      ...OF_ALL,
      ...((parameters.length > 0 || method !== 'get') && OF_WHAT_TAKES_SOMETHING),
      ...(method !== 'get' && OF_WHAT_CHANGES),
      ...responses,
    };
    return Object.fromEntries(
      Object.entries(complete).map(([status, response]) => [
        status,
        /^[123]/.test(status) ? response : { ...response, content },
      ]),
    ) as Responses;
  };
  const paths = Object.entries(document.paths).map(([path, item]) => {
    const operations = METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [[method, { ...operation, responses: all(method, operation) }] as const] : [];
    });
    return [path, { ...item, ...Object.fromEntries(operations) }] as const;
  });
  return hoisted({ ...document, paths: Object.fromEntries(paths) });
};

/** Moves each schema that has a title to the components, and leaves a reference in its place. */
const hoisted = ({ paths, ...document }: OpenAPIObject): OpenAPIObject => {
  const schemas: Record<string, object> = {};
  const inPlace = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(inPlace);
    const { title, ...rest } = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inPlace(each)]));
    if (typeof title !== 'string') return title === undefined ? rest : { title, ...rest };
    schemas[title] = rest;
    return { $ref: `#/components/schemas/${title}` };
  };
  const referring = inPlace(paths) as OpenAPIObject['paths'];
  const { components } = document;
  return {
    ...document,
    paths: referring,
    components: { ...components, schemas: { ...components?.schemas, ...schemas } },
  };
};
