import { OrderPlaced } from '@baton/contracts';
import { CONFIG, defineService } from '@baton/service-kit';
import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ShipmentsApi } from './api.js';
import { HttpCarriers } from './carrier/http-carriers.js';
import { ADDRESSES, CARRIERS } from './carrier/port.js';
import { type ShippingConfig, shippingConfig } from './config.js';
import { CarrierCalls } from './effects.js';
import { ShippingReactions } from './reactions.js';
import { StoredAddressBook } from './store/address-book.js';
import { AnyDestinationEntity, DestinationEntity, Destinations } from './store/destination.entity.js';
import { Shipments1764000000000 } from './store/migrations/1764000000000-shipments.js';
import { Archive1764000004000 } from './store/migrations/1764000004000-archive.js';
import { MoreRoom1764000010000 } from './store/migrations/1764000010000-more-room.js';
import { ChangingColumnsLast1764000012000 } from './store/migrations/1764000012000-changing-columns-last.js';
import { AnyShipmentEntity, ShipmentEntity, Shipments } from './store/shipment.entity.js';
import { WebhooksApi } from './webhooks.js';

@Module({
  controllers: [ShippingReactions, ShipmentsApi, WebhooksApi],
  providers: [
    CarrierCalls,
    {
      provide: CARRIERS,
      inject: [CONFIG],
      useFactory: (config: ShippingConfig) =>
        new HttpCarriers(config.SHIPPING_CARRIER_URL, config.SHIPPING_CARRIER_TIMEOUT_MS),
    },
    {
      provide: ADDRESSES,
      inject: [DataSource],
      useFactory: (database: DataSource) => new StoredAddressBook(database),
    },
  ],
})
export class ShippingModule {}

export const shipping = defineService({
  name: 'shipping',
  doc: 'Carriers: book, label, dispatch, track, cancel.',
  module: ShippingModule,
  entities: [ShipmentEntity, AnyShipmentEntity, DestinationEntity, AnyDestinationEntity],
  migrations: [Shipments1764000000000, Archive1764000004000, MoreRoom1764000010000, ChangingColumnsLast1764000012000],
  retention: { stores: [Shipments, Destinations] },
  config: shippingConfig,
  // An address is needed no sooner than the stock.
  gathering: { patient: [OrderPlaced] },
});
