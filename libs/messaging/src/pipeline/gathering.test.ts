import { OrderCancellationRequested, OrderPlaced } from '@baton/contracts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { patienceOf, pauseAfter } from './gathering.js';
import type { Input } from './inputs.js';
import { InputQueue } from './queue.js';
import { halves } from './taken.js';

let offset = 0n;
const record = (type: string | undefined, key: string | undefined = 'k', body = '{}'): Input => ({
  kind: 'record',
  record: {
    topic: 'orders',
    partition: 0,
    offset: (offset += 1n),
    timestamp: 0,
    key,
    headers:
      type === undefined
        ? { 'content-type': 'application/cloudevents+json' }
        : { ce_specversion: '1.0', ce_type: type },
    value: Buffer.from(body),
  },
});
const patient = (key?: string) => record(OrderPlaced.type, key);
const urgent = (key?: string) => record(OrderCancellationRequested.type, key);
const partition = { topic: 'orders', partition: 0 };

const queueFor = () => new InputQueue(patienceOf({ patient: [OrderPlaced], patientMs: 200 }));

/** Whether the next unit of work may begin now. */
const isReady = async (queue: InputQueue): Promise<boolean> => {
  let ready = false;
  void queue.something().then(() => {
    ready = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return ready;
};

beforeEach(() => {
  offset = 0n;
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

test('a patient message waits for company, counted from the first of them, and not for ever', async () => {
  const queue = queueFor();
  queue.push([patient()]);
  await vi.advanceTimersByTimeAsync(150);
  queue.push([patient()]);
  expect(await isReady(queue)).toBe(false);
  await vi.advanceTimersByTimeAsync(50);
  expect(await isReady(queue)).toBe(true);
  // The second one has not waited for half as long as it may, and goes along for its key's sake.
  expect(queue.take(10).inputs).toHaveLength(2);
  expect(await isReady(queue)).toBe(false);
});

test('who has waited for long enough takes along who has waited for half as long', async () => {
  const queue = queueFor();
  const [first, second, third] = [patient('a'), patient('b'), patient('c')];
  queue.push([first]);
  await vi.advanceTimersByTimeAsync(90);
  queue.push([second]);
  await vi.advanceTimersByTimeAsync(20);
  queue.push([third]);
  await vi.advanceTimersByTimeAsync(90);
  expect(await isReady(queue)).toBe(true);
  expect(queue.take(10).inputs).toEqual([first, second]);
  // The next one waits its own time.
  await vi.advanceTimersByTimeAsync(109);
  expect(await isReady(queue)).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await isReady(queue)).toBe(true);
  expect(queue.take(10).inputs).toEqual([third]);
});

test('the more there is at hand, the longer it may wait', async () => {
  const queue = new InputQueue(patienceOf({ patient: [OrderPlaced], patientMs: 200, patientLoadMs: 1_000 }));
  queue.push(Array.from({ length: 500 }, (_, n) => patient(`o${n}`)));
  await vi.advanceTimersByTimeAsync(599);
  expect(await isReady(queue)).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await isReady(queue)).toBe(true);
});

test('whatever is not patient takes along those of its key, in the order in which they came, and no others', async () => {
  const queue = queueFor();
  const [first, other, second, third] = [patient('a'), patient('b'), urgent('a'), patient('a')];
  queue.push([first, other]);
  queue.push([second, third]);
  expect(await isReady(queue)).toBe(true);
  const taken = queue.take(10);
  expect(taken.inputs).toEqual([first, second, third]);
  // Everything before the one that is left is handled then, and nothing behind it counts.
  expect(taken.reach(partition)).toBe(2n);
  expect(await isReady(queue)).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  const rest = queue.take(10);
  expect(rest.inputs).toEqual([other]);
  expect(rest.reach(partition)).toBe(5n);
});

test('a record without a key takes along nobody', () => {
  const queue = queueFor();
  const stranger = urgent();
  (stranger as { record: { key: string | undefined } }).record.key = undefined;
  queue.push([patient('a'), stranger]);
  expect(queue.take(10).inputs).toEqual([stranger]);
});

test('what a full unit of work leaves behind waits no longer', async () => {
  const queue = queueFor();
  queue.push([urgent(), patient(), patient()]);
  const taken = queue.take(2);
  expect(taken.reach(partition)).toBe(3n);
  expect(await isReady(queue)).toBe(true);
  expect(queue.take(2).inputs).toHaveLength(1);
});

test('a stop takes all', () => {
  const queue = queueFor();
  queue.push([patient('a'), patient('b')]);
  expect(queue.take(10).inputs).toEqual([]);
  expect(queue.take(10, true).inputs).toHaveLength(2);
});

test('where memory gets short, those go that have waited for longest, and the rest still gathers', async () => {
  const queue = queueFor();
  const some = (name: string, count: number) => Array.from({ length: count }, (_, n) => patient(`${name}${n}`));
  queue.push(some('first', 16_000));
  await vi.advanceTimersByTimeAsync(60);
  queue.push(some('then', 8_000));
  expect(await isReady(queue)).toBe(false);
  queue.push(some('last', 1));
  expect(await isReady(queue)).toBe(true);
  expect(queue.take(40_000).inputs).toHaveLength(16_000);
  expect(await isReady(queue)).toBe(false);
  expect(queue.take(40_000).inputs).toHaveLength(0);
  // Where those that go are few, so that memory stays short, the next go at once.
  await vi.advanceTimersByTimeAsync(60);
  queue.push(some('many', 32_000));
  expect(queue.take(40_000).inputs).toHaveLength(8_001);
  expect(await isReady(queue)).toBe(true);
  expect(queue.take(40_000).inputs).toHaveLength(32_000);
});

test('what is delivered anew counts anew', () => {
  const queue = queueFor();
  queue.push([urgent('a'), urgent('b'), patient('c')]);
  queue.take(10);
  queue.drop([partition]);
  offset = 0n;
  queue.push([urgent('a')]);
  expect(queue.take(10).reach(partition)).toBe(2n);
});

test('the first half of what was taken leaves the second behind', () => {
  const queue = queueFor();
  queue.push([urgent('a'), urgent('b'), urgent('a'), patient('c'), urgent('b')]);
  const [first, second] = halves(queue.take(10));
  expect([first.inputs.length, second.inputs.length]).toEqual([2, 2]);
  expect(first.reach(partition)).toBe(3n);
  expect(second.reach(partition)).toBe(4n);
});

test('a record whose body alone tells its name waits for nobody', async () => {
  const queue = queueFor();
  queue.push([patient()]);
  expect(await isReady(queue)).toBe(false);
  queue.push([record(undefined)]);
  expect(await isReady(queue)).toBe(true);
  queue.take(10);
  queue.push([record('a.stranger')]);
  expect(await isReady(queue)).toBe(true);
});

test('a patient message that is awaited waits no longer, whether it is here or comes, once', async () => {
  const queue = queueFor();
  queue.push([patient('a'), patient('b')]);
  queue.expedite(new Map([['a', ['OrderPlaced']]]));
  expect(await isReady(queue)).toBe(true);
  expect(queue.take(10).inputs).toMatchObject([{ record: { key: 'a' } }]);
  expect(await isReady(queue)).toBe(false);
  queue.expedite(
    new Map([
      ['c', ['OrderPlaced']],
      ['d', ['OrderCancellationRequested']],
    ]),
  );
  expect(await isReady(queue)).toBe(false);
  queue.push([patient('d')]);
  expect(await isReady(queue)).toBe(false);
  queue.push([patient('c')]);
  expect(await isReady(queue)).toBe(true);
  expect(queue.take(10).inputs).toMatchObject([{ record: { key: 'c' } }]);
  queue.push([patient('c')]);
  expect(await isReady(queue)).toBe(false);
});

test('of a set that is waited for together, the last one of its key waits no longer', async () => {
  const queue = new InputQueue(patienceOf({ together: [[OrderPlaced, OrderCancellationRequested]], patientMs: 200 }));
  queue.push([patient('a'), urgent('b')]);
  expect(await isReady(queue)).toBe(false);
  queue.push([patient('a')]);
  expect(await isReady(queue)).toBe(false);
  queue.push([urgent('a')]);
  expect(await isReady(queue)).toBe(true);
  expect(queue.take(10).inputs).toHaveLength(3);
  // What was taken has been here.
  queue.push([patient('a')]);
  expect(await isReady(queue)).toBe(false);
  queue.drop([partition]);
  queue.push([urgent('a')]);
  expect(await isReady(queue)).toBe(false);
  queue.expedite(new Map([['a', ['OrderCancellationRequested']]]));
  expect(await isReady(queue)).toBe(true);
});

test('without patient messages none waits', async () => {
  const queue = new InputQueue();
  queue.push([patient()]);
  expect(await isReady(queue)).toBe(true);
});

test('under load everything gathers, the longer the more there is, and no longer than said', () => {
  expect(pauseAfter(49, 100, { loadMs: 2_000 })).toBe(0);
  expect(pauseAfter(250, 100, { loadMs: 2_000 })).toBe(25);
  expect(pauseAfter(1_000, 100, { loadMs: 2_000 })).toBe(100);
  expect(pauseAfter(8_000, 100, { loadMs: 2_000 })).toBe(100);
  expect(pauseAfter(8_000, 2_500, { loadMs: 2_000 })).toBe(2_000);
  expect(pauseAfter(5_000, 100, {})).toBe(0);
});
