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

/**
 * Documents a request that changes something: its Idempotency-Key, and what it may be refused with before anybody looks
 * at what it says.
 */
export const Changing = () =>
  applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'The same key with the same body gets the first answer again; with another body it is refused (422).',
    }),
    ApiResponse({ status: 413, description: 'The body is too large (problem+json).' }),
    ApiResponse({ status: 415, description: 'The body is not sent as JSON (problem+json).' }),
    ApiResponse({ status: 422, description: 'The Idempotency-Key came with another body before (problem+json).' }),
    ApiResponse({ status: 503, description: 'Too much waits, or the service stops; try again (problem+json).' }),
  );
