import { StateEntity } from '@baton/messaging';
import { freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { Injectable, Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { expect, it } from 'vitest';
import { defineService } from './service.js';
import { startService } from './start-service.js';

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

it('tells a provider once that it begins, though it serves HTTP and reacts to events', async () => {
  const database = await freshDatabase();
  const service = await startService(
    defineService({
      name: 'orders',
      doc: 'A service for a test.',
      module: ThingModule,
      entities: [ThingEntity],
      migrations: [Things1764000000000],
    }),
    { env: { DATABASE_URL: database.url, LOG_LEVEL: 'silent' }, transport: new MemoryTransport() },
  );
  try {
    expect(calls).toEqual(['init', 'bootstrap']);
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
  } finally {
    await service.stop();
    await database.drop();
  }
});
