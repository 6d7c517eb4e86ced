import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { BatonClient } from '@baton/client';
import type { OrderInput } from '@baton/contracts';
import {
  Auditor,
  identityOf,
  processesOf,
  type ProcessOptions,
  type ProcessSystem,
  publishOrders,
  settle,
  startProcesses,
} from '@baton/run';
import pg from 'pg';

/** Named by the pid of who uses it, so that the next test run removes what a killed one has left. */
const FOLDER = fileURLToPath(new URL('../../../.baton/tests', import.meta.url));
/** A deadline must only catch what hangs: the machine may be busy, and a killed group member is missed for seconds. */
export const DEADLINE_MS = 240_000;
/** Looking costs what the system under test then lacks. */
const LOOK_AGAIN_MS = 100;

type Row = Readonly<Record<string, unknown>>;

/** The whole system as processes, with a broker and a Postgres of its own in a folder that is removed in the end. */
export class ChaosSystem {
  readonly client: BatonClient;
  private readonly pools = new Map<string, pg.Pool>();
  /** Why the supervisor gave up, if it did. */
  private lost: Error | undefined;
  private readonly killed = new Map<string, number>();
  private stopping: Promise<readonly number[]> | undefined;

  private constructor(
    readonly system: ProcessSystem,
    readonly auditor: Auditor,
    readonly folder: string,
    /** What the supervisor said, and what the test noted. */
    readonly said: readonly string[],
    readonly note: (line: string) => void,
    private readonly pids: Set<number>,
  ) {
    this.client = new BatonClient({ url: system.url });
    void system.gaveUp.then((reason) => {
      this.lost = reason;
    });
  }

  /** Starts it; what the supervisor says is printed with the seconds since. */
  static async start(options: ProcessOptions = {}): Promise<ChaosSystem> {
    const folder = join(FOLDER, String(process.pid));
    mkdirSync(folder, { recursive: true });
    // Interrupted: what the supervisor runs gets its parting signal when this process exits, and only then.
    process.once('SIGTERM', () => process.exit(143));
    const begun = performance.now();
    const said: string[] = [];
    const pids = new Set<number>();
    const note = (line: string): void => {
      const [, pid] = /is back \(pid (\d+)\)$/.exec(line) ?? [];
      if (pid !== undefined) pids.add(Number(pid));
      said.push(line);
      console.log(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
    };
    const world = { deliverySeconds: 0.5, packingSeconds: 0.1, staff: 24 };
    try {
      const system = await startProcesses(await settle(folder, 0), world, note, options);
      note('everything is up');
      return new ChaosSystem(system, new Auditor((name) => system.databaseUrl(name)), folder, said, note, pids);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      throw error;
    }
  }

  /** Kills parts as `kill -9` does, and does not wait for anything. */
  kill(...names: readonly string[]): void {
    for (const name of names) {
      const pid = this.system.pid(name);
      if (pid === undefined) throw new Error(`${name} does not run.`);
      this.pids.add(pid);
      this.killed.set(name, pid);
      this.note(`kill -9 of ${name} (pid ${pid})`);
      process.kill(pid, 'SIGKILL');
    }
  }

  /** Waits until parts run as other processes than those that were killed, and are ready. */
  back(...names: readonly string[]): Promise<void> {
    return this.until(`${names.join(' and ')} run again`, async () =>
      names.every((name) => ![undefined, this.killed.get(name)].includes(this.system.pid(name))),
    );
  }

  /** Rows of a service's database; the connection is kept, and opened again when Postgres was away. */
  async query(database: string, sql: string, params: readonly unknown[] = []): Promise<readonly Row[]> {
    let pool = this.pools.get(database);
    if (!pool) {
      pool = new pg.Pool({ connectionString: this.system.databaseUrl(`baton_${database}`), max: 2 });
      pool.on('error', () => undefined);
      this.pools.set(database, pool);
    }
    return (await pool.query<Row>(sql, [...params])).rows;
  }

  publish(orders: readonly OrderInput[]): Promise<void> {
    return publishOrders(this.system.transport, orders, AbortSignal.timeout(DEADLINE_MS));
  }

  /** Asks to cancel an order, again and again until somebody is there who has heard of the order. */
  cancel(orderId: string): Promise<void> {
    return this.until(`the cancellation of ${orderId} is taken`, async () => {
      await this.client.orders.cancel(orderId, { idempotencyKey: `cancel-${orderId}` });
      return true;
    });
  }

  /** Waits until each of these orders has ended, waits for stock or is an incident, and its mails are settled. */
  async settled(orderIds: readonly string[]): Promise<void> {
    await this.until('all is settled', async () => (await this.auditor.unsettled(orderIds)) === 0);
  }

  /** Waits for a condition while parts of the system may be away: what the check throws counts as not yet. */
  async until(what: string, check: () => Promise<boolean>, deadlineMs = DEADLINE_MS): Promise<void> {
    const end = Date.now() + deadlineMs;
    let cause: unknown;
    const holds = (): Promise<boolean> =>
      check().catch((error: unknown) => {
        cause = error;
        return false;
      });
    while (!(await holds())) {
      if (this.lost !== undefined) throw this.lost;
      if (Date.now() > end)
        throw new Error(`Waited in vain until ${what}:\n${this.said.slice(-20).join('\n')}`, { cause });
      await pause(LOOK_AGAIN_MS);
    }
  }

  /** Stops everything and returns the pids of what is left, which should be none. */
  stop(): Promise<readonly number[]> {
    return (this.stopping ??= this.stopAll());
  }

  private async stopAll(): Promise<readonly number[]> {
    for (const name of PARTS) {
      const pid = this.system.pid(name);
      if (pid !== undefined) this.pids.add(pid);
    }
    await this.auditor.close();
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
    await this.system.stop();
    const left = [
      ...[...this.pids].filter((pid) => identityOf(pid) !== undefined),
      ...processesOf('postgres', this.folder),
      ...processesOf('java', this.folder),
    ];
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    return left;
  }
}

/** Everything that the supervisor runs, copies included. */
const PARTS = [
  'postgres',
  'kafka',
  'mailbox',
  'carriers',
  'staff',
  'coordinator',
  'coordinator-2',
  'orders',
  'inventory',
  'inventory-2',
  'warehouse',
  'shipping',
  'notification',
  'gateway',
] as const;
