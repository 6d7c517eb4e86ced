import { afterEach, expect, test } from 'vitest';
import { eventually, MemoryTransport } from '../testing/index.js';
import { Add, TallyService, versionsIn, wish } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';

const world = TallyWorld.ofEachTest();
afterEach(() => {
  world.transport.beforePublish = () => Promise.resolve();
});

test('events whose publisher died are published by the next process, once it starts', async () => {
  world.transport.beforePublish = () => new Promise(() => undefined);
  const dead = await TallyService.start(world.database, world.transport);
  world.transport.deliver([wish('a', 1), wish('a', 2)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 3 }));
  expect(world.transport.records).toHaveLength(0);
  const heir = new MemoryTransport();
  const next = await TallyService.start(world.database, heir);
  await eventually(() => expect(heir.records.map(({ key }) => key)).toEqual(['a', 'a']));
  await next.stop();
  world.transport.beforePublish = () => Promise.resolve();
  void dead.pipeline.stop();
});

test('whoever goes on with a key publishes the events of its key that a crash left, first', async () => {
  world.transport.beforePublish = () => new Promise(() => undefined);
  const dead = await TallyService.start(world.database, world.transport);
  await dead.pipeline.submit(Add, { orderId: 'a', amount: 1 });
  const heir = new MemoryTransport();
  // The relay finds nothing at its start, so that only the row's own mark can tell.
  const next = await TallyService.start(world.database, heir);
  await next.pipeline.submit(Add, { orderId: 'a', amount: 2 });
  await eventually(() => expect(heir.records.length).toBeGreaterThanOrEqual(2));
  const versions = versionsIn(heir);
  expect(versions.indexOf(1)).toBeLessThan(versions.indexOf(2));
  await next.stop();
  void dead.pipeline.stop();
});

test('publishing is tried again until it succeeds, in order', async () => {
  await world.start();
  let failures = 3;
  world.transport.beforePublish = () => (failures-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve());
  world.transport.deliver([wish('a', 1)]);
  world.transport.deliver([wish('a', 2), wish('a', 3)]);
  await eventually(() => expect(world.transport.records).toHaveLength(3));
  const versions = versionsIn(world.transport);
  expect(versions).toEqual([1, 2, 3]);
});
