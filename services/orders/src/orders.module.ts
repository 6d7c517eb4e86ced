import { defineService } from '@baton/service-kit';
import { Module } from '@nestjs/common';
import { OrdersApi } from './api.js';
import { wishesDue } from './commands.js';
import { ordersConfig } from './config.js';
import { ordersMetrics } from './metrics.js';
import { OrderReactions, statusFacts } from './reactions.js';
import { SagaViews } from './saga-view.js';
import {
  ChangingColumnsLast1764000012000,
  CreateOrders1764000000000,
  MoreRoom1764000010000,
  OneListIndex1764000013000,
  RoomForUpdates1764000001000,
} from './store/migrations.js';
import { Archive1764000004000, UNCOUNT_DROPPED } from './store/archive.migration.js';
import { AnyOrderEntity, OrderEntity, Orders } from './store/order.entity.js';
import { OrderQueries } from './store/order-queries.js';

@Module({
  controllers: [OrdersApi, OrderReactions],
  providers: [OrderQueries, SagaViews],
})
export class OrdersModule {}

/** Takes orders in and owns the customer's view of their status. */
export const orders = defineService({
  name: 'orders',
  doc: 'Takes orders in, by HTTP and from the topic orders-intake, and says how each one stands.',
  module: OrdersModule,
  entities: [OrderEntity, AnyOrderEntity],
  migrations: [
    CreateOrders1764000000000,
    RoomForUpdates1764000001000,
    Archive1764000004000,
    MoreRoom1764000010000,
    ChangingColumnsLast1764000012000,
    OneListIndex1764000013000,
  ],
  retention: { stores: [Orders], beforeDrop: { orders: UNCOUNT_DROPPED } },
  config: ordersConfig,
  dueSources: [wishesDue],
  gathering: { patient: statusFacts, patientLoadMs: 2_000 },
  metrics: ordersMetrics,
});
