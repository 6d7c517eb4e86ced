import { moveColumnsLast } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The orders, and how many there are in each status.
 *
 * Counting a million rows takes a hundred milliseconds, and whoever watches a run asks every second; so triggers keep
 * counts, once a statement, not once a row. Each connection counts in rows of its own (a backend's pid has one live
 * owner): two units of work never wait for each other's count, nor deadlock over it. The sum over all is the count.
 */
export class CreateOrders1764000000000 implements MigrationInterface {
  readonly name = 'CreateOrders1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table orders (
        order_id text primary key,
        status text not null check (status in
          ('awaited', 'placed', 'delayed', 'cancelling', 'dispatched', 'delivered', 'completed', 'cancelled')),
        status_since timestamptz not null,
        placed_at timestamptz,
        customer jsonb,
        region text,
        service_level text,
        on_shortage text,
        lines jsonb not null,
        wishes jsonb not null,
        shipments jsonb not null,
        delay jsonb,
        ending jsonb,
        wishes_expire_at timestamptz,
        outbox_id bigint,
        trace text
      );
      create index orders_newest on orders (placed_at desc, order_id desc) where placed_at is not null;
      create index orders_newest_by_status on orders (status, placed_at desc, order_id desc)
        where placed_at is not null;
      create index orders_wishes_due on orders (wishes_expire_at) where wishes_expire_at is not null;

      create table order_counts (
        status text not null,
        backend int not null,
        orders bigint not null,
        primary key (status, backend)
      ) with (fillfactor = 50);

      create function count_orders() returns trigger language plpgsql as $$
      begin
        if tg_op = 'INSERT' then
          insert into order_counts as counts (status, backend, orders)
          select status, pg_backend_pid(), count(*) from new_orders where placed_at is not null group by status
          on conflict (status, backend) do update set orders = counts.orders + excluded.orders;
        elsif tg_op = 'DELETE' then
          insert into order_counts as counts (status, backend, orders)
          select status, pg_backend_pid(), -count(*) from old_orders where placed_at is not null group by status
          on conflict (status, backend) do update set orders = counts.orders + excluded.orders;
        else
          insert into order_counts as counts (status, backend, orders)
          select status, pg_backend_pid(), sum(change)
          from (
            select status, -1 as change from old_orders where placed_at is not null
            union all
            select status, 1 from new_orders where placed_at is not null
          ) changes
          group by status having sum(change) <> 0
          on conflict (status, backend) do update set orders = counts.orders + excluded.orders;
        end if;
        return null;
      end $$;
      create trigger count_inserted after insert on orders
        referencing new table as new_orders for each statement execute function count_orders();
      create trigger count_updated after update on orders
        referencing old table as old_orders new table as new_orders for each statement execute function count_orders();
      create trigger count_deleted after delete on orders
        referencing old table as old_orders for each statement execute function count_orders();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table orders; drop function count_orders; drop table order_counts;');
  }
}

export class RoomForUpdates1764000001000 implements MigrationInterface {
  readonly name = 'RoomForUpdates1764000001000';

  async up(runner: QueryRunner): Promise<void> {
    // A new version beside the old one is logged as what differs; on another page, as a whole.
    await runner.query('alter table orders set (fillfactor = 50)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orders reset (fillfactor)');
  }
}

export class MoreRoom1764000010000 implements MigrationInterface {
  readonly name = 'MoreRoom1764000010000';

  async up(runner: QueryRunner): Promise<void> {
    // An order grows by half when its shipment is named: its second version needs more room than its first.
    await runner.query('alter table orders set (fillfactor = 35)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orders set (fillfactor = 50)');
  }
}

export class ChangingColumnsLast1764000012000 implements MigrationInterface {
  readonly name = 'ChangingColumnsLast1764000012000';

  async up(runner: QueryRunner): Promise<void> {
    // Who ordered what, and in which trace, stays: that is most of an order.
    await moveColumnsLast(runner, 'orders', ['shipments', 'ending', 'status', 'status_since', 'outbox_id']);
  }

  async down(): Promise<void> {
    // Nobody asks where a column stands.
  }
}

export class OneListIndex1764000013000 implements MigrationInterface {
  readonly name = 'OneListIndex1764000013000';

  async up(runner: QueryRunner): Promise<void> {
    // Each order pays for each index with each of its statuses; the newest of all are the newest of each status.
    await runner.query('drop index orders_newest');
    await runner.query('drop index orders_archive_newest');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'create index orders_newest on orders (placed_at desc, order_id desc) where placed_at is not null',
    );
    await runner.query(
      'create index orders_archive_newest on orders_archive (placed_at desc, order_id desc) where placed_at is not null',
    );
  }
}
