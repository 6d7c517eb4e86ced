import { expect, test } from 'vitest';
import { eventually, freshDatabase, MemoryTransport, PortCable } from '../testing/index.js';
import { Add, Due, TallyService } from '../testing/tally.js';

test('a stop ends though the database is away, a deadline is under way, and a command waits', async () => {
  const database = await freshDatabase();
  const { hostname, port } = new URL(database.url);
  const cable = await PortCable.to(hostname, Number(port));
  const url = new URL(database.url);
  url.hostname = '127.0.0.1';
  url.port = String(cable.port);
  let isDue = false;
  const dues = {
    name: 'dues',
    pollMs: 5,
    next: async () => (isDue ? [{ command: Due, data: { orderId: 'a' }, place: ['a'] }] : []),
  };
  const waits: string[] = [];
  const log = { info: () => undefined, warn: (message: string) => void waits.push(message), error: () => undefined };
  const service = await TallyService.start({ ...database, url: url.href }, new MemoryTransport(), {
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
