import {
  CancellationRefused,
  FulfilmentCancelled,
  FulfilmentCompleted,
  OrderCancellationSubmitted,
  OrderDelayed,
  OrderSubmitted,
  ShipmentDelivered,
  ShipmentDispatched,
} from '@baton/contracts';
import {
  type CommandOf,
  type Loaded,
  type MessageOf,
  type Moment,
  On,
  one,
  type Outcome,
  Refused,
  save,
} from '@baton/messaging';
import { Controller } from '@nestjs/common';
import { CancelOrder, ExpireWishes, PlaceOrder } from './commands.js';
import { isPlaced, type Wish } from './domain/order.js';
import { hear } from './domain/status.js';
import { submit } from './domain/submit.js';
import { viewOf } from './domain/view.js';
import { expireWishes, unnamedWishes, wishToCancel } from './domain/wishes.js';
import { Orders } from './store/order.entity.js';

const itsOrder = ({ data }: { readonly data: { readonly orderId: string } }) => ({
  order: one(Orders, { orderId: data.orderId }),
});
type ItsOrder = Loaded<typeof itsOrder>;

/** What the customer's view of an order follows. */
export const statusFacts = [
  OrderDelayed,
  ShipmentDispatched,
  ShipmentDelivered,
  CancellationRefused,
  FulfilmentCompleted,
  FulfilmentCancelled,
] as const;

const wishOf = (reason: string | undefined, { now, messageId }: Moment): Wish => ({
  id: messageId,
  at: now,
  ...(reason !== undefined && { reason }),
});

@Controller()
export class OrderReactions {
  @On(OrderSubmitted, itsOrder)
  takeIn(event: OrderSubmitted, { order }: ItsOrder, { now, messageId }: Moment): Outcome {
    const decision = submit(order, event.data, { now, submissionId: messageId });
    switch (decision.kind) {
      case 'placed':
        return { save: [save(Orders, decision.record)], publish: decision.events };
      case 'known':
        return {};
      case 'rejected':
        return { publish: decision.events, deadLetter: decision.detail };
      case 'refused':
        return { deadLetter: decision.detail };
      default:
        return decision satisfies never;
    }
  }

  @On(PlaceOrder, itsOrder)
  place(command: CommandOf<typeof PlaceOrder>, { order }: ItsOrder, { now, messageId }: Moment): Outcome {
    const decision = submit(order, command.data, { now, submissionId: messageId });
    switch (decision.kind) {
      case 'placed':
        return {
          save: [save(Orders, decision.record)],
          publish: decision.events,
          reply: { status: 201, body: viewOf(decision.record) },
        };
      case 'known':
        return { reply: { status: 200, body: viewOf(decision.record) } };
      case 'rejected':
        // A reply, not an exception: OrderRejected must be published. The API turns it into the problem that it is.
        return {
          publish: decision.events,
          reply: { status: 409, body: { code: 'order-id-reused', detail: decision.detail } },
        };
      case 'refused':
        throw new Refused(400, 'order-id-reserved', decision.detail);
      default:
        return decision satisfies never;
    }
  }

  @On(OrderCancellationSubmitted, itsOrder)
  hearWish(event: OrderCancellationSubmitted, { order }: ItsOrder, moment: Moment): Outcome {
    const { orderId, reason } = event.data;
    const decision = wishToCancel(order, orderId, wishOf(reason, moment));
    switch (decision.kind) {
      case 'requested':
        return { save: [save(Orders, decision.record)], publish: decision.events };
      case 'kept':
        return { save: [save(Orders, decision.record)] };
      case 'known':
        return {};
      case 'refused':
        return { deadLetter: decision.detail };
      default:
        return decision satisfies never;
    }
  }

  @On(CancelOrder, itsOrder)
  cancel(command: CommandOf<typeof CancelOrder>, { order }: ItsOrder, moment: Moment): Outcome {
    const { orderId, reason } = command.data;
    if (!isPlaced(order)) throw new Refused(404, 'unknown-order', `There is no order ${orderId}.`);
    const decision = wishToCancel(order, orderId, wishOf(reason, moment));
    if (decision.kind === 'refused') throw new Refused(409, 'too-many-wishes', decision.detail);
    return {
      save: [save(Orders, decision.record)],
      ...(decision.kind === 'requested' && { publish: decision.events }),
      reply: { status: 202, body: viewOf(decision.record) },
    };
  }

  @On(ExpireWishes, itsOrder)
  expire(command: CommandOf<typeof ExpireWishes>, { order }: ItsOrder, { now }: Moment): Outcome {
    const { orderId, wishes = unnamedWishes(order, command.id, now) } = command.data;
    const decision = expireWishes(order, orderId, wishes, now);
    switch (decision.kind) {
      case 'requested':
        return { save: [save(Orders, decision.record)], publish: decision.events };
      case 'expired':
        return { ...(decision.record && { save: [save(Orders, decision.record)] }), deadLetter: decision.detail };
      case 'nothing':
        return {};
      default:
        return decision satisfies never;
    }
  }

  @On(statusFacts, itsOrder)
  follow(fact: MessageOf<(typeof statusFacts)[number]>, { order }: ItsOrder): Outcome {
    const record = hear(order, fact);
    return record === order ? {} : { save: [save(Orders, record)] };
  }
}
