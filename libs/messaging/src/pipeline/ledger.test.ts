import { expect, test } from 'vitest';
import { eventually, freshDatabase, MemoryTransport } from '../testing/index.js';
import { TallyService, wish } from '../testing/tally.js';
import { MAX_BODY_BYTES } from '../wire/cloud-events.js';

test('a message whose reaction says more than readers take is held with that reason, and later ones go on', async () => {
  const database = await freshDatabase();
  const transport = new MemoryTransport();
  const service = await TallyService.start(database, transport, { bulky: 2, tries: 1 });
  transport.deliver([wish('a', 1), wish('big', 2), wish('a', 4)]);
  transport.deliver([wish('b', 8)]);
  await eventually(() => expect(transport.records.map(({ key }) => key)).toEqual(['a', 'a', 'b']));
  expect(await database.query('select key, state, reason from held_message')).toEqual([
    {
      key: 'big',
      state: 'dead',
      reason: expect.stringMatching(`a StockShort of \\d+ bytes; at most ${MAX_BODY_BYTES} are read`),
    },
  ]);
  const totals = await database.query('select order_id, total from tally where total > 0 order by order_id');
  expect(totals).toEqual([
    { order_id: 'a', total: 5 },
    { order_id: 'b', total: 8 },
  ]);
  await service.stop();
  await database.drop();
});
