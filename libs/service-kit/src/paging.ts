import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { z } from 'zod';
import { Answers } from './api-docs.js';

const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** The query parameter `limit` of a list: how many rows a page may have. */
export const pageLimit = z.coerce.number<string>().pipe(z.int().min(1).max(MAX_PAGE)).default(DEFAULT_PAGE);

/** What the list is ordered by, in that order; enough to go on behind a row, however many there are. */
type Place = readonly (string | number)[];

/**
 * The query parameter `after` of a list: the `next` of the page before, which is the place of its last row.
 * @param parts none of them may take a slash, which stands between them
 */
export const pagePlace = <Parts extends z.ZodTuple>(parts: Parts) =>
  z.string().transform((text, context): z.output<Parts> => {
    const parsed = parts.safeParse(text.split('/'));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: 'must be the `next` of the page before' });
    return z.NEVER;
  });

/** What every page says beside its rows. */
export interface Page {
  /** Give it as `after` to get the next page; null on the last. */
  readonly next: string | null;
}

/**
 * Makes a page of what was found.
 * @param found one row more than `limit` where there are more, so that nobody has to count them
 */
export const pageOf = <Row>(
  found: readonly Row[],
  limit: number,
  placeOf: (row: Row) => Place,
): Page & { readonly page: readonly Row[] } => {
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return { page, next: last === undefined ? null : placeOf(last).join('/') };
};

/** Documents a list that is read page by page, the rows of a page under their name. */
export const Paged = (name: string, row: z.ZodType): MethodDecorator =>
  applyDecorators(
    ApiQuery({ name: 'after', required: false, description: '`next` of the page before', schema: { type: 'string' } }),
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE },
    }),
    Answers(
      200,
      'A page; `next` is null on the last.',
      z.object({
        [name]: z.array(row),
        next: z.string().nullable().describe('Give it as `after` to get the next page.'),
      }),
    ),
  );
