import type { PipelineRuntime } from '@baton/messaging';
import { Refused } from '@baton/messaging';
import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Answers, moment, named, Paged, pageLimit } from './api-docs.js';
import { PIPELINE } from './tokens.js';

/** Postgres' largest bigint. */
const LAST_ID = 2n ** 63n - 1n;

const states = ['dead', 'retrying', 'parked'] as const;
const listQuery = z.strictObject({
  state: z.enum(states).default('dead'),
  after: z.coerce.bigint().min(0n).max(LAST_ID).default(0n),
  limit: pageLimit,
});
const rowId = z.string().regex(/^\d{1,18}$/, 'must be a number');

const ROW = { name: 'id', description: 'From the list' };
const NOT_THERE = { status: 404, description: 'No such dead letter.' };

const deadLetter = named(
  'DeadLetter',
  z.object({
    id: rowId,
    state: z.enum(states),
    key: z.string().describe('Messages of the same key wait behind it; usually an order id.'),
    name: z.string().describe('What kind of message it is.'),
    origin: z.string().describe('Where it came from.'),
    reason: z.string().describe('Why it was put aside.'),
    tries: z.int(),
    at: moment,
  }),
);
const outcome = (state: string) => z.object({ id: rowId, state: z.literal(state) });

/** Messages that this service put aside. Their content may hold personal data, so that a list shows what is safe. */
@ApiTags('dead letters')
@Controller('dead-letters')
export class DeadLettersController {
  constructor(@Inject(PIPELINE) private readonly pipeline: PipelineRuntime) {}

  @Get()
  @ApiOperation({ summary: 'Messages put aside, oldest first, with the reason; never their content.' })
  @ApiQuery({ name: 'state', required: false, enum: states, description: '`dead` when absent' })
  @Paged('items', deadLetter)
  async list(@Query() raw: unknown) {
    const { state, after, limit } = listQuery.parse(raw);
    const { rows } = await this.pipeline.database.query(
      `select id, state, key, name, origin, reason, tries, created_at as at from held_message
       where state = $1 and id > $2 order by id limit $3`,
      [state, after.toString(), limit + 1],
    );
    const items = rows.slice(0, limit) as readonly { readonly id: string }[];
    return { items, next: (rows.length > limit && items.at(-1)?.id) || null };
  }

  @Post(':id/redrive')
  @HttpCode(202)
  @ApiOperation({ summary: 'Tries a dead letter again, as if its message came now.' })
  @ApiParam(ROW)
  @Answers(202, 'It is being tried.', outcome('retrying'))
  @ApiResponse(NOT_THERE)
  async redrive(@Param('id') id: string) {
    const { rowCount } = await this.pipeline.database.query(
      `update held_message set state = 'retrying', tries = 0, next_at = now() where id = $1 and state = 'dead'`,
      [rowId.parse(id)],
    );
    if (!rowCount) throw new Refused(404, 'no-such-dead-letter', `There is no dead letter ${id}; list them first.`);
    return { id, state: 'retrying' };
  }

  @Post(':id/discard')
  @HttpCode(200)
  @ApiOperation({ summary: 'Gives a dead letter up for good; what waited behind it goes on.' })
  @ApiParam(ROW)
  @Answers(200, 'It is gone.', outcome('discarded'))
  @ApiResponse(NOT_THERE)
  async discard(@Param('id') id: string) {
    const { rowCount } = await this.pipeline.database.query(
      `delete from held_message where id = $1 and state = 'dead'`,
      [rowId.parse(id)],
    );
    if (!rowCount) throw new Refused(404, 'no-such-dead-letter', `There is no dead letter ${id}; list them first.`);
    return { id, state: 'discarded' };
  }
}
