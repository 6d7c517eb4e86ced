import { defineService } from '@baton/service-kit';
import { Module } from '@nestjs/common';
import { PickListsApi } from './api.js';
import { warehouseConfig } from './config.js';
import { warehouseMetrics } from './metrics.js';
import { WarehouseReactions } from './reactions.js';
import { PickLists1764000000000 } from './store/migrations/1764000000000-pick-lists.js';
import { Archive1764000004000 } from './store/migrations/1764000004000-archive.js';
import { ChangingColumnsLast1764000012000 } from './store/migrations/1764000012000-changing-columns-last.js';
import { AnyPickListEntity, PickListEntity, PickLists } from './store/pick-list.entity.js';

@Module({ controllers: [WarehouseReactions, PickListsApi] })
export class WarehouseModule {}

export const warehouse = defineService({
  name: 'warehouse',
  doc: 'Pick lists, and the people who work them.',
  module: WarehouseModule,
  entities: [PickListEntity, AnyPickListEntity],
  migrations: [PickLists1764000000000, Archive1764000004000, ChangingColumnsLast1764000012000],
  retention: { stores: [PickLists] },
  config: warehouseConfig,
  metrics: warehouseMetrics,
});
