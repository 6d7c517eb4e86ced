import { createArchive, dropArchive } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Archive1764000004000 implements MigrationInterface {
  readonly name = 'Archive1764000004000';

  async up(runner: QueryRunner): Promise<void> {
    // When it came: a record that has ended may leave some time later.
    await runner.query('alter table reservation add column created_at timestamptz not null default now()');
    await createArchive(runner, 'reservation', ['order_id', 'shipment']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropArchive(runner, 'reservation');
    await runner.query('alter table reservation drop column created_at');
  }
}
