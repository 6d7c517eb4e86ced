import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Outbox rows are dated when they are written, not when their transaction began: one that waited for a row of state has
 * begun before the one whose events come first.
 */
export class OutboxOrder1764000011000 implements MigrationInterface {
  readonly name = 'OutboxOrder1764000011000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table outbox alter column created_at set default clock_timestamp()');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table outbox alter column created_at set default now()');
  }
}
