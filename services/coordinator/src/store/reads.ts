import { type Fact, type SagaStatus, sagaStatuses } from '@baton/saga';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { IncidentRecord, SagaRecord } from '../domain/records.js';
import { AnyIncidentEntity, AnySagaEntity, HistoryEntity, IncidentEntity } from './sagas.js';

/** Place of a row in a list: the last of the page before. */
export type Place = readonly [at: string, id: string];

export interface SagaPage {
  readonly definition: string;
  readonly status?: SagaStatus | undefined;
  readonly after?: Place | undefined;
  readonly limit: number;
}

export interface IncidentPage {
  readonly owner?: string | undefined;
  readonly after?: Place | undefined;
  readonly limit: number;
}

/** How many sagas there are, by status. */
export interface Counts extends Readonly<Record<SagaStatus, number>> {
  /** Sagas of any status with an open incident. */
  readonly incidents: number;
}

/** Longest timeline that is read, in units of work. */
const MAX_VISITS = 1_000;

/** What is read for people. Nothing here locks or changes anything. */
@Injectable()
export class SagaReads {
  constructor(private readonly database: DataSource) {}

  async find(definition: string, orderId: string): Promise<SagaRecord | undefined> {
    return (
      (await this.database.getRepository(AnySagaEntity).findOneBy({ definition, orderId, takenBack: false })) ??
      undefined
    );
  }

  /** Newest first. Reads as many rows of an index as the page has, of each status, however many there are. */
  list({ definition, status, after, limit }: SagaPage): Promise<SagaRecord[]> {
    const newest = 'order by created_at desc, order_id desc limit :limit';
    return this.database
      .getRepository(AnySagaEntity)
      .createQueryBuilder('saga')
      .where('saga.definition = :definition and not saga.takenBack', { definition, limit })
      .andWhere(
        `saga.orderId in (
          select page.order_id from unnest(:statuses::text[]) wanted (status)
          cross join lateral (
            select order_id, created_at from saga_all
            where definition = :definition and status = wanted.status and not taken_back
              ${after ? 'and (created_at, order_id) < (:at::timestamptz, :id)' : ''} ${newest}) page
          ${newest})`,
        { statuses: status === undefined ? sagaStatuses : [status], ...(after && placeIn(after)) },
      )
      .orderBy({ 'saga.createdAt': 'DESC', 'saga.orderId': 'DESC' })
      .getMany();
  }

  /** What happened to a saga, by when it happened; facts of one moment in the order in which they were learnt. */
  async timeline(definition: string, orderId: string): Promise<readonly Fact[]> {
    const rows = await this.database
      .getRepository(HistoryEntity)
      .find({ where: { definition, orderId }, order: { visit: 'ASC' }, take: MAX_VISITS });
    return rows.flatMap(({ facts }) => facts).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  }

  /** Open incidents, the most urgent first. */
  listOpenIncidents({ owner, after, limit }: IncidentPage): Promise<IncidentRecord[]> {
    const query = this.database
      .getRepository(IncidentEntity)
      .createQueryBuilder('incident')
      .where('incident.resolvedAt is null')
      .orderBy({ 'incident.dueAt': 'ASC', 'incident.incidentId': 'ASC' })
      .limit(limit);
    if (owner !== undefined) query.andWhere('incident.owner = :owner', { owner });
    if (after) query.andWhere('(incident.dueAt, incident.incidentId) > (:at::timestamptz, :id)', placeIn(after));
    return query.getMany();
  }

  async incidentsOf(definition: string, orderId: string): Promise<readonly IncidentRecord[]> {
    return this.database
      .getRepository(AnyIncidentEntity)
      .find({ where: { definition, orderId, takenBack: false }, order: { openedAt: 'ASC' } });
  }

  /** Counts what is under way or has ended lately; of the archive there are kept counts. */
  async count(definition: string): Promise<Counts> {
    const [counts] = await this.database.query<Counts[]>(
      `select count(*) filter (where status = 'running')::int as running,
              count(*) filter (where status = 'waiting')::int as waiting,
              count(*) filter (where status = 'completed')::int as completed,
              count(*) filter (where status = 'cancelled')::int as cancelled,
              count(*) filter (where open_incidents > 0)::int as incidents
       from saga where definition = $1`,
      [definition],
    );
    const archived = await this.database.query<{ status: SagaStatus; sagas: number }[]>(
      'select status, sum(sagas)::float8 as sagas from saga_archive_count where definition = $1 group by status',
      [definition],
    );
    const all = { ...(counts ?? { running: 0, waiting: 0, completed: 0, cancelled: 0, incidents: 0 }) };
    for (const { status, sagas } of archived) all[status] += sagas;
    return all;
  }
}

const placeIn = ([at, id]: Place) => ({ at, id });
