import { moveColumnsLast } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ChangingColumnsLast1764000012000 implements MigrationInterface {
  readonly name = 'ChangingColumnsLast1764000012000';

  async up(runner: QueryRunner): Promise<void> {
    // Claims change the worker and the state alone.
    await moveColumnsLast(runner, 'pick_lists', ['lines', 'missing', 'parcels', 'worker', 'state', 'outbox_id']);
  }

  async down(): Promise<void> {
    // Nobody asks where a column stands.
  }
}
