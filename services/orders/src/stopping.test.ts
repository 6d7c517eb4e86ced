import { eventually, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { startService } from '@baton/service-kit';
import { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { orders } from './orders.module.js';
import { order } from './testing/orders.fixture.js';

it('answers whoever handed an order over before it was told to stop', async () => {
  const database = await freshDatabase();
  const env = { DATABASE_URL: database.url, LOG_LEVEL: 'silent' };
  const service = await startService(orders, { env, transport: new MemoryTransport() });
  const source = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  const locker = source.createQueryRunner();
  try {
    await locker.query('begin; lock table orders in share mode');
    const answer = fetch(`${service.url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order({ orderId: 'last' })),
    });
    await eventually(async () => {
      const waiting = `select 1 from pg_locks l join pg_database d on d.oid = l.database
        where not granted and datname = current_database()`;
      expect(await database.query(waiting)).not.toEqual([]);
    });
    const stopped = service.stop();
    await eventually(() => !service.app.getHttpServer().listening);
    await locker.query('commit');
    expect((await answer).status).toBe(201);
    await stopped;
    expect(await database.query('select order_id from orders')).toEqual([{ order_id: 'last' }]);
  } finally {
    await locker.release();
    await source.destroy();
    await service.stop();
    await database.drop();
  }
});
