import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Effects that were just decided are one row a unit of work; those that wait for a new try keep rows of their own. */
export class EffectBatches1764000006000 implements MigrationInterface {
  readonly name = 'EffectBatches1764000006000';

  async up(runner: QueryRunner): Promise<void> {
    // The row is the inbox of its effects' results: bit n of `open` is set while effect n has no answer. Half of a page
    // stays free for its new versions. What is large is kept beside the table, and no tick-off writes it again; it is
    // compressed already, so that Postgres need not try.
    await runner.query(`create table effect_batch (
      id bigint primary key,
      owner text not null,
      open bytea not null,
      effects bytea not null
    ) with (
      fillfactor = 50,
      autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0,
      toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 1000
    )`);
    await runner.query('alter table effect_batch alter column effects set storage external');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table effect_batch');
  }
}
