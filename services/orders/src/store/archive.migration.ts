import { createArchive, dropArchive } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The archive of orders; what comes into it and what is taken back is counted as in the table itself. */
export class Archive1764000004000 implements MigrationInterface {
  readonly name = 'Archive1764000004000';

  async up(runner: QueryRunner): Promise<void> {
    await createArchive(runner, 'orders', ['order_id']);
    await runner.query(`
      create index orders_archive_newest on orders_archive (placed_at desc, order_id desc) where placed_at is not null;
      create index orders_archive_newest_by_status on orders_archive (status, placed_at desc, order_id desc)
        where placed_at is not null;

      create function count_archived_orders() returns trigger language plpgsql as $$
      begin
        if tg_op = 'INSERT' then
          insert into order_counts as counts (status, backend, orders)
          select status, pg_backend_pid(), count(*) from new_orders
          where placed_at is not null and not taken_back group by status
          on conflict (status, backend) do update set orders = counts.orders + excluded.orders;
        else
          -- The only change is to be taken back.
          insert into order_counts as counts (status, backend, orders)
          select status, pg_backend_pid(), -count(*) from new_orders
          where placed_at is not null and taken_back group by status
          on conflict (status, backend) do update set orders = counts.orders + excluded.orders;
        end if;
        return null;
      end $$;
      create trigger count_archived after insert on orders_archive
        referencing new table as new_orders for each statement execute function count_archived_orders();
      create trigger count_taken_back after update on orders_archive
        referencing new table as new_orders for each statement execute function count_archived_orders();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropArchive(runner, 'orders');
    await runner.query('drop function count_archived_orders');
  }
}

/** Orders of a partition that is dropped count no more. */
export const UNCOUNT_DROPPED = `
  insert into order_counts as counts (status, backend, orders)
  select status, pg_backend_pid(), -count(*) from %I where placed_at is not null and not taken_back group by status
  on conflict (status, backend) do update set orders = counts.orders + excluded.orders`;
