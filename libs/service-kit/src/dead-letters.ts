import { discard, type HeldMessage, heldMessages, type PipelineRuntime, redrive, Refused } from '@baton/messaging';
import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Answers, moment, named } from './api-docs.js';
import { Paged, pageLimit, pageOf } from './paging.js';
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

const waitsFor = rowId.exactOptional().describe('The failed message of its key that it waits behind.');

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
    waitsFor,
  }),
) satisfies z.ZodType<HeldMessage>;
const redriven = z.object({ id: rowId, state: z.enum(['retrying', 'parked']), waitsFor });
const discarded = z.object({ id: rowId, state: z.literal('discarded') });

const notThere = (id: string): Refused =>
  new Refused(404, 'no-such-dead-letter', `There is no dead letter ${id}; list them first.`);

/** Messages that this service put aside. Their content may hold personal data, so that a list shows what is safe. */
@ApiTags('dead letters')
@Controller('dead-letters')
export class DeadLettersController {
  constructor(@Inject(PIPELINE) private readonly pipeline: PipelineRuntime) {}

  @Get()
  @ApiOperation({
    summary: 'Messages put aside, oldest first, with the reason and what they wait for; never their content.',
  })
  @ApiQuery({ name: 'state', required: false, enum: states, description: '`dead` when absent' })
  @Paged('items', deadLetter)
  async list(@Query() raw: unknown) {
    const { state, after, limit } = listQuery.parse(raw);
    const found = await heldMessages(this.pipeline.database, state, after, limit + 1);
    const { page, next } = pageOf(found, limit, ({ id }) => [id]);
    return { items: page, next };
  }

  @Post(':id/redrive')
  @HttpCode(202)
  @ApiOperation({
    summary:
      'Tries a dead letter again, as if its message came now; behind an earlier one of its key it waits for that.',
  })
  @ApiParam(ROW)
  @Answers(
    202,
    'It is being tried (`retrying`), or waits for `waitsFor` to be redriven or discarded (`parked`).',
    redriven,
  )
  @ApiResponse(NOT_THERE)
  async redrive(@Param('id') id: string) {
    const redriven = await redrive(this.pipeline.database, rowId.parse(id));
    if (!redriven) throw notThere(id);
    return redriven;
  }

  @Post(':id/discard')
  @HttpCode(200)
  @ApiOperation({ summary: 'Gives a dead letter up for good; what waited behind it goes on.' })
  @ApiParam(ROW)
  @Answers(200, 'It is gone.', discarded)
  @ApiResponse(NOT_THERE)
  async discard(@Param('id') id: string) {
    if (!(await discard(this.pipeline.database, rowId.parse(id)))) throw notThere(id);
    return { id, state: 'discarded' };
  }
}
