import type { MigrationInterface, QueryRunner } from 'typeorm';

export class MoreRoom1764000010000 implements MigrationInterface {
  readonly name = 'MoreRoom1764000010000';

  async up(runner: QueryRunner): Promise<void> {
    // Its state is in the predicate of the queue's indexes, so that they are touched whatever room there is; but a version on
    // the same page is logged as what differs, on another page as a whole.
    await runner.query('alter table reservation set (fillfactor = 45)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table reservation reset (fillfactor)');
  }
}
