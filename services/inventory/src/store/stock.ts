import { defineQuery, defineStore, StateEntity } from '@baton/messaging';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { byName, type Level, type Stock } from '../domain/stock.js';
import { allSkus, type ChangedSkus, REACHED } from './reservations.js';

/**
 * One row a SKU, with its levels at all locations inside. A shipment may be served from any location, so that whoever
 * reserves has to see and lock all levels of a SKU anyway; so the SKU is what contention is about. One row locks it,
 * for levels that do not exist yet too, and the rows of many messages are loaded by their keys in one statement,
 * without a list of locations. What a check constraint of a row per level would hold, one over the JSON holds.
 */
@Entity('stock')
export class StockEntity extends StateEntity implements Stock {
  @PrimaryColumn({ name: 'sku', type: 'text' })
  sku!: string;

  @Column({ name: 'name', type: 'text', nullable: true })
  name!: string | null;

  @Column({ name: 'levels', type: 'jsonb' })
  levels!: readonly Level[];

  // An integer by its check constraint. A double holds sums that an int column would refuse, and a bigint reads as text.
  @Column({ name: 'waiting', type: 'double precision' })
  waiting!: number;
}

export const StockRows = defineStore<Stock>()(StockEntity, 'sku');

/** The stock of the backorders that are connected with some SKUs. */
export const connectedStock = defineQuery(StockRows, {
  where: `waiting > 0 and sku = any(array(${REACHED} select sku from reached))`,
  bind: ({ skus }: ChangedSkus) => [skus],
  merge: allSkus,
  matches: ({ waiting }) => waiting > 0,
  compare: (a, b) => byName(a.sku, b.sku),
});

/** The row that a unit of work holds while it works on the queue. */
export interface QueueLock {
  readonly id: number;
}

/**
 * A unit of work that looks for backorders to serve must not miss one that another is about to commit: its stock may be
 * connected to what rises only by way of a third. So whoever works on the queue takes this one row first, and reads its
 * part of it afterwards (in the second stage of its needs). Reserving for a new order, and settling, never need it.
 */
@Entity('queue_lock')
export class QueueLockEntity extends StateEntity implements QueueLock {
  @PrimaryColumn({ name: 'id', type: 'int' })
  id!: number;
}

export const QueueLocks = defineStore<QueueLock>()(QueueLockEntity, 'id');
export const QUEUE_LOCK: QueueLock = { id: 1 };
