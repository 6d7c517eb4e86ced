import { type AnySchema, Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import { type Answer, send } from './http.js';

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema: AnySchema }>>;
}
interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, AnySchema>> };
}

/** The operations of a gateway's OpenAPI document, each answer checked against what the document says of it. */
export class DocumentedApi {
  private readonly ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly succeeded = new Set<string>();

  private constructor(
    private readonly url: string,
    private readonly document: Document,
  ) {
    addFormats.default(this.ajv);
    const schemas = Object.entries(document.components.schemas);
    this.ajv.addSchema({ $id: 'api', $defs: Object.fromEntries(schemas.map(closed)) });
  }

  static async of(url: string): Promise<DocumentedApi> {
    const { text } = await send('GET', `${url}/openapi.json`);
    return new DocumentedApi(url, JSON.parse(text) as Document);
  }

  get operations(): readonly string[] {
    return Object.entries(this.document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
  }

  /** Operations that were never seen to succeed. */
  get unseen(): readonly string[] {
    return this.operations.filter((operation) => !this.succeeded.has(operation));
  }

  /**
   * Asks, and checks that status, content type and body are documented: all members of the body, too.
   * @param operation such as `GET /orders/{orderId}`
   * @param path the same with what it asks for, such as `/orders/1?x=y`
   */
  async ask(
    operation: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const [method = '', template = ''] = operation.split(' ');
    const documented = this.document.paths[template]?.[method.toLowerCase()];
    if (!documented) throw new Error(`The API has no operation ${operation}.`);
    const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await send(method as 'GET' | 'POST', `${this.url}${path}`, sent, headers);
    const what = `${operation} → ${answer.status} ${answer.text}`;
    const content = documented.responses[String(answer.status)]?.content;
    expect(content, what).toBeDefined();
    const [type = ''] = answer.contentType.split(';');
    expect(Object.keys(content ?? {}), what).toEqual([type]);
    const validate = this.validatorOf(`${operation} ${answer.status}`, content?.[type]?.schema ?? false);
    expect(validate(answer.body), `${what}: ${this.ajv.errorsText(validate.errors)}`).toBe(true);
    if (answer.status < 300) this.succeeded.add(operation);
    return answer;
  }

  private validatorOf(name: string, schema: AnySchema): ValidateFunction {
    const known = this.validators.get(name);
    if (known) return known;
    const made = this.ajv.compile(closed(['', schema])[1]);
    this.validators.set(name, made);
    return made;
  }
}

/** A schema by which a member that it does not name is a fault; only problems may have members of their own. */
const closed = ([name, schema]: readonly [string, AnySchema]): readonly [string, AnySchema] => {
  const isProblem = name.endsWith('.Problem');
  const strict = JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key === '$ref') return String(value).replace('#/components/schemas/', 'api#/$defs/');
    if (typeof value !== 'object' || value === null || isProblem) return value;
    return 'properties' in value && !('additionalProperties' in value)
      ? { ...value, additionalProperties: false }
      : value;
  }) as AnySchema;
  return [name, strict];
};
