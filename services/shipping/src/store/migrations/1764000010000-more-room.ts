import type { MigrationInterface, QueryRunner } from 'typeorm';

export class MoreRoom1764000010000 implements MigrationInterface {
  readonly name = 'MoreRoom1764000010000';

  async up(runner: QueryRunner): Promise<void> {
    // All shipments of a page go through their states together, and grow: what was left free held half of their versions.
    await runner.query('alter table shipments set (fillfactor = 35)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table shipments set (fillfactor = 60)');
  }
}
