import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '../testing/index.js';
import { TallyService, totalsIn, wish } from '../testing/tally.js';
import { discard, heldMessages, redrive } from './dead-letters.js';

let database: FreshDatabase;
let transport: MemoryTransport;
let service: TallyService;

beforeEach(async () => {
  database = await freshDatabase();
  transport = new MemoryTransport();
});
afterEach(async () => {
  await service.stop();
  await database.drop();
});

const held = (state: 'dead' | 'parked') => heldMessages(service.pipeline.database, state, 0n, 50);
const idsOf = async (state: 'dead' | 'parked'): Promise<readonly string[]> => (await held(state)).map(({ id }) => id);

/** Wishes 2 and 3 of one order, of which the first is a dead letter, and the second waits behind it. */
const oneBehindAnother = async (): Promise<readonly [first: string, second: string]> => {
  service = await TallyService.start(database, transport, { poison: 2, tries: 1 });
  transport.deliver([wish('a', 2), wish('a', 3)]);
  await eventually(async () => expect(await idsOf('parked')).toHaveLength(1));
  return [...(await idsOf('dead')), ...(await idsOf('parked'))] as never;
};
const numbersHandled = (): readonly string[] => service.plan.handled.map((id) => id.split('/').at(-1) ?? '');

test('of two dead letters of a key the later one waits for the earlier, and says so', async () => {
  const [first, second] = await oneBehindAnother();
  // As of two processes that both failed before either knew of the other.
  await database.query(`update held_message set state = 'dead' where id = $1`, [second]);
  expect(await redrive(service.pipeline.database, second)).toEqual({ id: second, state: 'parked', waitsFor: first });
  expect(await held('parked')).toMatchObject([{ id: second, key: 'a', waitsFor: first }]);

  service.plan.poison = undefined;
  expect(await redrive(service.pipeline.database, first)).toEqual({ id: first, state: 'retrying' });
  await eventually(async () => expect(await totalsIn(database)).toEqual({ a: 5 }));
  expect(numbersHandled()).toEqual(['2', '2', '3']);
  expect(await redrive(service.pipeline.database, first)).toBeUndefined();
  expect(await discard(service.pipeline.database, second)).toBe(false);
});

test('what is tried again and finds an earlier one of its key dead waits for that', async () => {
  const [first, second] = await oneBehindAnother();
  await database.query(`update held_message set state = 'retrying', tries = 2, next_at = now() where id = $1`, [
    second,
  ]);
  await eventually(async () => expect(await idsOf('parked')).toEqual([second]));
  expect(await held('parked')).toMatchObject([{ tries: 2, waitsFor: first }]);
  expect(await discard(service.pipeline.database, first)).toBe(true);
  await eventually(async () => expect(await totalsIn(database)).toEqual({ a: 3 }));
  expect(numbersHandled()).toEqual(['2', '3']);
});

test('a message that was refused, is tried again and then fails holds up its key like any that fails', async () => {
  service = await TallyService.start(database, transport, { tries: 1, instead: () => ({ deadLetter: 'not yet' }) });
  transport.deliver([wish('a', 2)]);
  await eventually(async () => expect(await idsOf('dead')).toHaveLength(1));
  Object.assign(service.plan, { instead: undefined, poison: 2 });
  await redrive(service.pipeline.database, String((await idsOf('dead'))[0]));
  await eventually(() => expect(numbersHandled()).toEqual(['2', '2']));
  transport.deliver([wish('a', 3), wish('b', 3)]);
  await eventually(async () => expect(await totalsIn(database)).toMatchObject({ b: 3 }));
  expect(await idsOf('parked')).toHaveLength(1);
});
