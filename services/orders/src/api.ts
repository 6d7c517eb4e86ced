import { identifier, OrderSubmitted } from '@baton/contracts';
import { Pipeline, Refused, type Reply, traceOfText } from '@baton/messaging';
import { Answers, CONFIG, keyed, type Page, Paged, pageOf, Repeatable } from '@baton/service-kit';
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  cancelBody,
  cancelBodySchema,
  listQuery,
  orderBodySchema,
  orderCounts,
  orderDetail,
  orderSummary,
  orderView,
} from './api-schemas.js';
import { CancelOrder, PlaceOrder } from './commands.js';
import { type OrdersConfig, traceUrl } from './config.js';
import { isPlaced, type PlacedOrder } from './domain/order.js';
import { ownSentence, ownTimeline, type OrderView, type TimelineEntry, viewOf } from './domain/view.js';
import { SagaViews } from './saga-view.js';
import {
  type AcceptedStatus,
  acceptedStatuses,
  OrderQueries,
  type OrderSummary,
  type StoredOrder,
} from './store/order-queries.js';

/** The part of a response that handlers here set. */
interface Answer {
  status(code: number): unknown;
  setHeader(name: string, value: string): unknown;
}

/** One order in full, but for what is personal in it. */
export interface OrderDetail extends OrderView {
  /** What the order waits for, since when, until when, and what happens then. */
  readonly waitsFor: string;
  readonly timeline: readonly TimelineEntry[];
  /** Who said the two: the coordinator, or this service from its own facts while the coordinator does not answer. */
  readonly toldBy: 'coordinator' | 'orders';
  /**
   * The trace in which the order was taken in, 32 hexadecimal digits; null where nothing was traced. What happens hours
   * later is in traces of their own, which link to it and have the order id as their attribute `baton.key`.
   */
  readonly traceId: string | null;
  /** Where to look at that trace; null where no backend is named, or the trace was not chosen to be kept. */
  readonly traceUrl: string | null;
}

export interface OrderPage extends Page {
  readonly orders: readonly OrderSummary[];
}

const unknownOrder = (orderId: string): Refused =>
  // What is no identifier is not repeated in the answer: it may hold anything.
  new Refused(
    404,
    'unknown-order',
    identifier.safeParse(orderId).success ? `There is no order ${orderId}.` : 'There is no such order.',
  );

/** Orders: handed over, listed, followed, cancelled. */
@ApiTags('orders')
@Controller('orders')
export class OrdersApi {
  constructor(
    @Inject(Pipeline) private readonly pipeline: Pipeline,
    @Inject(OrderQueries) private readonly queries: OrderQueries,
    @Inject(SagaViews) private readonly sagas: SagaViews,
    @Inject(CONFIG) private readonly config: OrdersConfig,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Hand over an order',
    description: 'The same order again changes nothing (200). Another one under the same id is refused (409).',
  })
  @Repeatable()
  @ApiBody({ schema: orderBodySchema })
  @Answers(201, 'Accepted; Location names it.', orderView)
  @Answers(200, 'The same order was accepted before.', orderView)
  @ApiResponse({
    status: 400,
    description: 'Not an order (`issues` names each fault), or its id is `summary` or `counts`, which are pages here.',
  })
  @ApiResponse({ status: 409, description: 'Another order has this id.' })
  async place(
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) response: Answer,
  ): Promise<unknown> {
    const order = OrderSubmitted.schema.parse(body);
    const reply = await this.pipeline.submit(PlaceOrder, order, keyed(key));
    const { status = 200, body: view } = accepted(reply);
    response.status(status);
    response.setHeader('Location', `/orders/${encodeURIComponent(order.orderId)}`);
    return view;
  }

  @Get()
  @ApiOperation({ summary: 'List orders, newest first' })
  @ApiQuery({ name: 'status', required: false, enum: acceptedStatuses })
  @Paged('orders', orderSummary)
  async list(@Query() query: unknown): Promise<OrderPage> {
    const { status, after, limit } = listQuery.parse(query);
    const found = await this.queries.list({ status, after, limit: limit + 1 });
    const { page, next } = pageOf(found, limit, ({ placedAt, orderId }) => [placedAt, orderId]);
    return { orders: page, next };
  }

  @Get('summary')
  @ApiOperation({ summary: 'How many orders there are in each status' })
  @Answers(200, 'A number for each status, and their sum.', orderCounts)
  async summary(): Promise<{ readonly total: number; readonly byStatus: Readonly<Record<AcceptedStatus, number>> }> {
    const byStatus = await this.queries.countByStatus();
    return { total: Object.values(byStatus).reduce((sum, count) => sum + count, 0), byStatus };
  }

  @Get(':orderId')
  @ApiOperation({ summary: 'One order: its status, what it waits for, what happened to it, and its trace' })
  @ApiParam({ name: 'orderId' })
  @Answers(200, 'The order, without what is personal in it.', orderDetail)
  @ApiResponse({ status: 404, description: 'No such order.' })
  async read(@Param('orderId') orderId: string): Promise<OrderDetail> {
    const record = await this.placed(orderId);
    const saga = await this.sagas.of(orderId);
    const known = { ...viewOf(record), ...this.traceOf(record) };
    if (!saga) return { ...known, waitsFor: ownSentence(record), timeline: ownTimeline(record), toldBy: 'orders' };
    const timeline = saga.timeline.map((entry) => ({ ...entry, shipment: entry.shipment ?? 0 }));
    return { ...known, waitsFor: saga.sentence, timeline, toldBy: 'coordinator' };
  }

  @Post(':orderId/cancel')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Ask to cancel an order',
    description: 'A wish: what has gone out stays out, and the customer is told. The status says how it went.',
  })
  @Repeatable()
  @ApiBody({ schema: cancelBodySchema, required: false })
  @ApiParam({ name: 'orderId' })
  @Answers(202, 'The wish is being worked on.', orderView)
  @ApiResponse({ status: 404, description: 'No such order.' })
  @ApiResponse({ status: 409, description: 'It was asked for too often.' })
  async cancel(
    @Param('orderId') orderId: string,
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<unknown> {
    if (!identifier.safeParse(orderId).success) throw unknownOrder(orderId);
    const { reason } = cancelBody.nullish().parse(body) ?? {};
    const reply = await this.pipeline.submit(
      CancelOrder,
      { orderId, ...(reason !== undefined && { reason }) },
      keyed(key),
    );
    return accepted(reply).body;
  }

  private traceOf({ trace }: StoredOrder): Pick<OrderDetail, 'traceId' | 'traceUrl'> {
    const { traceId = null, isRecorded = false } = traceOfText(trace) ?? {};
    return { traceId, traceUrl: traceId !== null && isRecorded ? traceUrl(this.config, traceId) : null };
  }

  private async placed(orderId: string): Promise<StoredOrder<PlacedOrder>> {
    const record = identifier.safeParse(orderId).success ? await this.queries.find(orderId) : undefined;
    if (!isPlaced(record)) throw unknownOrder(orderId);
    return record;
  }
}

/** A reply that is a refusal becomes the problem that it is. */
const accepted = (reply: Reply): Reply => {
  if ((reply.status ?? 200) < 400) return reply;
  const { code, detail } = reply.body as { readonly code: string; readonly detail: string };
  throw new Refused(reply.status ?? 409, code, detail);
};
