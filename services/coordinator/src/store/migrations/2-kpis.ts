import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Kpis1764000002000 implements MigrationInterface {
  readonly name = 'Kpis1764000002000';

  async up(runner: QueryRunner): Promise<void> {
    // Finds what happened lately without an entry for each row: history is only ever appended, so that a summary of
    // every few pages tells old from new, and writing costs what it did before.
    await runner.query(
      `create index saga_history_lately on saga_history using brin (at) with (pages_per_range = 16, autosummarize = on)`,
    );
    // Must be empty: a saga that has not ended, will not be looked at again by itself and has nobody to look at it.
    await runner.query(`create index saga_unwatched on saga (order_id) where ended_at is null and due_at is null`);

    // What each saga has added to the rollups, so that counting it again adds the difference alone.
    await runner.query(`create table kpi_saga (
      definition text not null,
      order_id text not null,
      visits int not null,
      tallies jsonb not null,
      waits_for text,
      waiting_since timestamptz,
      primary key (definition, order_id)
    ) with (fillfactor = 70)`);
    await runner.query(
      `create index kpi_saga_waiting on kpi_saga (definition, waits_for, waiting_since) where waits_for is not null`,
    );
    await runner.query(`create table kpi_rollup (
      definition text not null,
      span text not null check (span in ('hour', 'day')),
      starts_at timestamptz not null,
      tally jsonb not null,
      primary key (definition, span, starts_at)
    )`);
    await runner.query(`create table kpi_progress (
      id int primary key check (id = 1),
      revision int not null,
      counted_until timestamptz not null
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table kpi_progress, kpi_rollup, kpi_saga');
    await runner.query('drop index saga_unwatched');
    await runner.query('drop index saga_history_lately');
  }
}
