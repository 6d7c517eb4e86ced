import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tables whose rows live for moments, or change all the time, are vacuumed after so many changes, whatever their size:
 * by default Postgres would wait for a share of the rows, which says nothing about a table that is nearly empty.
 */
export class Vacuum1764000001000 implements MigrationInterface {
  readonly name = 'Vacuum1764000001000';

  async up(runner: QueryRunner): Promise<void> {
    const often =
      'autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0';
    // Their rows hold all events of a unit of work, which are kept beside the table.
    const beside = 'toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 1000';
    await runner.query(`alter table outbox set (${often}, ${beside})`);
    await runner.query(`alter table effect set (${often}, fillfactor = 80)`);
    await runner.query(`alter table held_message set (${often}, ${beside})`);
    // A few rows, changed by every unit of work: room in the page keeps the new version off the index.
    await runner.query(`alter table position set (${often}, fillfactor = 30)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const names = 'autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay';
    const beside = 'toast.autovacuum_vacuum_scale_factor, toast.autovacuum_vacuum_threshold';
    await runner.query(`alter table outbox reset (${names}, ${beside})`);
    await runner.query(`alter table effect reset (${names}, fillfactor)`);
    await runner.query(`alter table held_message reset (${names}, ${beside})`);
    await runner.query(`alter table position reset (${names}, fillfactor)`);
  }
}
