import { identifier } from '@baton/contracts';
import { Pipeline, Refused } from '@baton/messaging';
import { Answers, keyed, openApi, type Page, Paged, pageOf, Repeatable } from '@baton/service-kit';
import { applyDecorators, Body, Controller, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import {
  audit,
  backordersQuery,
  changedLevel,
  importedStock,
  place,
  reservationsQuery,
  reservationView,
  stockQuery,
  stockView,
} from './api-schemas.js';
import { catalogue, CountStock, ImportStock, ReplenishStock, replenishment, shelfCount } from './commands.js';
import type { Decision } from './domain/decide.js';
import type { Imported, Kept, LevelView } from './domain/keeping.js';
import type { Reservation } from './domain/reservation.js';
import type { Stock } from './domain/stock.js';
import { type Drift, InventoryReads, NAMED_RESERVATIONS } from './store/reads.js';

/** A SKU with what can still be had of it. */
export interface StockView extends Pick<Stock, 'sku' | 'name' | 'waiting'> {
  /** Units that nobody reserved, at all locations together. Backorders (`waiting`) have the first claim to them. */
  readonly available: number;
  readonly levels: readonly (Stock['levels'][number] & { readonly available: number })[];
}

/** A level after a change, and the backorders that got what they waited for. */
export type ChangedLevel = LevelView & Pick<Kept, 'served'>;

export type ImportedStock = Omit<Imported, keyof Decision>;

export type ReservationView = Omit<Reservation, 'released'>;

const OfLevel = () =>
  applyDecorators(ApiParam({ name: 'sku', type: String }), ApiParam({ name: 'location', type: String }));

/** Stock per SKU and location, for warehouse staff and operators. */
@ApiTags('stock')
@Controller('stock')
export class StockApi {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly reads: InventoryReads,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List SKUs with their levels, in the order of their names' })
  @ApiQuery({ name: 'sku', required: false, type: String, description: 'What the SKUs begin with' })
  @ApiQuery({
    name: 'low',
    required: false,
    description: 'Only SKUs with at most this many units available in all',
    schema: { type: 'integer', minimum: 0 },
  })
  @Paged('stock', stockView)
  async list(@Query() query: unknown): Promise<Page & { readonly stock: readonly StockView[] }> {
    const { sku, low, after, limit } = stockQuery.parse(query);
    const found = await this.reads.listStock({ prefix: sku, low, after, limit: limit + 1 });
    const { page, next } = pageOf(found, limit, (stock) => [stock.sku]);
    return { stock: page.map(viewOf), next };
  }

  @Get('audit')
  @ApiOperation({
    summary: 'Where the book differs from the sum of live reservations; `drift` is 0 unless there is a bug',
  })
  @Answers(200, 'How much, and where, at most a few.', audit)
  audit(): Promise<{ readonly drift: number; readonly examples: readonly Drift[] }> {
    return this.reads.audit();
  }

  @Get(':sku')
  @ApiOperation({ summary: 'One SKU at all its locations' })
  @ApiParam({ name: 'sku' })
  @Answers(200, 'The SKU.', stockView)
  @ApiResponse({ status: 404, description: 'Not in the catalogue.' })
  async read(@Param('sku') sku: string): Promise<StockView> {
    const stock = identifier.safeParse(sku).success ? await this.reads.findStock(sku) : undefined;
    // What is no identifier is not repeated in the answer: it may hold anything.
    if (!stock)
      throw new Refused(404, 'unknown-stock', 'No such SKU is in the catalogue. Import it with POST /stock/import.');
    return viewOf(stock);
  }

  @Post('import')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Load a part of the catalogue',
    description:
      'Sets each level to what is given, but never below what is reserved (`keptAtReserved` names those), and makes ' +
      'SKUs and levels that do not exist. Backorders that can be served now are. The same file again changes nothing.',
  })
  @Repeatable()
  @ApiBody({ schema: openApi(catalogue) })
  @Answers(200, 'Imported; what was kept at its reservations, and who got stock.', importedStock)
  @ApiResponse({
    status: 400,
    description:
      'Not a catalogue, or it has a SKU `audit`, which is a page here; `issues` names each fault, and nothing is imported.',
  })
  async import(@Body() body: unknown, @Headers('idempotency-key') key: string | undefined): Promise<unknown> {
    return (await this.pipeline.submit(ImportStock, catalogue.parse(body), keyed(key))).body;
  }

  @Post(':sku/:location/replenishments')
  @HttpCode(200)
  @ApiOperation({ summary: 'Goods arrived: raises on hand, and serves the backorders that can be served now' })
  @Repeatable()
  @OfLevel()
  @ApiBody({ schema: openApi(replenishment) })
  @Answers(200, 'The level as it is now.', changedLevel)
  @ApiResponse({ status: 404, description: 'The catalogue has no such SKU at this location.' })
  @ApiResponse({ status: 409, description: 'More than a location can have of one SKU.' })
  async replenish(
    @Param() path: Readonly<Record<string, string>>,
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<unknown> {
    const wish = { ...place.parse(path), ...replenishment.parse(body) };
    return (await this.pipeline.submit(ReplenishStock, wish, keyed(key))).body;
  }

  @Post(':sku/:location/counts')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Somebody counted what is there: sets on hand to it',
    description:
      'Count what is picked or packed and has not left, too: a unit is on hand, and reserved, until its shipment is ' +
      'dispatched. Who counts the shelf alone writes those units off a second time when they leave.',
  })
  @Repeatable()
  @OfLevel()
  @ApiBody({ schema: openApi(shelfCount) })
  @Answers(200, 'The level as it is now.', changedLevel)
  @ApiResponse({ status: 404, description: 'The catalogue has no such SKU at this location.' })
  @ApiResponse({
    status: 409,
    description: `Fewer than are \`reserved\`; \`reservations\` names those in the way, ${NAMED_RESERVATIONS} at most.`,
  })
  async count(
    @Param() path: Readonly<Record<string, string>>,
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<unknown> {
    const wish = { ...place.parse(path), ...shelfCount.parse(body) };
    try {
      return (await this.pipeline.submit(CountStock, wish, keyed(key))).body;
    } catch (error) {
      throw error instanceof Refused ? await this.namingWhoIsInTheWay(error, wish) : error;
    }
  }

  /** Read after the refusal, and not by the reaction: all who wait for stock would wait for it, too. */
  private async namingWhoIsInTheWay(refused: Refused, { sku, location }: z.output<typeof place>): Promise<Refused> {
    const { status, code, message, members } = refused;
    const { reserved } = members;
    if (code !== 'stock-below-reserved' || typeof reserved !== 'number') return refused;
    const reservations = await this.reads.reservedAt(sku, location, reserved);
    return new Refused(status, code, message, { ...members, reservations });
  }
}

/** What is held for orders, and what waits. */
@ApiTags('stock')
@Controller()
export class ReservationsApi {
  constructor(private readonly reads: InventoryReads) {}

  @Get('reservations')
  @ApiOperation({ summary: "What became of the stock of an order's shipments" })
  @ApiQuery({ name: 'orderId', type: String })
  @Paged('reservations', reservationView)
  async list(@Query() query: unknown): Promise<Page & { readonly reservations: readonly ReservationView[] }> {
    const { orderId, after, limit } = reservationsQuery.parse(query);
    const found = await this.reads.listReservations(orderId, after, limit + 1);
    const { page, next } = pageOf(found, limit, ({ shipment }) => [shipment]);
    return { reservations: page.map(reservationViewOf), next };
  }

  @Get('backorders')
  @ApiOperation({ summary: 'What waits for stock, in the order in which it will be served' })
  @ApiQuery({ name: 'sku', required: false, type: String })
  @Paged('backorders', reservationView)
  async backorders(@Query() query: unknown): Promise<Page & { readonly backorders: readonly ReservationView[] }> {
    const { sku, after, limit } = backordersQuery.parse(query);
    const found = await this.reads.listBackorders(after, sku, limit + 1);
    // Whatever waits has been placed.
    const { page, next } = pageOf(found, limit, ({ placedAt, orderId, shipment }) => [
      placedAt ?? '',
      orderId,
      shipment,
    ]);
    return { backorders: page.map(reservationViewOf), next };
  }
}

const viewOf = ({ sku, name, waiting, levels }: Stock): StockView => {
  const views = levels.map((level) => ({ ...level, available: level.onHand - level.reserved }));
  return { sku, name, waiting, available: views.reduce((sum, { available }) => sum + available, 0), levels: views };
};

const reservationViewOf = (row: Reservation): ReservationView => ({
  orderId: row.orderId,
  shipment: row.shipment,
  state: row.state,
  lines: row.lines,
  region: row.region,
  location: row.location,
  placedAt: row.placedAt,
  deadline: row.deadline,
  short: row.short,
  missing: row.missing,
});
