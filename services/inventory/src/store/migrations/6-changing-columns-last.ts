import { moveColumnsLast } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ChangingColumnsLast1764000012000 implements MigrationInterface {
  readonly name = 'ChangingColumnsLast1764000012000';

  async up(runner: QueryRunner): Promise<void> {
    // A reservation that is settled changes its state alone.
    await moveColumnsLast(runner, 'reservation', ['state', 'outbox_id']);
  }

  async down(): Promise<void> {
    // Nobody asks where a column stands.
  }
}
