import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables of the message pipeline, the same in every service's database. */
export class Messaging1700000000000 implements MigrationInterface {
  readonly name = 'Messaging1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    // Where this service stands in each partition: below it everything was handled, in the same transactions.
    await runner.query(`create table position (
      topic text not null,
      partition int not null,
      next_offset bigint not null,
      primary key (topic, partition)
    )`);
    // Ids are given out in blocks of 1,000, so that a unit of work knows its own without asking.
    await runner.query(`create sequence unit_of_work_id increment by 1000`);
    // One row a unit of work, with all its events in order; removed by the next one, once they are published.
    await runner.query(`create table outbox (
      id bigint primary key,
      created_at timestamptz not null default now(),
      records bytea not null
    )`);
    await runner.query(`create index outbox_created_at on outbox (created_at)`);
    // Calls to the outside world that were decided and have no answer yet. The row is the inbox of its own result.
    await runner.query(`create table effect (
      kind text not null,
      key text not null,
      payload jsonb not null,
      trace text,
      tries int not null default 0,
      owner text,
      due_at timestamptz not null,
      last_error text,
      primary key (kind, key)
    )`);
    // Only what waits for a new try: most effects have an owner from their birth to their end.
    await runner.query(`create index effect_due_at on effect (due_at) where owner is null`);
    await runner.query(`create table effect_owner (id text primary key, alive_until timestamptz not null)`);
    // Answers to commands that carry an idempotency key.
    await runner.query(`create table inbox (
      id text primary key,
      fingerprint text not null,
      reply jsonb not null,
      created_at timestamptz not null default now()
    )`);
    await runner.query(`create index inbox_created_at on inbox (created_at)`);
    // Messages that failed (retrying, dead) and those that wait behind one of the same key (parked).
    await runner.query(`create table held_message (
      id bigint generated always as identity primary key,
      state text not null check (state in ('retrying', 'parked', 'dead')),
      parks boolean not null,
      key text not null,
      name text not null,
      origin text not null,
      content bytea not null,
      reason text not null,
      tries int not null,
      next_at timestamptz,
      created_at timestamptz not null default now()
    )`);
    await runner.query(`create index held_message_key on held_message (key, id)`);
    await runner.query(`create index held_message_due on held_message (next_at) where state = 'retrying'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table held_message, inbox, effect_owner, effect, outbox, position`);
    await runner.query(`drop sequence unit_of_work_id`);
  }
}
