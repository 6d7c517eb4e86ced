import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Queue1764000003000 implements MigrationInterface {
  readonly name = 'Queue1764000003000';

  async up(runner: QueryRunner): Promise<void> {
    // Who waits for a SKU. Only what waits has entries, so that reserving and settling never touch it; without a pending
    // list, which would be read whole at every look.
    await runner.query(
      `create index reservation_wanting on reservation using gin (lines jsonb_path_ops) with (fastupdate = off)
       where state = 'waiting'`,
    );
    // The queue's stock is found by its SKUs now.
    await runner.query('drop index stock_waited_for');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('create index stock_waited_for on stock (sku) where waiting > 0');
    await runner.query('drop index reservation_wanting');
  }
}
