import { createArchive, dropArchive } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Archive1764000004000 implements MigrationInterface {
  readonly name = 'Archive1764000004000';

  async up(runner: QueryRunner): Promise<void> {
    await createArchive(runner, 'shipments', ['order_id', 'shipment']);
    // Carriers go on reporting about what they have delivered.
    await runner.query(`
      create index shipments_archive_by_tracking_number on shipments_archive (tracking_number)
        where tracking_number is not null`);
    // When it came: it may leave some time later.
    await runner.query('alter table destinations add column created_at timestamptz not null default now()');
    await createArchive(runner, 'destinations', ['order_id']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropArchive(runner, 'destinations');
    await runner.query('alter table destinations drop column created_at');
    await dropArchive(runner, 'shipments');
  }
}
