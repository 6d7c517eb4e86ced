import { databases } from '@baton/run';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deadLetters, headersOf, publish } from './support/intake.js';
import { mailAbout } from './support/mails.js';
import { line, LOCATION, order } from './support/orders.js';
import { startSystem, type TestSystem } from './support/system.js';

let world: TestSystem;
beforeAll(async () => {
  world = await startSystem({ staff: 2 });
  await world.client.stock.import([{ sku: 'TEA', location: LOCATION, onHand: 100 }]);
});
afterAll(() => world?.stop());

/**
 * Every column of every table in which a word stands that names the customers of these orders; but for messages that wait,
 * which are packed.
 */
const named = async (): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const service of databases) {
    const columns = await world.query(
      service,
      `select c.table_name as t, c.column_name as c
       from information_schema.columns c join information_schema.tables using (table_schema, table_name)
       where table_schema = 'public' and table_type = 'BASE TABLE' and data_type <> 'bytea'
         and table_name not in (select inhrelid::regclass::text from pg_inherits)`,
    );
    for (const { t, c } of columns) {
      const sql = `select 1 from "${String(t)}" where "${String(c)}"::text ~* 'quellwasser|kornblumenweg|customers\\.example' limit 1`;
      if ((await world.query(service, sql)).length > 0) found.push(`${service}: ${String(t)}.${String(c)}`);
    }
  }
  return found.toSorted();
};

test('Personal_data is in the tables that the documentation names, and in no others', async () => {
  await world.client.orders.submit(order('sent'));
  await world.client.orders.submit(order('undone', { lines: [line('GONE')], onShortage: 'cancel' }));
  const { customer } = order('wrong');
  const wrong = order('wrong', { customer: { ...customer, email: customer.name } });
  await publish(world, [{ key: 'wrong', headers: headersOf('wrong/submitted'), value: JSON.stringify(wrong) }]);
  await world.reaches('sent', 'completed');
  await mailAbout(world.url, 'sent', 1, 'shipment-delivered');
  await mailAbout(world.url, 'undone', 0, 'order-cancelled');
  await deadLetters(world, 'orders', 1);
  expect(await named()).toEqual([
    'notification: contacts.contact',
    'orders: orders.customer',
    'shipping: destinations.address_street',
    'shipping: destinations.recipient_name',
  ]);
});
