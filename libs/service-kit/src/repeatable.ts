import type { SubmitOptions } from '@baton/messaging';
import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';

/** Visible ASCII, so that a key means the same everywhere. */
const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'Idempotency-Key must be 1 to 255 visible ASCII characters')
  .optional();

/** How a request's command is submitted, by its Idempotency-Key if it has one. */
export const keyed = (header: string | undefined): SubmitOptions => {
  const key = idempotencyKey.parse(header);
  return key === undefined ? {} : { idempotencyKey: key };
};

/** Documents a command that an Idempotency-Key makes safe to repeat. */
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
