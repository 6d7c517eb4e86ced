import { createArchive, dropArchive } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Archive1764000004000 implements MigrationInterface {
  readonly name = 'Archive1764000004000';

  async up(runner: QueryRunner): Promise<void> {
    await createArchive(runner, 'pick_lists', ['order_id', 'shipment']);
    await runner.query('create index pick_lists_archive_by_age on pick_lists_archive (created_at, order_id, shipment)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropArchive(runner, 'pick_lists');
  }
}
