import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Looked1764000006000 implements MigrationInterface {
  readonly name = 'Looked1764000006000';

  async up(runner: QueryRunner): Promise<void> {
    // How far somebody looked for what is to be counted, which transactions had ended by then, and which one wrote this.
    await runner.query(`alter table kpi_progress
      add column looked_until timestamptz, add column looked_before xid8, add column looked_by xid8`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table kpi_progress drop column looked_until, drop column looked_before, drop column looked_by',
    );
  }
}
