import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Shipments1764000000000 implements MigrationInterface {
  readonly name = 'Shipments1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table shipments (
        order_id        text        not null,
        shipment        int         not null check (shipment >= 1),
        state           text        not null
                        check (state in ('waiting', 'booking', 'rejected', 'booked', 'dispatching', 'dispatched',
                                         'delivered', 'lost', 'returned', 'cancelling', 'cancelled')),
        parcels         int         check (parcels >= 1),
        attempt         int         not null check (attempt >= 0),
        carrier         text,
        bookings        jsonb       not null,
        tracking_number text,
        dispatched_at   timestamptz,
        tracking        jsonb       not null,
        created_at      timestamptz not null,
        outbox_id       bigint,
        trace text,
        primary key (order_id, shipment),
        constraint out_only_packed_and_booked check (
          state not in ('dispatching', 'dispatched', 'delivered', 'lost', 'returned')
          or (parcels is not null and tracking_number is not null)),
        constraint out_since_a_moment check (
          state not in ('dispatched', 'delivered', 'lost', 'returned') or dispatched_at is not null)
      ) with (fillfactor = 60)`);
    // Not unique: carriers use their numbers again after some years.
    await runner.query(`
      create index shipments_by_tracking_number on shipments (tracking_number) where tracking_number is not null`);
    await runner.query(`
      create table destinations (
        order_id            text  not null primary key,
        service_level       text  check (service_level in ('same-day', 'first-class', 'second-class', 'standard')),
        recipient_name      text,
        address_street      text,
        address_city        text,
        address_region      text,
        address_postal_code text,
        address_country     text,
        waiting             jsonb not null,
        outbox_id           bigint
      )`);
    for (const column of [
      'recipient_name',
      'address_street',
      'address_city',
      'address_region',
      'address_postal_code',
      'address_country',
    ]) {
      await runner.query(`comment on column destinations.${column} is 'personal data'`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table destinations');
    await runner.query('drop table shipments');
  }
}
