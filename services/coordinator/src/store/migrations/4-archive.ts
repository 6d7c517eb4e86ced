import { createArchive, dropArchive } from '@baton/messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sagas, incidents and what was counted of them get archives; history is partitioned by month. */
export class Archive1764000004000 implements MigrationInterface {
  readonly name = 'Archive1764000004000';

  async up(runner: QueryRunner): Promise<void> {
    await createArchive(runner, 'saga', ['definition', 'order_id']);
    await runner.query(`create index saga_archive_by_age on saga_archive (definition, created_at desc, order_id desc)`);
    await runner.query(
      `create index saga_archive_by_status on saga_archive (definition, status, created_at desc, order_id desc)`,
    );
    await countArchived(runner);
    await createArchive(runner, 'incident', ['incident_id']);
    await runner.query('create index incident_archive_of_order on incident_archive (order_id)');
    // When it was counted first: it may leave some time later.
    await runner.query('alter table kpi_saga add column counted_at timestamptz not null default now()');
    await createArchive(runner, 'kpi_saga', ['definition', 'order_id']);
    await partitionHistory(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('create table history (like saga_history)');
    await runner.query('insert into history select * from saga_history');
    await runner.query('drop table saga_history');
    await runner.query('alter table history rename to saga_history');
    await runner.query('alter table saga_history add primary key (definition, order_id, unit)');
    await runner.query(
      `create index saga_history_lately on saga_history using brin (at) with (pages_per_range = 16, autosummarize = on)`,
    );
    for (const table of ['kpi_saga', 'incident', 'saga']) await dropArchive(runner, table);
    await runner.query('alter table kpi_saga drop column counted_at');
    await runner.query('drop table saga_archive_count');
    await runner.query('drop function count_archived_sagas');
  }
}

/** Counts once a statement, in rows of each connection's own, so that nobody waits for another's count. */
const countArchived = (runner: QueryRunner): Promise<unknown> =>
  runner.query(`
    create table saga_archive_count (
      definition text not null,
      status text not null,
      backend int not null,
      sagas bigint not null,
      primary key (definition, status, backend)
    ) with (fillfactor = 50);

    create function count_archived_sagas() returns trigger language plpgsql as $$
    declare
      change int := case tg_op when 'INSERT' then 1 else -1 end;
    begin
      -- The only change of a row is to be taken back.
      insert into saga_archive_count as counts (definition, status, backend, sagas)
      select definition, status, pg_backend_pid(), change * count(*) from new_sagas
      where taken_back = (tg_op = 'UPDATE') group by definition, status
      on conflict (definition, status, backend) do update set sagas = counts.sagas + excluded.sagas;
      return null;
    end $$;
    create trigger count_archived after insert on saga_archive
      referencing new table as new_sagas for each statement execute function count_archived_sagas();
    create trigger count_taken_back after update on saga_archive
      referencing new table as new_sagas for each statement execute function count_archived_sagas();
  `);

/** What there is becomes the first partition, as it is; without any, there is none. */
const partitionHistory = async (runner: QueryRunner): Promise<void> => {
  await runner.query('alter table saga_history rename to saga_history_before');
  await runner.query('alter table saga_history_before drop constraint saga_history_pkey');
  await runner.query('drop index saga_history_lately');
  await runner.query('create table saga_history (like saga_history_before) partition by range (at)');
  // A row is its saga's, its visit's and its unit of work's, which never has two: nothing needs to be unique.
  await runner.query('create index saga_history_of_saga on saga_history (definition, order_id)');
  await runner.query(
    `create index saga_history_lately on saga_history using brin (at) with (pages_per_range = 16, autosummarize = on)`,
  );
  const [{ until } = { until: null }]: { until: Date | null }[] = await runner.query(
    `select date_trunc('month', greatest(max(at), now()) at time zone 'UTC') at time zone 'UTC' + interval '1 month'
       as until
     from saga_history_before having count(*) > 0`,
  );
  if (until === null) await runner.query('drop table saga_history_before');
  else {
    await runner.query(
      `alter table saga_history attach partition saga_history_before
       for values from (minvalue) to ('${until.toISOString()}')`,
    );
  }
  // For whatever no partition is made for: nothing is refused because a housekeeper was away.
  await runner.query('create table saga_history_other partition of saga_history default');
};

/** Sagas of a partition that is dropped count no more. */
export const UNCOUNT_DROPPED = `
  insert into saga_archive_count as counts (definition, status, backend, sagas)
  select definition, status, pg_backend_pid(), -count(*) from %I where not taken_back group by definition, status
  on conflict (definition, status, backend) do update set sagas = counts.sagas + excluded.sagas`;
