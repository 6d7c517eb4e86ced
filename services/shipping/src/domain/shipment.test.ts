import { describe, expect, it } from 'vitest';
import { orderBecameKnown } from './booking.js';
import { carriersFor } from './carriers.js';
import { keyOf } from './decision.js';
import { cancellationWasRequested, carrierCancelled, carrierTookOver, trackingWasReported } from './pivot.js';
import type { Shipment, TrackingFact, TrackingStatus } from './shipment.js';
import {
  another,
  answer,
  booked,
  bookedAs,
  booking,
  called,
  carriers,
  dispatching,
  identity,
  NOW,
  order,
  packUp,
  rejected,
  reserve,
  said,
  TAKEN,
} from './testing.js';

const undo = (row?: Shipment) => cancellationWasRequested(row, identity, NOW);
const dispatched = (): Shipment => carrierTookOver(dispatching(), TAKEN).shipment;
const report = (row: Shipment, status: TrackingStatus) => {
  const fact: TrackingFact = { status, at: TAKEN, reason: 'a reason' };
  const decision = trackingWasReported(row, fact);
  if (decision === 'not-handed-over') throw new Error(decision);
  return decision;
};

describe('booking', () => {
  it('asks a carrier when stock is reserved and says what it answers', () => {
    const first = reserve();
    expect(first.calls).toEqual([
      { kind: 'book', ...identity, attempt: 1, carrier: first.shipment.carrier, serviceLevel: 'standard' },
    ]);
    expect(first.calls.map(keyOf)).toEqual(['A-1/1/book/1']);
    expect(answer(first.shipment).say[0]?.data).toEqual({
      ...identity,
      attempt: 1,
      carrier: first.shipment.carrier,
      trackingNumber: 'T-1',
    });
  });

  it('names the carriers left with a rejection, and asks the named one in the next attempt', () => {
    const first = booking();
    const other = carriers.find((name) => name !== first.carrier);
    const no = answer(first, rejected);
    expect(no.say[0]).toMatchObject({
      name: 'ShipmentRejected',
      data: { reason: 'no capacity', carriersLeft: [other] },
    });
    const second = another(no.shipment, 2, other);
    expect(second.calls).toMatchObject([{ kind: 'book', attempt: 2, carrier: other }]);
    const noAgain = answer(second.shipment, rejected, 2);
    expect(noAgain.say[0]).toMatchObject({ id: 'A-1/1/ShipmentRejected/2', data: { carriersLeft: [] } });
    expect(another(no.shipment, 2).shipment.carrier).toBe(other);
  });

  it('answers the same attempt again, ignores a lower one, and never has two carriers at once', () => {
    const no = answer(booking(), rejected);
    expect(another(no.shipment, 1).say).toEqual(no.say);
    const second = answer(another(no.shipment, 2).shipment, bookedAs('2'), 2);
    expect(another(second.shipment, 2)).toEqual({ shipment: second.shipment, say: second.say, calls: [] });
    expect(another(second.shipment, 1)).toEqual({ shipment: second.shipment, say: [], calls: [] });
    for (const row of [booking(), booked(), dispatching()])
      expect(another(row, 2)).toEqual({ shipment: row, say: [], calls: [] });
  });

  it('waits for an address that comes later, whatever was heard meanwhile', () => {
    const waits = reserve(undefined, 'unknown');
    expect(waits).toMatchObject({ shipment: { state: 'waiting', attempt: 1 }, say: [], calls: [] });
    const packed = packUp(waits.shipment).shipment;
    const goesOn = orderBecameKnown(packed, order, carriers);
    expect(called(goesOn)).toEqual(['book']);
    expect(called(answer(goesOn.shipment))).toEqual(['hand-over']);
    expect(orderBecameKnown(goesOn.shipment, order, carriers).calls).toEqual([]);
  });

  it('takes a carrier for an answer once', () => {
    const row = booked();
    expect(answer(row, bookedAs('2'))).toEqual({ shipment: row, say: [], calls: [] });
  });

  it('spreads orders evenly over carriers, by order and service level alone', () => {
    const three = ['a', 'b', 'c'];
    const firsts = Array.from({ length: 3_000 }, (_, n) => carriersFor(`CA-2016-${n}`, 'standard', three)[0]);
    for (const name of three) {
      const share = firsts.filter((first) => first === name).length;
      expect(share).toBeGreaterThan(900);
      expect(share).toBeLessThan(1_100);
    }
    expect(carriersFor('A-1', 'same-day', three)).toEqual(carriersFor('A-1', 'same-day', three));
    expect([...carriersFor('A-1', 'standard', three)].sort()).toEqual(three);
  });
});

describe('the pivot', () => {
  it('hands over what is packed and booked, whichever came first', () => {
    const bookedFirst = packUp(booked());
    expect(called(bookedFirst)).toEqual(['hand-over']);
    const packedFirst = answer(reserve(packUp().shipment).shipment);
    expect(said(packedFirst)).toEqual(['ShipmentBooked']);
    expect(packedFirst.calls).toEqual(bookedFirst.calls);
    expect(bookedFirst.calls[0]).toMatchObject({ bookingId: 'bk-1', parcels: 2 });
  });

  it('says dispatched only when the carrier has answered, with its time', () => {
    expect(packUp(booked()).say).toEqual([]);
    const gone = carrierTookOver(dispatching(), TAKEN);
    expect(gone.say).toMatchObject([
      { name: 'ShipmentDispatched', data: { dispatchedAt: TAKEN, trackingNumber: 'T-1' } },
    ]);
    expect(carrierTookOver(gone.shipment, '2027-01-01T00:00:00.000Z')).toEqual({
      shipment: gone.shipment,
      say: [],
      calls: [],
    });
    expect(packUp(gone.shipment).say).toEqual(gone.say);
  });

  it('never hands over what was not packed, or is called off', () => {
    expect(called(answer(booking()))).toEqual([]);
    for (const row of [undo(booking()).shipment, undo(booked()).shipment, undo().shipment]) {
      expect(packUp(row)).toEqual({ shipment: row, say: [], calls: [] });
    }
  });
});

describe('tracking', () => {
  it('is said once each', () => {
    const delivered = report(dispatched(), 'delivered');
    expect(delivered.say).toMatchObject([{ name: 'ShipmentDelivered', data: { deliveredAt: TAKEN } }]);
    expect(report(delivered.shipment, 'delivered')).toEqual({ shipment: delivered.shipment, say: [], calls: [] });
    expect(said(report(dispatched(), 'lost'))).toEqual(['ShipmentLost']);
    expect(said(report(delivered.shipment, 'returned'))).toEqual(['ShipmentReturned']);
    expect(said(report(report(dispatched(), 'lost').shipment, 'delivered'))).toEqual(['ShipmentDelivered']);
  });

  it('that was overtaken says nothing: what is delivered is not lost', () => {
    const late = report(report(dispatched(), 'delivered').shipment, 'lost');
    expect(late).toMatchObject({ shipment: { state: 'delivered' }, say: [] });
    expect(report(report(dispatched(), 'delivered').shipment, 'dispatched').shipment.state).toBe('delivered');
  });

  it('before the answer to the handover is kept, and said after it', () => {
    const kept = report(report(dispatching(), 'dispatched').shipment, 'delivered');
    expect(kept).toMatchObject({ shipment: { state: 'dispatching' }, say: [] });
    const gone = carrierTookOver(kept.shipment, TAKEN);
    expect(said(gone)).toEqual(['ShipmentDispatched', 'ShipmentDelivered']);
    expect(gone.shipment).toMatchObject({ state: 'delivered', dispatchedAt: TAKEN });
    expect(report(gone.shipment, 'delivered').say).toEqual([]);
  });

  it('of what was never handed over is refused', () => {
    for (const row of [booking(), booked(), undo(booked()).shipment, undo().shipment]) {
      expect(trackingWasReported(row, { status: 'delivered', at: TAKEN })).toBe('not-handed-over');
    }
  });
});

describe('hard cases', () => {
  it('1: the same event twice makes one call, and the same answer again', () => {
    const row = booking();
    expect(reserve(row)).toEqual({ shipment: row, say: [], calls: [] });
    const yes = answer(row);
    expect(reserve(yes.shipment)).toEqual({ shipment: yes.shipment, say: yes.say, calls: [] });
    expect(called(packUp(dispatching()))).toEqual([]);
  });

  it('2 and 3: an undo that comes first leaves a tombstone, and what comes after is ignored', () => {
    const first = undo();
    expect(said(first)).toEqual(['ShipmentCancelled']);
    const row = first.shipment;
    for (const late of [reserve(row), another(row, 2), packUp(row), orderBecameKnown(row, order, carriers)]) {
      expect(late).toEqual({ shipment: row, say: [], calls: [] });
    }
    expect(undo(row).say).toEqual(first.say);
  });

  it('4: reserved, packed and the address in any order lead to the same handover', () => {
    const steps: Record<string, (row: Shipment | undefined, known: boolean) => Shipment | undefined> = {
      reserved: (row, known) => reserve(row, known ? order : 'unknown').shipment,
      packed: (row) => packUp(row).shipment,
      placed: (row) => row && orderBecameKnown(row, order, carriers).shipment,
    };
    const orders = [
      ['placed', 'reserved', 'packed'],
      ['reserved', 'placed', 'packed'],
      ['reserved', 'packed', 'placed'],
      ['packed', 'reserved', 'placed'],
      ['packed', 'placed', 'reserved'],
      ['placed', 'packed', 'reserved'],
    ];
    for (const names of orders) {
      let row: Shipment | undefined;
      let known = false;
      for (const name of names) {
        known ||= name === 'placed';
        row = steps[name]?.(row, known);
      }
      expect(row?.state, names.join()).toBe('booking');
      expect(called(answer(row as Shipment)), names.join()).toEqual(['hand-over']);
    }
  });

  it('5: whichever of dispatch and cancellation is decided first stands, and the loser is told', () => {
    const refusal = undo(dispatching());
    expect(refusal.say).toMatchObject([{ name: 'ShipmentCancellationRefused', data: { trackingNumber: 'T-1' } }]);
    expect(refusal.shipment.state).toBe('dispatching');
    for (const row of [
      dispatched(),
      report(dispatched(), 'delivered').shipment,
      report(dispatched(), 'lost').shipment,
    ]) {
      expect(undo(row)).toEqual({ shipment: row, say: refusal.say, calls: [] });
    }
    const cancelling = undo(booked());
    expect(called(cancelling)).toEqual(['cancel']);
    expect(called(packUp(cancelling.shipment))).toEqual([]);
    expect(said(carrierTookOver(cancelling.shipment, TAKEN))).toEqual([]);
  });

  it('6: cancelled is said only when no call is open and the carrier has confirmed', () => {
    const open = undo(booking());
    expect(open).toMatchObject({ shipment: { state: 'cancelling' }, say: [], calls: [] });
    expect(undo(open.shipment).say).toEqual([]);
    const booked = answer(open.shipment);
    expect(booked.say).toEqual([]);
    expect(called(booked)).toEqual(['cancel']);
    expect(undo(booked.shipment)).toEqual({ shipment: booked.shipment, say: [], calls: [] });
    const end = carrierCancelled(booked.shipment);
    expect(said(end)).toEqual(['ShipmentCancelled']);
    expect(carrierCancelled(end.shipment).say).toEqual([]);
    expect(undo(end.shipment).say).toEqual(end.say);

    const nothingBooked = answer(open.shipment, rejected);
    expect(said(nothingBooked)).toEqual(['ShipmentCancelled']);
    expect(said(undo(answer(booking(), rejected).shipment))).toEqual(['ShipmentCancelled']);
  });
});
