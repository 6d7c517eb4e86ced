import { ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';

type Schema = Extract<Parameters<typeof ApiResponse>[0], { schema: unknown }>['schema'];

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
