import { defineService } from '@baton/service-kit';
import { Module } from '@nestjs/common';
import { PickListsApi } from './api.js';
import { warehouseConfig } from './config.js';
import { warehouseMetrics } from './metrics.js';
import { WarehouseReactions } from './reactions.js';
import { PickLists1764000000000 } from './store/migrations/1764000000000-pick-lists.js';
import { PickListEntity } from './store/pick-list.entity.js';

@Module({ controllers: [WarehouseReactions, PickListsApi] })
export class WarehouseModule {}

export const warehouse = defineService({
  name: 'warehouse',
  doc: 'Pick lists, and the people who work them.',
  module: WarehouseModule,
  entities: [PickListEntity],
  migrations: [PickLists1764000000000],
  config: warehouseConfig,
  metrics: warehouseMetrics,
});
