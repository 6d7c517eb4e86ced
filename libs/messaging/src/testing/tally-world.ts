import { afterEach, beforeEach } from 'vitest';
import type { Transport } from '../transport/port.js';
import { type FreshDatabase, freshDatabase, MemoryTransport } from './index.js';
import { type TallyOptions, TallyService, totalsIn } from './tally.js';

/** A database, a transport, and processes of the tests' service over them. */
export class TallyWorld {
  database!: FreshDatabase;
  transport!: MemoryTransport;
  private readonly services: TallyService[] = [];

  /** A world that is new to each test of a file; what a test has started in it is stopped after the test. */
  static ofEachTest(): TallyWorld {
    const world = new TallyWorld();
    beforeEach(() => world.begin());
    afterEach(() => world.end());
    return world;
  }

  async start(options: TallyOptions = {}, transport: Transport = this.transport): Promise<TallyService> {
    const service = await TallyService.start(this.database, transport, options);
    this.services.push(service);
    return service;
  }

  /** Stops all that run, or one of them; they take in what has an answer by then. */
  async stop(service?: TallyService): Promise<void> {
    const stopping = service ? this.services.splice(this.services.indexOf(service), 1) : this.services.splice(0);
    await Promise.all(stopping.map((each) => each.stop()));
  }

  query: FreshDatabase['query'] = (sql, params) => this.database.query(sql, params);

  /** What each order's wishes add up to. */
  totals(): ReturnType<typeof totalsIn> {
    return totalsIn(this.database);
  }

  async count(table: string): Promise<number> {
    return Number((await this.query(`select count(*) as n from ${table}`))[0]?.['n']);
  }

  private async begin(): Promise<void> {
    this.database = await freshDatabase();
    this.transport = new MemoryTransport();
  }

  private async end(): Promise<void> {
    await this.stop();
    await this.database.drop();
  }
}
