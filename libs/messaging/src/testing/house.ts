import type { DataSource } from 'typeorm';
import { Housekeeper } from '../retention/housekeeper.js';
import type { RetentionPlan } from '../retention/plan.js';

const DAY_MS = 24 * 3_600_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Keeps house once, with a retention of 30 days: what has ended moves, and what is too old by `now` goes. */
export const keepHouse = (dataSource: DataSource, plan: RetentionPlan, now = new Date()): Promise<void> => {
  const settings = { archiveAfterMs: 0, retentionMs: 30 * DAY_MS };
  return new Housekeeper({ service: 'test', dataSource, plan, settings, log: silent, noticeMs: 0 }).round(now);
};

/** Moves what has ended, as if that had been so many days ago. */
export const keepHouseLongAgo = async (dataSource: DataSource, plan: RetentionPlan, days: number): Promise<void> => {
  const then = new Date(Date.now() - days * DAY_MS);
  await keepHouse(dataSource, plan);
  // For the partitions of then.
  await keepHouse(dataSource, plan, then);
  for (const { entity } of plan.stores ?? []) {
    const { tableName } = dataSource.getMetadata(entity);
    await dataSource.query(`update ${tableName}_archive set archived_at = $1`, [then]);
  }
};
