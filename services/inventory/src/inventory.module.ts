import { defineService } from '@baton/service-kit';
import { Module } from '@nestjs/common';
import { ReservationsApi, StockApi } from './api.js';
import { inventoryMetrics } from './metrics.js';
import { InventoryReactions } from './reactions.js';
import { Inventory1700000001000 } from './store/migrations/1-inventory.js';
import { Queue1764000003000 } from './store/migrations/2-queue.js';
import { Archive1764000004000 } from './store/migrations/3-archive.js';
import { EarlyDispatch1764000005000 } from './store/migrations/4-early-dispatch.js';
import { MoreRoom1764000010000 } from './store/migrations/5-more-room.js';
import { ChangingColumnsLast1764000012000 } from './store/migrations/6-changing-columns-last.js';
import { InventoryReads } from './store/reads.js';
import { AnyReservationEntity, ReservationEntity, Reservations } from './store/reservations.js';
import { QueueLockEntity, StockEntity } from './store/stock.js';

@Module({
  controllers: [InventoryReactions, StockApi, ReservationsApi],
  providers: [InventoryReads],
})
export class InventoryModule {}

/** Stock per SKU and location, reservations, and the queue of backorders. */
export const inventory = defineService({
  name: 'inventory',
  doc: 'Stock per SKU and location, what is reserved of it for whom, and who waits for more.',
  module: InventoryModule,
  entities: [StockEntity, ReservationEntity, AnyReservationEntity, QueueLockEntity],
  migrations: [
    Inventory1700000001000,
    Queue1764000003000,
    Archive1764000004000,
    EarlyDispatch1764000005000,
    MoreRoom1764000010000,
    ChangingColumnsLast1764000012000,
  ],
  retention: { stores: [Reservations] },
  // An import of 5,000 levels with long names.
  bodyLimit: '16mb',
  metrics: inventoryMetrics,
});
