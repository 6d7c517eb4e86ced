import { discard, heldMessages, type PipelineRuntime, redrive, Refused } from '@baton/messaging';
import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { pageLimit } from './paging.js';
import { PIPELINE } from './tokens.js';

/** Postgres' largest bigint. */
const LAST_ID = 2n ** 63n - 1n;

const states = ['dead', 'retrying', 'parked'] as const;
const listQuery = z.object({
  state: z.enum(states).default('dead'),
  after: z.coerce.bigint().min(0n).max(LAST_ID).default(0n),
  limit: pageLimit,
});
const rowId = z.string().regex(/^\d{1,18}$/, 'must be a number');

const ROW = { name: 'id', description: 'From the list' };
const NOT_THERE = { status: 404, description: 'No such dead letter (problem+json).' };

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
  @ApiQuery({ name: 'after', required: false, description: '`next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, description: '1 to 200; 50 when absent' })
  @ApiResponse({ status: 200, description: 'A page; without `next` it is the last.' })
  @ApiResponse({ status: 400, description: 'No such state, place or limit (problem+json).' })
  async list(@Query() raw: unknown) {
    const { state, after, limit } = listQuery.parse(raw);
    const items = await heldMessages(this.pipeline.database, state, after, limit);
    return { items, next: items.length === limit ? items.at(-1)?.id : undefined };
  }

  @Post(':id/redrive')
  @HttpCode(202)
  @ApiOperation({
    summary:
      'Tries a dead letter again, as if its message came now; behind an earlier one of its key it waits for that.',
  })
  @ApiParam(ROW)
  @ApiResponse({
    status: 202,
    description: 'It is being tried (`retrying`), or waits for `waitsFor` to be redriven or discarded (`parked`).',
  })
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
  @ApiResponse({ status: 200, description: 'It is gone.' })
  @ApiResponse(NOT_THERE)
  async discard(@Param('id') id: string) {
    if (!(await discard(this.pipeline.database, rowId.parse(id)))) throw notThere(id);
    return { id, state: 'discarded' };
  }
}
