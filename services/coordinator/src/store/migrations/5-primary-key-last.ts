import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PrimaryKeyLast1764000005000 implements MigrationInterface {
  readonly name = 'PrimaryKeyLast1764000005000';

  async up(runner: QueryRunner): Promise<void> {
    // Other indexes begin with the definition too and hold the order id, and while the table is empty the planner sees no
    // difference between them: it takes the one that was made last. A plan that is kept from then would go through all of
    // `saga_by_status` for each saga that it looks up.
    await runner.query('create unique index saga_key on saga (definition, order_id)');
    await runner.query(
      'alter table saga drop constraint saga_pkey, add constraint saga_pkey primary key using index saga_key',
    );
  }

  async down(): Promise<void> {
    // It is the same index under the same name.
  }
}
