import type { MigrationInterface, QueryRunner } from 'typeorm';

export class EarlyDispatch1764000005000 implements MigrationInterface {
  readonly name = 'EarlyDispatch1764000005000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table reservation drop constraint reservation_state_check');
    await runner.query(`alter table reservation add constraint reservation_state_check check
      (state in ('reserved', 'short', 'waiting', 'released', 'settled', 'tombstone', 'early'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table reservation drop constraint reservation_state_check');
    await runner.query(`alter table reservation add constraint reservation_state_check check
      (state in ('reserved', 'short', 'waiting', 'released', 'settled', 'tombstone'))`);
  }
}
