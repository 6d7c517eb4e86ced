import { OrderCancellationRequested, OrderPlaced } from '@baton/contracts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { patienceOf, pauseAfter } from './gathering.js';
import type { Input } from './inputs.js';
import { InputQueue } from './queue.js';

let offset = 0n;
const record = (type: string | undefined, body = '{}'): Input => ({
  kind: 'record',
  record: {
    topic: 'orders',
    partition: 0,
    offset: (offset += 1n),
    timestamp: 0,
    key: 'k',
    headers:
      type === undefined
        ? { 'content-type': 'application/cloudevents+json' }
        : { ce_specversion: '1.0', ce_type: type },
    value: Buffer.from(body),
  },
});
const patient = () => record(OrderPlaced.type);
const urgent = () => record(OrderCancellationRequested.type);

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

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a patient message waits for company, counted from the first of them, and not for ever', async () => {
  const queue = queueFor();
  queue.push([patient()]);
  await vi.advanceTimersByTimeAsync(150);
  queue.push([patient()]);
  expect(await isReady(queue)).toBe(false);
  await vi.advanceTimersByTimeAsync(50);
  expect(await isReady(queue)).toBe(true);
  expect(queue.take(10)).toHaveLength(2);
  expect(await isReady(queue)).toBe(false);
});

test('whatever is not patient takes along all that is at hand, in the order in which it came', async () => {
  const queue = queueFor();
  const [first, second, third] = [patient(), urgent(), patient()];
  queue.push([first]);
  queue.push([second, third]);
  expect(await isReady(queue)).toBe(true);
  expect(queue.take(10)).toEqual([first, second, third]);
  // The wait of the first one ended with it: the next patient one waits its own time.
  queue.push([patient()]);
  await vi.advanceTimersByTimeAsync(199);
  expect(await isReady(queue)).toBe(false);
});

test('what a full unit of work leaves behind waits no longer', async () => {
  const queue = queueFor();
  queue.push([urgent(), patient(), patient()]);
  queue.take(2);
  expect(await isReady(queue)).toBe(true);
});

test('a record whose body alone tells its name waits for nobody', () => {
  const { isPatient } = patienceOf({ patient: [OrderPlaced] });
  expect(isPatient(record(undefined))).toBe(false);
  expect(isPatient(record('a.stranger'))).toBe(false);
  expect(isPatient(patient())).toBe(true);
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
