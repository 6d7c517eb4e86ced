import { moveColumnsLast } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateMails1764000000000 implements MigrationInterface {
  readonly name = 'CreateMails1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table contacts (
        order_id text primary key,
        contact jsonb,
        lines jsonb not null,
        waiting jsonb not null,
        outbox_id bigint
      );
      create table mails (
        order_id text not null,
        shipment int not null check (shipment >= 0),
        reason text not null check (reason in ('order-placed', 'order-delayed', 'shipment-dispatched',
          'shipment-delivered', 'cancellation-refused', 'order-cancelled')),
        state text not null check (state in ('waiting', 'sending', 'sent', 'failed')),
        facts jsonb not null,
        wanted_at timestamptz not null,
        settled_at timestamptz,
        message_id text,
        detail text,
        outbox_id bigint,
        primary key (order_id, shipment, reason)
      );
      create index mails_failed on mails (order_id, shipment, reason) where state = 'failed';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table mails; drop table contacts;');
  }
}

export class RoomForUpdates1764000001000 implements MigrationInterface {
  readonly name = 'RoomForUpdates1764000001000';

  async up(runner: QueryRunner): Promise<void> {
    // A mail that is sent changes no indexed column, so that it stays on its page and touches no index: only one that
    // failed has a detail.
    await runner.query(`
      alter table mails set (fillfactor = 55);
      drop index mails_failed;
      create index mails_failed on mails (order_id, shipment, reason) where detail is not null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table mails reset (fillfactor);
      drop index mails_failed;
      create index mails_failed on mails (order_id, shipment, reason) where state = 'failed';
    `);
  }
}

export class MoreRoom1764000010000 implements MigrationInterface {
  readonly name = 'MoreRoom1764000010000';

  async up(runner: QueryRunner): Promise<void> {
    // All mails of a page are sent in one unit of work: a second version of each has to find room beside the first.
    await runner.query('alter table mails set (fillfactor = 40)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table mails set (fillfactor = 55)');
  }
}

export class ChangingColumnsLast1764000012000 implements MigrationInterface {
  readonly name = 'ChangingColumnsLast1764000012000';

  async up(runner: QueryRunner): Promise<void> {
    // Of a mail that was sent, what it says stays.
    await moveColumnsLast(runner, 'mails', ['state']);
  }

  async down(): Promise<void> {
    // Nobody asks where a column stands.
  }
}
