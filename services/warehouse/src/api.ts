import { identifier, shipmentIdentity, shipmentNumber, timestamp } from '@baton/contracts';
import { Pipeline } from '@baton/messaging';
import { Answers, keyed, openApi, Paged, pageLimit, pagePlace, Repeatable } from '@baton/service-kit';
import { applyDecorators, Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { pickList } from './api-schemas.js';
import { bodies, ClaimPickList, PackPickList, PickLines, PutAway, ReportShort } from './commands.js';
import { type PickList, pickListStates, viewOf } from './domain/pick-list.js';
import { noSuchList } from './reactions.js';
import { type PickListPage, pageOfPickLists } from './store/pick-list-pages.js';
import { AnyPickListEntity } from './store/pick-list.entity.js';

const listQuery = z.strictObject({
  location: identifier.optional(),
  state: z.enum(pickListStates).optional(),
  after: pagePlace(z.tuple([timestamp, identifier, z.coerce.number<string>().pipe(shipmentNumber)])).optional(),
  limit: pageLimit,
});

const path = z.object({ ...shipmentIdentity, shipment: z.coerce.number().pipe(shipmentNumber) });
type Path = Readonly<Record<string, string>>;

const ByShipment = ':order/:shipment';
const OfShipment = () =>
  applyDecorators(ApiParam({ name: 'order', type: String }), ApiParam({ name: 'shipment', type: 'integer' }));
const Working = () =>
  applyDecorators(
    OfShipment(),
    Repeatable(),
    Answers(200, 'The list as it is now.', pickList),
    ApiResponse({ status: 404, description: 'No such list.' }),
    ApiResponse({ status: 409, description: 'Not as the list stands, or somebody else has it; `detail` says why.' }),
  );

/** Pick lists for the people who work them. Every wish may be repeated: it is idempotent by what it says. */
@ApiTags('pick lists')
@Controller('pick-lists')
export class PickListsApi {
  constructor(
    @Inject(Pipeline) private readonly pipeline: Pipeline,
    @Inject(DataSource) private readonly database: DataSource,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Pick lists, oldest first',
    description:
      'Whoever works asks with a state that waits for people (`open`, `claimed`, `picking`, `short`, `stopping`): those ' +
      'lists are found at once. Without one, or for `packed` and `cancelled`, a page looks through all lists there ever ' +
      'were, and takes the longer the rarer what it looks for is.',
  })
  @ApiQuery({ name: 'location', required: false, type: String })
  @ApiQuery({ name: 'state', required: false, enum: pickListStates })
  @Paged('items', pickList)
  list(@Query() query: unknown): Promise<PickListPage> {
    return pageOfPickLists(this.database, listQuery.parse(query));
  }

  @Get(ByShipment)
  @ApiOperation({ summary: 'One pick list' })
  @OfShipment()
  @Answers(200, 'The list.', pickList)
  @ApiResponse({ status: 404, description: 'No such list.' })
  async read(@Param() params: Path): Promise<PickList> {
    const { orderId, shipment } = identityIn(params);
    const list = await this.database
      .getRepository(AnyPickListEntity)
      .findOneBy({ orderId, shipment, takenBack: false });
    if (!list) throw noSuchList(orderId, shipment);
    return viewOf(list);
  }

  @Post(`${ByShipment}/claim`)
  @HttpCode(200)
  @Working()
  @ApiOperation({ summary: 'Take a list to work on; 409 names who has it' })
  @ApiBody({ schema: openApi(bodies.claim) })
  async claim(
    @Param() params: Path,
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<unknown> {
    const wish = { ...identityIn(params), ...bodies.claim.parse(body) };
    return (await this.pipeline.submit(ClaimPickList, wish, keyed(key))).body;
  }

  @Post(`${ByShipment}/pick`)
  @HttpCode(200)
  @Working()
  @ApiOperation({ summary: 'Say how many units of one line, or of several, have left the shelf in all' })
  @ApiBody({ schema: openApi(bodies.pick) })
  async pick(
    @Param() params: Path,
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<unknown> {
    const { worker, ...said } = bodies.pick.parse(body);
    const picks = 'picks' in said ? said.picks : [said];
    const wish = { ...identityIn(params), picks, ...(worker !== undefined && { worker }) };
    return (await this.pipeline.submit(PickLines, wish, keyed(key))).body;
  }

  @Post(`${ByShipment}/short`)
  @HttpCode(200)
  @Working()
  @ApiOperation({ summary: 'Report that a shelf held less than the list asks for; ends the work on the list' })
  @ApiBody({ schema: openApi(bodies.short) })
  async short(
    @Param() params: Path,
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<unknown> {
    const wish = { ...identityIn(params), ...bodies.short.parse(body) };
    return (await this.pipeline.submit(ReportShort, wish, keyed(key))).body;
  }

  @Post(`${ByShipment}/pack`)
  @HttpCode(200)
  @Working()
  @ApiOperation({ summary: 'Everything is packed; 409 names what is not picked yet' })
  @ApiBody({ schema: openApi(bodies.pack) })
  async pack(
    @Param() params: Path,
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<unknown> {
    const wish = { ...identityIn(params), ...bodies.pack.parse(body) };
    return (await this.pipeline.submit(PackPickList, wish, keyed(key))).body;
  }

  @Post(`${ByShipment}/put-away`)
  @HttpCode(200)
  @Working()
  @ApiOperation({ summary: 'What had left its shelf is back on it; the stopped list ends' })
  async putAway(@Param() params: Path, @Headers('idempotency-key') key: string | undefined): Promise<unknown> {
    return (await this.pipeline.submit(PutAway, identityIn(params), keyed(key))).body;
  }
}

const identityIn = ({ order, shipment }: Path) => path.parse({ orderId: order, shipment });
