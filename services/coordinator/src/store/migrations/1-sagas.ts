import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Sagas1700000001000 implements MigrationInterface {
  readonly name = 'Sagas1700000001000';

  async up(runner: QueryRunner): Promise<void> {
    // A saga is written on every visit: room in its page keeps the new version off all indexes (HOT) while neither its
    // status nor its due time moves.
    await runner.query(`create table saga (
      definition text not null,
      order_id text not null,
      version int not null,
      status text not null check (status in ('running', 'waiting', 'completed', 'cancelled')),
      -- json, not jsonb: no statement looks into it, and it is rewritten on every visit.
      state json not null,
      due_at timestamptz,
      visits int not null,
      open_incidents int not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      ended_at timestamptz,
      outbox_id bigint,
      trace text,
      primary key (definition, order_id),
      constraint saga_end check ((status in ('completed', 'cancelled')) = (ended_at is not null))
    ) with (fillfactor = 60)`);
    await runner.query(`create index saga_due on saga (due_at) where due_at is not null`);
    await runner.query(`create index saga_by_age on saga (definition, created_at desc, order_id desc)`);
    await runner.query(`create index saga_by_status on saga (definition, status, created_at desc, order_id desc)`);

    await runner.query(`create table saga_history (
      definition text not null,
      order_id text not null,
      unit text not null,
      visit int not null,
      at timestamptz not null,
      facts jsonb not null,
      outbox_id bigint,
      primary key (definition, order_id, unit)
    )`);

    await runner.query(`create table incident (
      incident_id text primary key,
      definition text not null,
      order_id text not null,
      shipment int not null,
      step text not null,
      reason text not null,
      owner text not null,
      opened_at timestamptz not null,
      due_at timestamptz not null,
      resolved_at timestamptz,
      outbox_id bigint
    )`);
    await runner.query(`create index incident_open on incident (due_at, incident_id) where resolved_at is null`);
    await runner.query(`create index incident_of_order on incident (order_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table incident, saga_history, saga');
  }
}
