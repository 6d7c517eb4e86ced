import * as contracts from '@baton/contracts';
import { defineSaga, type SagaDefinition } from '@baton/saga';
import { Conversation } from '@baton/saga/testing';
import { orderFulfilmentV1 } from './order-fulfilment.v1.js';

export const ORDER = 'order-1';
const definition = defineSaga(orderFulfilmentV1);

const lines = [
  { lineId: 'a', sku: 'chair', quantity: 2 },
  { lineId: 'b', sku: 'table', quantity: 1 },
];
const parcel = (shipment: number, attempt = 1, carrier = 'swift') => ({
  orderId: ORDER,
  shipment,
  attempt,
  carrier,
  trackingNumber: `${carrier}-${shipment}`,
});

/** The events of one order, as its participants say them: the given and the when of a conversation. */
export class OrderConversation extends Conversation {
  /** @param version of the definition, where it is not the first */
  constructor(version: SagaDefinition = definition) {
    super(version);
  }

  placed(onShortage: 'backorder' | 'cancel' = 'backorder'): this {
    return this.hears(contracts.OrderPlaced, {
      orderId: ORDER,
      customer: {
        name: 'Ada',
        email: 'ada@example.test',
        address: { city: 'Paris', postalCode: '75001', country: 'France' },
      },
      region: 'West',
      serviceLevel: 'standard',
      onShortage,
      lines,
      placedAt: this.now,
    });
  }
  wishesToCancel(wish = 1): this {
    return this.hears(contracts.OrderCancellationRequested, { orderId: ORDER, wish });
  }
  reserved(shipment = 1, backordered = false): this {
    return this.hears(contracts.StockReserved, { orderId: ORDER, shipment, location: 'West', lines, backordered });
  }
  short(shipment = 1, known = true): this {
    const shortLine = { lineId: 'a', sku: 'chair', requested: 2, known, available: [] };
    return this.hears(contracts.StockShort, { orderId: ORDER, shipment, lines: [shortLine] });
  }
  released(shipment = 1): this {
    return this.hears(contracts.StockReleased, { orderId: ORDER, shipment, lines, missing: [] });
  }
  settled(shipment = 1): this {
    return this.hears(contracts.StockSettled, { orderId: ORDER, shipment, location: 'West', lines });
  }
  packed(shipment = 1): this {
    return this.hears(contracts.PickListPacked, { orderId: ORDER, shipment, location: 'West', lines, parcels: 1 });
  }
  pickedShort(shipment = 1): this {
    return this.hears(contracts.PickListShort, {
      orderId: ORDER,
      shipment,
      location: 'West',
      lines: [{ lineId: 'a', sku: 'chair', requested: 2, picked: 1 }],
      missing: [{ lineId: 'a', sku: 'chair', quantity: 1 }],
    });
  }
  putAway(shipment = 1, missing: readonly contracts.MissingLine[] = []): this {
    return this.hears(contracts.PickListCancelled, { orderId: ORDER, shipment, missing: [...missing] });
  }
  booked(shipment = 1, attempt = 1, carrier = 'swift'): this {
    return this.hears(contracts.ShipmentBooked, parcel(shipment, attempt, carrier));
  }
  rejected(shipment = 1, attempt = 1, carriersLeft: readonly string[] = []): this {
    return this.hears(contracts.ShipmentRejected, {
      orderId: ORDER,
      shipment,
      attempt,
      carrier: 'swift',
      reason: 'too heavy',
      carriersLeft: [...carriersLeft],
    });
  }
  dispatched(shipment = 1): this {
    return this.hears(contracts.ShipmentDispatched, { ...parcel(shipment), dispatchedAt: this.now });
  }
  delivered(shipment = 1): this {
    return this.hears(contracts.ShipmentDelivered, { ...parcel(shipment), deliveredAt: this.now });
  }
  lost(shipment = 1): this {
    return this.hears(contracts.ShipmentLost, { ...parcel(shipment), reason: 'fell off the lorry' });
  }
  returned(shipment = 1): this {
    return this.hears(contracts.ShipmentReturned, { ...parcel(shipment), reason: 'nobody was in' });
  }
  stopped(shipment = 1): this {
    return this.hears(contracts.ShipmentCancelled, { orderId: ORDER, shipment });
  }
  unstoppable(shipment = 1): this {
    const { carrier, trackingNumber } = parcel(shipment);
    return this.hears(contracts.ShipmentCancellationRefused, { orderId: ORDER, shipment, carrier, trackingNumber });
  }
  told(reason: contracts.MailReason, shipment = 0): this {
    return this.hears(contracts.CustomerNotified, { orderId: ORDER, shipment, reason, messageId: `m-${reason}` });
  }
  untold(reason: contracts.MailReason, shipment = 0): this {
    const detail = '550 no such mailbox';
    return this.hears(contracts.NotificationFailed, { orderId: ORDER, shipment, reason, messageId: 'm', detail });
  }

  /** A message of it fails, and waits. */
  parks(): this {
    return this.handles({ kind: 'parked', saga: ORDER, topic: 'warehouse', reason: 'boom' }, { parked: true });
  }
  skips(step: string, shipment = 1, at: { readonly parked?: boolean } = {}): this {
    return this.handles({ kind: 'skip', unit: shipment, step, note: 'settled by phone' }, at);
  }

  /** Given an order on its way, up to the reservation, the packed parcels, or the customer’s door. */
  upTo(step: 'reserved' | 'dispatched' | 'delivered'): this {
    this.placed().told('order-placed').reserved();
    if (step !== 'reserved') this.packed().booked().dispatched().told('shipment-dispatched', 1);
    if (step === 'delivered') this.settled().delivered().told('shipment-delivered', 1);
    this.takes();
    return this;
  }

  get reasonsOfIncidents(): readonly string[] {
    return (this.saga?.incidents ?? []).map(({ unit, step }) => `${unit}/${step}`);
  }
}

export const given = (version?: SagaDefinition): OrderConversation => new OrderConversation(version);
