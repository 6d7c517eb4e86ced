import type { MigrationInterface, QueryRunner } from 'typeorm';

export class RoomForUpdates1764000003000 implements MigrationInterface {
  readonly name = 'RoomForUpdates1764000003000';

  async up(runner: QueryRunner): Promise<void> {
    // All sagas of a page are updated in one unit of work: each needs room beside it, so that no index is touched.
    await runner.query('alter table saga set (fillfactor = 40)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table saga set (fillfactor = 60)');
  }
}
