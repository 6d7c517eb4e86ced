import { moveColumnsLast } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ChangingColumnsLast1764000012000 implements MigrationInterface {
  readonly name = 'ChangingColumnsLast1764000012000';

  async up(runner: QueryRunner): Promise<void> {
    // The state is most of the row: what changes on each visit stands before it, and what stays is its end.
    await moveColumnsLast(runner, 'saga', ['state', 'trace']);
  }

  async down(): Promise<void> {
    // Nobody asks where a column stands.
  }
}
