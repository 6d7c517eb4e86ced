import { defineEffect, Performs, StateEntity } from '@baton/messaging';
import { freshDatabase, MemoryTransport, PortCable } from '@baton/messaging/testing';
import { Injectable, Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { DataSource, Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { expect, it } from 'vitest';
import { defineService } from './service.js';
import { ConfigError } from './config.js';
import { type RunningService, startService } from './start-service.js';

@Entity('thing')
class ThingEntity extends StateEntity {
  @PrimaryColumn({ name: 'id', type: 'text' })
  id!: string;
}

class Things1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table thing (id text primary key, outbox_id bigint)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table thing');
  }
}

const calls: string[] = [];

@Injectable()
class Watcher implements OnModuleInit, OnApplicationBootstrap {
  onModuleInit(): void {
    calls.push('init');
  }

  onApplicationBootstrap(): void {
    calls.push('bootstrap');
  }
}

@Module({ providers: [Watcher] })
class ThingModule {}

const things = defineService({
  name: 'orders',
  doc: 'A service for a test.',
  module: ThingModule,
  entities: [ThingEntity],
  migrations: [Things1764000000000],
});

// The first of the file: Nest's own logger stays that of the first service of a process.
it('warns of nothing where a process holds several services, each with a database', async () => {
  const databases = [await freshDatabase(), await freshDatabase()];
  let said = '';
  const logDestination = { write: (text: string) => (said += text) };
  const services: RunningService[] = [];
  try {
    for (const [index, name] of (['orders', 'inventory'] as const).entries()) {
      const env = { DATABASE_URL: databases[index]!.url, LOG_LEVEL: 'warn' };
      services.push(await startService({ ...things, name }, { env, transport: new MemoryTransport(), logDestination }));
    }
    const found = await Promise.all(services.map(({ app }) => app.get(DataSource).query('select current_database()')));
    expect(new Set(found.map(([row]) => row.current_database)).size).toBe(2);
    expect(said).toBe('');
  } finally {
    for (const service of services) await service.stop();
    for (const database of databases) await database.drop();
  }
});

it('tells a provider once that it begins, though it serves HTTP and reacts to events', async () => {
  calls.length = 0;
  const database = await freshDatabase();
  const service = await startService(things, {
    env: { DATABASE_URL: database.url, LOG_LEVEL: 'silent' },
    transport: new MemoryTransport(),
  });
  try {
    expect(calls).toEqual(['init', 'bootstrap']);
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
  } finally {
    await service.stop();
    await database.drop();
  }
});

it('has nothing to warn of when another service starts in the same process, and lets go of its database at the end', async () => {
  const said: string[] = [];
  const logDestination = { write: (line: string) => void said.push(line) };
  const databases = [await freshDatabase(), await freshDatabase()];
  const services = [];
  for (const { url } of databases) {
    const env = { DATABASE_URL: url, LOG_LEVEL: 'warn' };
    services.push(await startService(things, { env, transport: new MemoryTransport(), logDestination }));
  }
  const pools = services.map(({ app }) => app.get(DataSource));
  expect(new Set(pools).size).toBe(2);
  for (const service of services) await service.stop();
  expect(pools.map(({ isInitialized }) => isInitialized)).toEqual([false, false]);
  expect(said).toEqual([]);
  for (const database of databases) await database.drop();
});

/** Cut by a start at a point of its own, and mended as soon as the start says that it waits. */
let cable: PortCable;

class Cuts1764000001000 implements MigrationInterface {
  static at = 0;

  async up(runner: QueryRunner): Promise<void> {
    Cuts1764000001000.at -= 1;
    if (Cuts1764000001000.at === 0) cable.cut();
    await runner.query('create table other (id text primary key)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table other');
  }
}

class CuttingTransport extends MemoryTransport {
  override async ensureTopics(): Promise<void> {
    cable.cut();
  }
}

it.each([
  ['in the middle of its migrations', 1, MemoryTransport],
  ['while it waits for its brokers', 0, CuttingTransport],
])('waits for a database that goes away %s', async (_name, migration, SomeTransport) => {
  Cuts1764000001000.at = migration;
  const database = await freshDatabase();
  cable = await PortCable.to(database.url);
  const said: string[] = [];
  const logDestination = {
    write(line: string) {
      said.push(line);
      if (line.includes('Postgres does not answer, waiting')) cable.mend();
    },
  };
  const definition = { ...things, migrations: [...things.migrations, Cuts1764000001000] };
  const env = { DATABASE_URL: cable.url, LOG_LEVEL: 'warn' };
  const service = await startService(definition, { env, transport: new SomeTransport(), logDestination });
  expect(said).toContainEqual(expect.stringContaining('Postgres does not answer, waiting'));
  expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
  await service.stop();
  cable.close();
  await database.drop();
});

class EndlessTransport extends MemoryTransport {
  readonly waits = Promise.withResolvers<void>();

  override async ensureTopics(_topics: unknown, signal?: AbortSignal): Promise<void> {
    this.waits.resolve();
    await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('given up'))));
  }
}

it('waits for topics no longer than it is told to', async () => {
  const database = await freshDatabase();
  const asked = new AbortController();
  const transport = new EndlessTransport();
  const env = { DATABASE_URL: database.url, LOG_LEVEL: 'silent' };
  const starting = startService(things, { env, transport, signal: asked.signal });
  void transport.waits.promise.then(() => asked.abort());
  await expect(starting).rejects.toThrow('given up');
  await database.drop();
});

const Poke = defineEffect<{ readonly orderId: string }, object>('Poke');

@Injectable()
class Poker implements OnModuleInit {
  /** After all that waits for the database but the pipeline. */
  onModuleInit(): void {
    cable.cut();
  }

  @Performs(Poke)
  poke(): Promise<object> {
    return Promise.resolve({});
  }
}

@Module({ providers: [Poker] })
class PokingModule {}

it('waits for a database that goes away before the pipeline runs no longer than it is told to', async () => {
  const database = await freshDatabase();
  cable = await PortCable.to(database.url);
  const asked = new AbortController();
  const logDestination = {
    write(line: string) {
      if (line.includes('The database does not work, waiting')) asked.abort();
    },
  };
  const starting = startService(
    { ...things, module: PokingModule },
    {
      env: { DATABASE_URL: cable.url, LOG_LEVEL: 'warn' },
      transport: new MemoryTransport(),
      logDestination,
      signal: asked.signal,
    },
  );
  await expect(starting).rejects.toThrow(/ECONN|terminated/);
  cable.close();
  await database.drop();
});

/** How a start ends that could wait for ever for what never comes. */
const startWith = (env: Readonly<Record<string, string>>): Promise<unknown> =>
  startService(things, {
    env: { LOG_LEVEL: 'silent', ...env },
    transport: new MemoryTransport(),
    signal: AbortSignal.timeout(5_000),
  }).catch((error: unknown) => error);

it.each([
  ['a database that is not there', (url: string) => url.replace(/[^/]+$/, 'nowhere'), /"nowhere" does not exist/],
  ['TLS, which the server has not', (url: string) => `${url}?sslmode=verify-full`, /SSL/],
])('does not wait for %s', async (_name, wrong, reason) => {
  const database = await freshDatabase();
  const error = await startWith({ DATABASE_URL: wrong(database.url) });
  await database.drop();
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as Error).message).toMatch(/DATABASE_URL/);
  expect((error as Error).message).toMatch(reason);
});

it.each(['localhost', 'localhost:', 'a:1,b', 'http://a:9092', 'a:9092;b:9092'])(
  'does not look for brokers at %j',
  async (brokers) => {
    const error = await startWith({ DATABASE_URL: 'postgres://127.0.0.1:1/none', KAFKA_BROKERS: brokers });
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(/KAFKA_BROKERS: must be host:port/);
  },
);
