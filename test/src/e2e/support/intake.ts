import { type EventDraft, OrderCancellationSubmitted, type OrderInput, OrderSubmitted } from '@baton/contracts';
import { encode, type OutgoingRecord } from '@baton/messaging';
import { eventually } from '@baton/messaging/testing';
import { send } from './http.js';
import { PATIENCE_MS, type TestSystem } from './system.js';

/** A record as a stranger may write it. That its key can be missing is a matter of Kafka's own clients. */
export interface StrangersRecord {
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly value: string | Buffer;
}

const recordOf = (draft: EventDraft): OutgoingRecord => encode(draft, '2026-01-01T00:00:00.000Z', {});

export const submitted = (input: OrderInput): OutgoingRecord =>
  recordOf(OrderSubmitted(OrderSubmitted.schema.parse(input)));

export const cancellation = (orderId: string): OutgoingRecord => recordOf(OrderCancellationSubmitted({ orderId }));

/** The headers of an OrderSubmitted with this id. */
export const headersOf = (id: string): Readonly<Record<string, string>> => ({
  ce_specversion: '1.0',
  ce_type: OrderSubmitted.type,
  ce_id: id,
  ce_source: '/a-shop',
  'content-type': 'application/json',
});

/** Writes records to `orders-intake` in one request. */
export const publish = (world: TestSystem, records: readonly StrangersRecord[]): Promise<void> =>
  world.system.transport.publish(
    records.map(({ key, headers = {}, value }) => ({
      topic: 'orders-intake',
      key,
      headers,
      value: Buffer.from(value),
    })),
  );

export interface DeadLetter {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly origin: string;
  readonly reason: string;
}

/** What a service has put aside, as its operators see it; waits until there are so many. */
export const deadLetters = (
  world: Pick<TestSystem, 'url'>,
  service: string,
  count: number,
): Promise<readonly DeadLetter[]> =>
  eventually(async () => {
    const { body } = await send('GET', `${world.url}/dead-letters/${service}?limit=200`);
    const items = body?.['items'] as readonly DeadLetter[];
    if (items.length < count) throw new Error(`${items.length} of ${count} dead letters: ${JSON.stringify(items)}`);
    return items;
  }, PATIENCE_MS);
