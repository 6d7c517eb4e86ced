import { OrderCancellationRequested, OrderPlaced } from '@baton/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { patienceOf } from './gathering.js';
import type { Input, RecordInput } from './inputs.js';
import { InputQueue } from './queue.js';

const HOUR_MS = 3_600_000;

const partitions = [0, 1].map((partition) => ({ topic: 'orders', partition }));

const recordOf = (partition: number, offset: bigint, key: string, isPatient: boolean): RecordInput => ({
  kind: 'record',
  record: {
    topic: 'orders',
    partition,
    offset,
    timestamp: 0,
    key,
    headers: { ce_specversion: '1.0', ce_type: (isPatient ? OrderPlaced : OrderCancellationRequested).type },
    value: Buffer.from('{}'),
  },
});

const offsetsOf = (inputs: readonly Input[], partition: number): readonly bigint[] =>
  inputs.flatMap((input) =>
    input.kind === 'record' && input.record.partition === partition ? [input.record.offset] : [],
  );

/** What is done to a queue, in any order. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      partition: fc.integer({ min: 0, max: 1 }),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      isPatient: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const), most: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), which: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('back' as const), partition: fc.integer({ min: 0, max: 1 }) }),
  },
);

test('whatever comes and goes, each record is taken once and in its order of its key, and what is reached is what is left', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const queue = new InputQueue(patienceOf({ patient: [OrderPlaced], patientMs: HOUR_MS }));
      const nextOf = [0n, 0n];
      const reached = [0n, 0n];
      let here: RecordInput[] = [];
      const late = new Set<Input>();
      const isHurried = (input: RecordInput): boolean =>
        late.has(input) || input.record.headers.ce_type !== OrderPlaced.type;
      for (const each of steps) {
        if (each.kind === 'push') {
          const offset = nextOf[each.partition] ?? 0n;
          nextOf[each.partition] = offset + 1n;
          const input = recordOf(each.partition, offset, each.key, each.isPatient);
          here.push(input);
          queue.push([input]);
        } else if (each.kind === 'repeat') {
          const one = here[each.which % here.length];
          if (!one) continue;
          const input = { ...one };
          here.push(input);
          queue.push([input]);
        } else if (each.kind === 'back') {
          // Delivered again from the first that was not taken.
          const partition = partitions[each.partition];
          const again = here.filter(({ record }) => record.partition === each.partition);
          if (!partition) continue;
          queue.drop([partition]);
          reached[each.partition] = 0n;
          here = here.filter(({ record }) => record.partition !== each.partition);
          for (const input of again) late.delete(input);
          for (const input of again) queue.push([input]);
          here.push(...again);
        } else {
          const { inputs, reach } = queue.take(each.most);
          const taken = new Set<Input>(inputs);
          // Those of the keys of what hurries, in the order of their coming; what is too much hurries from then on.
          const keys = new Set(here.filter(isHurried).map(({ record }) => record.key));
          const due = here.filter(({ record }) => keys.has(record.key));
          expect(inputs).toEqual(due.slice(0, each.most));
          for (const input of due.slice(each.most)) late.add(input);
          here = here.filter((input) => !taken.has(input));
          for (const partition of partitions) {
            const { partition: number } = partition;
            const last = offsetsOf(inputs, number).reduce(
              (most, offset) => (offset + 1n > most ? offset + 1n : most),
              0n,
            );
            if (last > (reached[number] ?? 0n)) reached[number] = last;
            const left = offsetsOf(here, number);
            const lowest = left.reduce((least, offset) => (offset < least ? offset : least), left[0] ?? 0n);
            expect(reach(partition)).toBe(left.length > 0 ? lowest : reached[number]);
          }
        }
      }
      expect(queue.size).toBe(here.length);
      expect(queue.take(1_000, true).inputs).toEqual(here);
    }),
    { numRuns: 500 },
  );
});

test('delivery pauses for what records take, whatever their bodies', async () => {
  const queue = new InputQueue();
  const large = recordOf(0, 0n, 'a', false);
  queue.push([{ ...large, record: { ...large.record, bytes: 64 * 1024 * 1024 } }]);
  let hasRoom = false;
  const room = queue.room().then(() => (hasRoom = true));
  await Promise.resolve();
  expect(hasRoom).toBe(false);
  queue.take(1);
  await room;
});
