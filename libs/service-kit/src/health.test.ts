import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TerminusModule } from '@nestjs/terminus';
import { expect, it } from 'vitest';
import { HealthController } from './health.js';
import { ProblemFilter } from './problem.js';
import { BASE_CONFIG, PIPELINE } from './tokens.js';

/** What the readiness of a service with such a pipeline answers. */
const readyWith = async (
  health: () => Promise<object>,
  query: () => Promise<unknown> = async () => [],
): Promise<Response> => {
  const pipeline = { database: { query }, health };
  @Module({
    imports: [TerminusModule.forRoot({ logger: false })],
    controllers: [HealthController],
    providers: [
      { provide: PIPELINE, useValue: pipeline },
      { provide: BASE_CONFIG, useValue: { READY_OUTBOX_AGE_S: 30 } },
    ],
  })
  class OnlyHealth {}
  const app = await NestFactory.create<NestExpressApplication>(OnlyHealth, { logger: false });
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  try {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`);
    return new Response(await answer.text(), answer);
  } finally {
    await app.close();
  }
};

it('is ready when Postgres answers, topics are read and the outbox is published', async () => {
  expect((await readyWith(async () => ({ consuming: true, outboxAge: 1 }))).status).toBe(200);
});

it.each([
  ['consumer', async () => ({ consuming: false, outboxAge: 0 })],
  ['outbox', async () => ({ consuming: true, outboxAge: 31 })],
])('is not ready, and says why: %s', async (part, health) => {
  const answer = await readyWith(health);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({
    detail: `Not ready: ${part}`,
    down: { [part]: { status: 'down' } },
  });
});

it('is not ready while the database does not tell how the pipeline is', async () => {
  const answer = await readyWith(() => Promise.reject(new Error('away')));
  expect(await answer.json()).toMatchObject({ status: 503, detail: 'Not ready: The database does not answer.' });
});

it('is not ready while Postgres hangs: neither answers nor fails', async () => {
  const never = () => new Promise<never>(() => undefined);
  const answer = await readyWith(never, never);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('Not ready') });
});
