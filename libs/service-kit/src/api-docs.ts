import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';

type Schema = Extract<Parameters<typeof ApiResponse>[0], { schema: unknown }>['schema'];

/** Items that a page of a list has at most, and when nothing is said. */
const MAX_PAGE = 200;
const PAGE = 50;

/** The `limit` of a list's query. */
export const pageLimit = z.coerce.number().pipe(z.int().min(1).max(MAX_PAGE)).default(PAGE);

/** An Idempotency-Key as it may stand in a header: visible ASCII, so that it means the same everywhere. */
const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'Idempotency-Key must be 1 to 255 visible ASCII characters');

/** The option of a command that makes its repetition safe, from the header; nothing where there is none. */
export const keyed = (header: string | undefined): { readonly idempotencyKey?: string } =>
  header === undefined ? {} : { idempotencyKey: idempotencyKey.parse(header) };

/** A schema as OpenAPI 3.1 takes it. It allows members that it does not name: answers may gain some. */
export const openApi = (schema: z.ZodType): Schema => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest as Schema;
};

/** A moment in an answer, ISO 8601 in UTC. */
export const moment = z.string().meta({ format: 'date-time' });

/** Names a schema, so that a document has it once. */
export const named = <Kind extends z.ZodType>(title: string, schema: Kind): Kind => schema.meta({ title });

/** How an operation answers when it succeeds. */
export const Answers = (status: number, description: string, schema: z.ZodType): MethodDecorator =>
  ApiResponse({ status, description, schema: openApi(schema) });

/** A list that is read page by page, the items of a page under their name. */
export const Paged = (name: string, item: z.ZodType): MethodDecorator =>
  applyDecorators(
    ApiQuery({ name: 'after', required: false, description: '`next` of the page before', schema: { type: 'string' } }),
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: MAX_PAGE, default: PAGE },
    }),
    Answers(
      200,
      'A page; `next` is null on the last.',
      z.object({
        [name]: z.array(item),
        next: z.string().nullable().describe('Give it as `after` to get the next page.'),
      }),
    ),
  );

/** A command that an Idempotency-Key makes safe to repeat. */
export const Repeatable = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'The same key with the same body gets the first answer again; with another body it is refused (422).',
    }),
    ApiResponse({ status: 422, description: 'The Idempotency-Key came with another body before.' }),
  );
