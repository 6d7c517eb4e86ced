import { identifier, shipmentNumber } from '@baton/contracts';
import { Refused } from '@baton/messaging';
import { Answers, Paged, pageLimit, pagePlace } from '@baton/service-kit';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { shipment } from './api-schemas.js';
import { type Shipment, shipmentStates, viewOf } from './domain/shipment.js';
import { pageOfShipments, type ShipmentPage } from './store/shipment-pages.js';
import { AnyShipmentEntity } from './store/shipment.entity.js';

const listQuery = z.strictObject({
  order: identifier.optional(),
  state: z.enum(shipmentStates).optional(),
  after: pagePlace(z.tuple([identifier, z.coerce.number<string>().pipe(shipmentNumber)])).optional(),
  limit: pageLimit,
});
const path = z.object({ orderId: identifier, shipment: z.coerce.number<string>().pipe(shipmentNumber) });

/** Shipments as operators see them. No personal data: addresses stay where they are kept. */
@ApiTags('shipments')
@Controller('shipments')
export class ShipmentsApi {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  @Get()
  @ApiOperation({ summary: 'Shipments by order and number' })
  @ApiQuery({ name: 'order', required: false, type: String })
  @ApiQuery({ name: 'state', required: false, enum: shipmentStates })
  @Paged('items', shipment)
  list(@Query() query: unknown): Promise<ShipmentPage> {
    return pageOfShipments(this.database, listQuery.parse(query));
  }

  @Get(':order/:shipment')
  @ApiOperation({ summary: 'One shipment: its bookings by attempt, and what its carrier reported' })
  @ApiParam({ name: 'order', type: String })
  @ApiParam({ name: 'shipment', type: 'integer' })
  @Answers(200, 'The shipment.', shipment)
  @ApiResponse({ status: 404, description: 'No such shipment.' })
  async read(@Param() params: Readonly<Record<string, string>>): Promise<Shipment> {
    const asked = path.parse({ orderId: params['order'], shipment: params['shipment'] });
    const row = await this.database.getRepository(AnyShipmentEntity).findOneBy({ ...asked, takenBack: false });
    if (row) return viewOf(row);
    const { orderId, shipment: number } = asked;
    throw new Refused(404, 'shipment-not-found', `Shipping knows no shipment ${number} of order ${orderId}.`);
  }
}
