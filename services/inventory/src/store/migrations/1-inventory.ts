import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Inventory1700000001000 implements MigrationInterface {
  readonly name = 'Inventory1700000001000';

  async up(runner: QueryRunner): Promise<void> {
    // The path of the check finds a level that lacks a number, or that breaks 0 ≤ reserved ≤ on hand.
    await runner.query(`create table stock (
      sku text primary key,
      name text,
      levels jsonb not null,
      waiting double precision not null default 0,
      outbox_id bigint,
      constraint stock_levels check (
        jsonb_typeof(levels) = 'array' and not jsonb_path_exists(levels, '$[*] ? (
          !(@.location.type() == "string" && @.onHand.type() == "number" && @.reserved.type() == "number")
          || @.onHand != @.onHand.floor() || @.reserved != @.reserved.floor()
          || @.reserved < 0 || @.reserved > @.onHand || @.onHand > 1000000000)')
      ),
      constraint stock_waiting check (waiting >= 0 and waiting = trunc(waiting))
    )`);
    await runner.query(`create index stock_waited_for on stock (sku) where waiting > 0`);
    // Records outlive every topic's retention, tombstones too: they are what a late message is checked against.
    await runner.query(`create table reservation (
      order_id text not null,
      shipment int not null,
      state text not null
        check (state in ('reserved', 'short', 'waiting', 'released', 'settled', 'tombstone')),
      lines jsonb not null,
      region text,
      location text,
      placed_at timestamptz,
      deadline timestamptz,
      short jsonb,
      released jsonb,
      missing jsonb not null,
      outbox_id bigint,
      trace text,
      primary key (order_id, shipment),
      constraint reservation_location check (state not in ('reserved', 'settled') or location is not null),
      constraint reservation_place check (state <> 'waiting' or placed_at is not null)
    )`);
    await runner.query(
      `create index reservation_queue on reservation (placed_at, order_id, shipment) where state = 'waiting'`,
    );
    await runner.query(`create table queue_lock (id int primary key check (id = 1), outbox_id bigint)`);
    await runner.query(`insert into queue_lock (id) values (1)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table queue_lock, reservation, stock`);
  }
}
