import type pg from 'pg';
import { pipelineMetrics } from '../telemetry/metrics.js';
import type { Transport } from '../transport/port.js';
import { query, runOn, withClient } from './connection.js';
import { crashPoint } from './crash-points.js';
import type { PipelineLog } from './log.js';
import { deleteOutbox, type OutboxRow, staleOutbox } from './outbox.js';
import { patiently, Poller } from './patience.js';

/** How many committed units of work may wait to be published before the pipeline pauses. */
const MOST_WAITING = 16;
/** A publisher that lives removes its rows sooner; what is older was left by a crash, milliseconds. */
const STALE_MS = 5_000;
const RELAY_PAUSE_MS = 2_000;
/** With nothing to do, published rows are removed without waiting for the next unit of work, milliseconds. */
const IDLE_CLEANUP_MS = 250;
const RELAY_ROWS = 100;
/** Foreign outbox ids that are remembered as published. */
const MOST_REMEMBERED = 50_000;

/**
 * Publishes what units of work committed: in their order, one request for all that waits, again until it succeeds. A
 * relay does the same for rows that a crash left behind.
 */
export class Publisher {
  private waiting: OutboxRow[] = [];
  private readonly underWay = new Set<string>();
  private readonly remembered = new Set<string>();
  private published: string[] = [];
  private running: Promise<void> | undefined;
  private roomMade: (() => void)[] = [];
  private cleanup: NodeJS.Timeout | undefined;
  private readonly abort = new AbortController();
  private readonly relay: Poller;

  constructor(
    private readonly pool: pg.Pool,
    private readonly transport: Transport,
    private readonly log: PipelineLog,
    private readonly isOwn: (id: string) => boolean,
  ) {
    let staleMs = 0;
    this.relay = new Poller('The relay', RELAY_PAUSE_MS, log, async () => {
      const rows = await withClient(pool, (client) => staleOutbox(runOn(client), staleMs, RELAY_ROWS));
      // At the start everything is a leftover; after it only what is too old for a publisher that lives.
      staleMs = STALE_MS;
      const left = rows.filter(({ id }) => !this.underWay.has(id) && !this.published.includes(id));
      for (const row of left) {
        pipelineMetrics.relayed.add(row.records.length);
        this.enqueue([row]);
      }
      return rows.length === RELAY_ROWS && left.length > 0;
    });
  }

  start(): void {
    this.relay.start();
  }

  /** What this process' own units of work said is published, or queued in order. */
  readonly isKnown = (id: string): boolean => this.isOwn(id) || this.remembered.has(id);

  /** Remembers ids that were looked for: what was found is queued, what was not is published. */
  remember(ids: Iterable<string>): void {
    for (const id of ids) {
      if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
      this.remembered.add(id);
    }
  }

  enqueue(rows: readonly OutboxRow[]): void {
    // With nothing to wait for, `publishAll` would end before its promise stands in `running`, and block it for ever.
    if (rows.length === 0) return;
    for (const row of rows) {
      this.underWay.add(row.id);
      this.waiting.push(row);
    }
    this.running ??= this.publishAll();
  }

  /** Resolves when another unit of work may commit, or at once when `signal` aborts: a broker that is away stops no stop. */
  async room(signal: AbortSignal): Promise<void> {
    if (this.underWay.size < MOST_WAITING || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const go = (): void => resolve();
    this.roomMade.push(go);
    signal.addEventListener('abort', go, { once: true });
    await promise;
    signal.removeEventListener('abort', go);
  }

  /** Rows that are published; the caller removes them, or gives them back. */
  takePublished(): readonly string[] {
    const ids = this.published;
    this.published = [];
    return ids;
  }

  giveBack(ids: readonly string[]): void {
    this.published.push(...ids);
  }

  /** Age of the oldest committed event that is not published, seconds. */
  async age(): Promise<number> {
    const [row] = await query<{ age: string | null }>(
      this.pool,
      'select extract(epoch from now() - min(created_at)) as age from outbox where id <> all($1::bigint[])',
      [this.published],
    );
    return Number(row?.age ?? 0);
  }

  /** Publishes what waits, for at most `deadlineMs`, and removes its rows; the next start's relay does the rest. */
  async stop(deadlineMs: number): Promise<void> {
    await this.relay.stop();
    const timer = setTimeout(() => this.abort.abort(), deadlineMs);
    await this.running;
    clearTimeout(timer);
    clearTimeout(this.cleanup);
    await this.removePublished().catch(() => undefined);
  }

  private async publishAll(): Promise<void> {
    while (this.waiting.length > 0 && !this.abort.signal.aborted) {
      const rows = this.waiting;
      this.waiting = [];
      const records = rows.flatMap((row) => row.records);
      try {
        await patiently('Publishing', this.log, this.abort.signal, () => this.transport.publish(records));
      } catch {
        break;
      }
      crashPoint('after-publish');
      pipelineMetrics.published.add(records.length);
      for (const { id } of rows) {
        this.underWay.delete(id);
        this.published.push(id);
      }
      for (const resolve of this.roomMade.splice(0)) resolve();
    }
    this.running = undefined;
    for (const resolve of this.roomMade.splice(0)) resolve();
    clearTimeout(this.cleanup);
    this.cleanup = setTimeout(() => void this.removePublished().catch(() => undefined), IDLE_CLEANUP_MS);
    this.cleanup.unref();
  }

  private async removePublished(): Promise<void> {
    const ids = this.takePublished();
    if (ids.length === 0) return;
    try {
      await withClient(this.pool, (client) => deleteOutbox(runOn(client), ids));
    } catch (error) {
      this.giveBack(ids);
      throw error;
    }
  }
}
