import type {
  CancellationRefused,
  FulfilmentCancelled,
  FulfilmentCompleted,
  OrderDelayed,
  ShipmentDelivered,
  ShipmentDispatched,
} from '@baton/contracts';
import { awaitedOrder, type OrderRecord, type OrderStatus, orderStatuses, type ShipmentFacts } from './order.js';

/** The facts that change what the customer is told. */
export type StatusFact =
  | OrderDelayed
  | ShipmentDispatched
  | ShipmentDelivered
  | CancellationRefused
  | FulfilmentCompleted
  | FulfilmentCancelled;

const rank = (status: OrderStatus): number => orderStatuses.indexOf(status);
const isEnd = (status: OrderStatus): boolean => status === 'completed' || status === 'cancelled';

/** Raises a record to a status, if that ranks higher; the first end status stays for ever. */
export const raise = (record: OrderRecord, status: OrderStatus, at: string): OrderRecord =>
  isEnd(record.status) || rank(status) <= rank(record.status) ? record : { ...record, status, statusSince: at };

/**
 * Folds a fact into the record of its order. A fact about an unknown order is kept for when it is submitted, which
 * happens only when this service's database is older than the topics.
 * @returns the same object when the fact changes nothing
 */
export const hear = (known: OrderRecord | undefined, fact: StatusFact): OrderRecord => {
  const record = known ?? awaitedOrder(fact.data.orderId, fact.time);
  switch (fact.name) {
    case 'OrderDelayed':
      return delayed(record, fact);
    case 'ShipmentDispatched': {
      const { shipment, carrier, trackingNumber, dispatchedAt } = fact.data;
      const facts = { shipment, carrier, trackingNumber, dispatchedAt, deliveredAt: null };
      return raise(withShipments(record, [facts]), 'dispatched', fact.time);
    }
    case 'ShipmentDelivered': {
      const { shipment, carrier, trackingNumber, deliveredAt } = fact.data;
      const facts = { shipment, carrier, trackingNumber, dispatchedAt: null, deliveredAt };
      return raise(withShipments(record, [facts]), 'delivered', fact.time);
    }
    case 'CancellationRefused': {
      const facts = fact.data.dispatched.map((out) => ({ ...out, dispatchedAt: null, deliveredAt: null }));
      return raise(withShipments(record, facts), 'dispatched', fact.time);
    }
    case 'FulfilmentCompleted': {
      if (record.ending) return record;
      const lines = fact.data.lines.map(({ lineId, quantity, shipment, outcome }) => ({
        lineId,
        quantity,
        shipment,
        outcome,
      }));
      return raise({ ...record, ending: { kind: 'completed', at: fact.time, lines } }, 'completed', fact.time);
    }
    case 'FulfilmentCancelled': {
      if (record.ending) return record;
      const { reason, detail } = fact.data;
      return raise({ ...record, ending: { kind: 'cancelled', at: fact.time, reason, detail } }, 'cancelled', fact.time);
    }
    default:
      return fact satisfies never;
  }
};

const delayed = (record: OrderRecord, { data, time }: OrderDelayed): OrderRecord => {
  const { shipment, reason, expectedAt } = data;
  // Of two delays the later shipment's is the one that counts, for it replaced the other.
  if (record.delay && record.delay.shipment > shipment) return record;
  if (record.delay?.shipment === shipment && record.delay.at >= time) return record;
  const delay = { shipment, reason, at: time, ...(expectedAt !== undefined && { expectedAt }) };
  return raise({ ...record, delay }, 'delayed', time);
};

const withShipments = (record: OrderRecord, news: readonly ShipmentFacts[]): OrderRecord => {
  const known = new Map(record.shipments.map((facts) => [facts.shipment, facts]));
  let changed = false;
  for (const facts of news) {
    const old = known.get(facts.shipment);
    const dispatchedAt = old?.dispatchedAt ?? facts.dispatchedAt;
    const deliveredAt = old?.deliveredAt ?? facts.deliveredAt;
    if (old && old.dispatchedAt === dispatchedAt && old.deliveredAt === deliveredAt) continue;
    changed = true;
    known.set(facts.shipment, { ...facts, dispatchedAt, deliveredAt });
  }
  if (!changed) return record;
  return { ...record, shipments: [...known.values()].sort((a, b) => a.shipment - b.shipment) };
};
