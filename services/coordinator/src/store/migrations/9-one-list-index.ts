import type { MigrationInterface, QueryRunner } from 'typeorm';

export class OneListIndex1764000013000 implements MigrationInterface {
  readonly name = 'OneListIndex1764000013000';

  async up(runner: QueryRunner): Promise<void> {
    // Each saga pays for each index when it comes, and again for the archive's; the newest of all are the newest of each
    // status.
    await runner.query('drop index saga_by_age');
    await runner.query('drop index saga_archive_by_age');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('create index saga_by_age on saga (definition, created_at desc, order_id desc)');
    await runner.query('create index saga_archive_by_age on saga_archive (definition, created_at desc, order_id desc)');
  }
}
