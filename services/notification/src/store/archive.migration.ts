import { createArchive, dropArchive } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Archive1764000004000 implements MigrationInterface {
  readonly name = 'Archive1764000004000';

  async up(runner: QueryRunner): Promise<void> {
    // When it came: it may leave some time later.
    await runner.query('alter table contacts add column created_at timestamptz not null default now()');
    await createArchive(runner, 'contacts', ['order_id']);
    await createArchive(runner, 'mails', ['order_id', 'shipment', 'reason']);
    await runner.query(
      `create index mails_archive_failed on mails_archive (order_id, shipment, reason) where state = 'failed'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropArchive(runner, 'mails');
    await dropArchive(runner, 'contacts');
    await runner.query('alter table contacts drop column created_at');
  }
}
