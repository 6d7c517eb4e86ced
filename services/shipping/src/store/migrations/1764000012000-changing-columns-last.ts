import { moveColumnsLast } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ChangingColumnsLast1764000012000 implements MigrationInterface {
  readonly name = 'ChangingColumnsLast1764000012000';

  async up(runner: QueryRunner): Promise<void> {
    // Most steps of a shipment change its state alone.
    await moveColumnsLast(runner, 'shipments', [
      'bookings',
      'tracking_number',
      'dispatched_at',
      'tracking',
      'parcels',
      'state',
      'outbox_id',
    ]);
  }

  async down(): Promise<void> {
    // Nobody asks where a column stands.
  }
}
