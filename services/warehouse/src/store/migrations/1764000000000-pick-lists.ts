import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PickLists1764000000000 implements MigrationInterface {
  readonly name = 'PickLists1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table pick_lists (
        order_id   text        not null,
        shipment   int         not null check (shipment >= 1),
        state      text        not null
                   check (state in ('open', 'claimed', 'picking', 'short', 'packed', 'stopping', 'cancelled')),
        location   text,
        lines      jsonb       not null,
        worker     text,
        parcels    int         check (parcels >= 1),
        missing    jsonb       not null,
        created_at timestamptz not null,
        outbox_id  bigint,
        trace text,
        primary key (order_id, shipment),
        constraint held_by_somebody check (state not in ('claimed', 'picking') or worker is not null),
        constraint packed_in_parcels check (state <> 'packed' or parcels is not null),
        constraint never_empty check (state = 'cancelled' or (location is not null and jsonb_array_length(lines) > 0))
      )`);
    // Lists that wait for people are few beside those that are done: only they are kept in the order of work.
    await runner.query(`
      create index pick_lists_to_work on pick_lists (state, created_at, order_id, shipment)
        where state in ('open', 'claimed', 'picking', 'short', 'stopping')`);
    await runner.query('create index pick_lists_by_age on pick_lists (created_at, order_id, shipment)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table pick_lists');
  }
}
