import { eventually } from '@baton/messaging/testing';
import { Controller, Get, Inject, Logger, Module } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { defineService } from './service.js';
import { type RunningService, startService } from './start-service.js';

/** A request that is answered when the test says so. */
class Gate {
  arrived = false;
  open: () => void = () => undefined;
  readonly opened = new Promise<string>((resolve) => (this.open = () => resolve('done')));
}

@Controller('things')
class ThingsApi {
  private readonly log = new Logger('things');

  constructor(@Inject(Gate) private readonly gate: Gate) {}

  @Get('slow')
  slow(): Promise<string> {
    this.gate.arrived = true;
    return this.gate.opened;
  }

  @Get('logged')
  logged(): string {
    this.log.log('Somebody asked');
    return 'done';
  }
}

@Module({ controllers: [ThingsApi], providers: [Gate] })
class ThingsModule {}

const things = defineService({
  name: 'gateway',
  doc: 'A service for a test.',
  module: ThingsModule,
  entities: [],
  migrations: [],
});

let logged = '';
let service: RunningService;
beforeEach(async () => {
  logged = '';
  const logDestination = { write: (text: string) => (logged += text) };
  service = await startService(things, { env: {}, logDestination });
});
afterEach(() => service.stop());

it('logs of a request its method and its path, and nothing that may name a person', async () => {
  await fetch(`${service.url}/things/logged?mail=jane@example.test`, {
    headers: { authorization: 'Bearer s3cret', cookie: 'session=s3cret', 'x-customer': 'Jane' },
  });
  const line = logged.split('\n').find((text) => text.includes('Somebody asked')) ?? '{}';
  expect(JSON.parse(line)).toMatchObject({ req: { method: 'GET', path: '/things/logged' } });
  expect(Object.keys((JSON.parse(line) as { req: object }).req).sort()).toEqual(['method', 'path']);
  expect(logged).not.toMatch(/jane|s3cret/i);
});

it('signs what is logged of a request with the service that was asked, of several in one process', async () => {
  let said = '';
  const logDestination = { write: (text: string) => (said += text) };
  const other = await startService({ ...things, name: 'inventory' }, { env: {}, logDestination });
  try {
    await fetch(`${other.url}/things/logged`);
    const line = said.split('\n').find((text) => text.includes('Somebody asked')) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({ service: 'inventory', req: { path: '/things/logged' } });
  } finally {
    await other.stop();
  }
});

it('answers the requests under way before it stops, and takes no others', async () => {
  const gate = service.app.get(Gate);
  const answer = fetch(`${service.url}/things/slow`);
  await eventually(() => gate.arrived);
  const stopped = service.stop();
  await eventually(() => !service.app.getHttpServer().listening);
  await expect(fetch(`${service.url}/things/logged`, { headers: { connection: 'close' } })).rejects.toThrow();
  gate.open();
  // A client that sent its next request on the same connection would not know what became of it.
  expect((await answer).headers.get('connection')).toBe('close');
  expect(await (await answer).text()).toBe('done');
  await stopped;
});
