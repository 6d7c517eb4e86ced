import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningService, startService } from '@baton/service-kit';
import { DataSource } from 'typeorm';
import { inventory } from '../inventory.module.js';
import { FedTransport } from './fed-transport.js';

const DEADLINE_MS = 60_000;
const LOOK_EVERY_MS = 10;

/** Waits until something is so. @throws after a minute, with what was waited for */
export const until = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await pause(LOOK_EVERY_MS);
  }
};

export interface Process {
  readonly service: RunningService;
  readonly transport: FedTransport;
}

/** One or more processes of the service on a Postgres database of their own. */
export class RunningInventory {
  private constructor(
    private readonly admin: DataSource,
    private readonly name: string,
    readonly database: DataSource,
    readonly processes: readonly Process[],
  ) {}

  static async start(count = 1): Promise<RunningInventory> {
    const server = process.env['BATON_TEST_POSTGRES'] ?? '';
    const name = `inventory_${randomUUID().replaceAll('-', '')}`;
    const admin = await new DataSource({ type: 'postgres', url: server }).initialize();
    await admin.query(`create database ${name}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    const processes: Process[] = [];
    for (let partition = 0; partition < count; partition += 1) {
      const transport = new FedTransport(partition);
      const env = { DATABASE_URL: url.href, LOG_LEVEL: 'silent' };
      processes.push({ service: await startService(inventory, { env, transport }), transport });
    }
    const database = await new DataSource({ type: 'postgres', url: url.href }).initialize();
    return new RunningInventory(admin, name, database, processes);
  }

  get first(): Process {
    const [first] = this.processes;
    if (!first) throw new Error('No process was started.');
    return first;
  }

  /** Asks the first process. */
  async http(method: 'GET' | 'POST', path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${this.first.service.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, type, body: (await response.json()) as Record<string, unknown> };
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map(({ service }) => service.stop()));
    await this.database.destroy();
    await this.admin.query(`drop database ${this.name} with (force)`);
    await this.admin.destroy();
  }
}
