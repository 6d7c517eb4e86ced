import { type EventDraft, OrderCancellationSubmitted, type OrderInput, OrderSubmitted } from '@baton/contracts';
import type { CommandOf, Moment, Outcome } from '@baton/messaging';
import { type CancelOrder, type ExpireWishes, PlaceOrder } from '../commands.js';
import type { OrderRecord, Wish } from '../domain/order.js';
import { isOverdue } from '../domain/wishes.js';
import type { StatusFact } from '../domain/status.js';
import { OrderReactions } from '../reactions.js';

export const NOW = '2026-11-23T10:00:00.000Z';

export const order = (changes: Partial<OrderInput> = {}): OrderInput => ({
  orderId: 'CA-2016-129714',
  customer: {
    customerId: 'AB-10060',
    name: 'Adam Bellavance',
    email: 'ab-10060@example.test',
    address: { city: 'New York City', state: 'New York', postalCode: '10009', country: 'United States' },
  },
  region: 'East',
  lines: [
    { lineId: '160', sku: 'OFF-PA-10001970', quantity: 4 },
    { lineId: '161', sku: 'TEC-AC-10004659', quantity: 2 },
  ],
  ...changes,
});

/** An event as the consumer delivers it. */
export const heard = <Draft extends EventDraft>(draft: Draft, time = NOW, id = draft.id): Draft & { time: string } => ({
  ...draft,
  id,
  time,
});

/**
 * One order's record and the reactions over it: what a reaction saves is what the next one sees, as in the unit of
 * work.
 */
export class Conversation {
  readonly reactions = new OrderReactions();
  record: OrderRecord | undefined;

  submit(input: OrderInput = order(), moment: Partial<Moment> = {}): Outcome {
    const event = heard(OrderSubmitted(OrderSubmitted.schema.parse(input)));
    return this.keep(this.reactions.takeIn(event, { order: this.record }, at(moment, event.id)));
  }

  place(input: OrderInput = order(), moment: Partial<Moment> = {}): Outcome {
    const command: CommandOf<typeof PlaceOrder> = { id: 'key', data: PlaceOrder.schema.parse(input) };
    return this.keep(this.reactions.place(command, { order: this.record }, at(moment, 'key')));
  }

  wish(messageId: string, now = NOW, orderId = order().orderId): Outcome {
    const event = heard(OrderCancellationSubmitted({ orderId, reason: 'ordered twice' }, messageId), now, messageId);
    return this.keep(this.reactions.hearWish(event, { order: this.record }, at({ now }, messageId)));
  }

  cancel(messageId: string, orderId = order().orderId): Outcome {
    const command: CommandOf<typeof CancelOrder> = { id: messageId, data: { orderId } };
    return this.keep(this.reactions.cancel(command, { order: this.record }, at({}, messageId)));
  }

  /** @param overdue those that are due by now; others when an earlier command is tried again */
  expire(
    now: string,
    overdue: readonly Wish[] = this.record?.wishes.filter((wish) => isOverdue(wish, now)) ?? [],
  ): Outcome {
    return this.due({ orderId: order().orderId, wishes: [...overdue] }, now);
  }

  /** As earlier releases said it. */
  expireUnnamed(now: string): Outcome {
    return this.due({ orderId: order().orderId }, now);
  }

  fact(fact: StatusFact): Outcome {
    return this.keep(this.reactions.follow(fact, { order: this.record }));
  }

  private due(data: CommandOf<typeof ExpireWishes>['data'], now: string): Outcome {
    const command: CommandOf<typeof ExpireWishes> = { id: 'due', data };
    return this.keep(this.reactions.expire(command, { order: this.record }, at({ now }, 'due')));
  }

  private keep(outcome: Outcome): Outcome {
    for (const change of outcome.save ?? []) this.record = change.state as OrderRecord;
    return outcome;
  }
}

const at = (moment: Partial<Moment>, messageId: string): Moment => ({
  now: NOW,
  unit: 'unit-1',
  messageId,
  parked: false,
  ...moment,
});

export const said = (outcome: Outcome): readonly string[] => (outcome.publish ?? []).map(({ name }) => name);
