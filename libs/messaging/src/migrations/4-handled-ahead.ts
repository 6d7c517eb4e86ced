import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What of a partition is handled beyond its position; see `Ahead`. A release that does not know it handles that again. */
export class HandledAhead1764000007000 implements MigrationInterface {
  readonly name = 'HandledAhead1764000007000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table position add column ahead text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table position drop column ahead');
  }
}
