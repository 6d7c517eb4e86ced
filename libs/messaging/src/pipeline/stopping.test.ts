import { expect, test } from 'vitest';
import { eventually, freshDatabase, MemoryTransport, PortCable } from '../testing/index.js';
import { Add, Due, TallyService, wish } from '../testing/tally.js';

test('a stop ends though the database is away, a deadline is under way, and a command waits', async () => {
  const database = await freshDatabase();
  const cable = await PortCable.to(database.url);
  let isDue = false;
  const dues = {
    name: 'dues',
    pollMs: 5,
    next: async () => (isDue ? [{ command: Due, data: { orderId: 'a' }, place: ['a'] }] : []),
  };
  const waits: string[] = [];
  const log = { info: () => undefined, warn: (message: string) => void waits.push(message), error: () => undefined };
  const service = await TallyService.start({ ...database, url: cable.url }, new MemoryTransport(), {
    dueSources: [dues],
    log,
  });
  await eventually(() => expect(service.pipeline.caughtUp).toBe(true));
  cable.cut();
  isDue = true;
  await eventually(() => expect(waits).toContain('The database does not work, waiting'));
  const command = service.pipeline.submit(Add, { orderId: 'b', amount: 1 }).then(
    () => 'done',
    () => 'told',
  );
  const stopping = service.pipeline.stop();
  expect(await command).toBe('told');
  await stopping;
  cable.close();
  await database.drop();
}, 40_000);

test('a deadline that is still looked for when all else is handled holds up no stop', async () => {
  const database = await freshDatabase();
  const transport = new MemoryTransport();
  const found = Promise.withResolvers<void>();
  let looks = 0;
  const dues = {
    name: 'dues',
    pollMs: 5,
    next: async () => {
      looks += 1;
      await found.promise;
      return [{ command: Due, data: { orderId: 'a' }, place: ['a'] }];
    },
  };
  const service = await TallyService.start(database, transport, { dueSources: [dues] });
  await eventually(() => looks === 1);
  const stopping = service.stop();
  transport.deliver([wish('b', 1)]);
  await eventually(async () =>
    expect(await database.query('select 1 from position where next_offset = 1')).toHaveLength(1),
  );
  // By now a loop that had seen nothing more to do would be over.
  await eventually(() => transport.records.length === 1);
  found.resolve();
  await stopping;
  expect(service.plan.handled).toEqual(['b/0/OrderCancellationRequested/1/1', 'due a']);
  await database.drop();
});
