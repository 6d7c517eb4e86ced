import { createArchiveView } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Continued1764000011000 implements MigrationInterface {
  readonly name = 'Continued1764000011000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['saga', 'saga_archive']) {
      await runner.query(`alter table ${table} add column continued_at timestamptz`);
    }
    await createArchiveView(runner, 'saga');
    // Of what takes long already it is said a day from now, when the services that are told know the event.
    await runner.query(
      `update saga set continued_at = now() - interval '9 days'
       where ended_at is null and created_at < now() - interval '9 days'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop view saga_all');
    for (const table of ['saga', 'saga_archive']) await runner.query(`alter table ${table} drop column continued_at`);
    await createArchiveView(runner, 'saga');
  }
}
