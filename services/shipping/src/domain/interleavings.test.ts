import { numbersFrom } from '@baton/messaging/testing';
import { expect, it } from 'vitest';
import { bookingWasAskedFor, carrierAnswered, orderBecameKnown } from './booking.js';
import type { CarrierCall, Decision } from './decision.js';
import { keyOf } from './decision.js';
import {
  cancellationWasRequested,
  carrierCancelled,
  carrierTookOver,
  shipmentWasPacked,
  trackingWasReported,
} from './pivot.js';
import type { Shipment } from './shipment.js';
import { carriers, identity, NOW, order, TAKEN } from './testing.js';

const RUNS = 4_000;
const EVENTS = ['placed', 'reserved', 'packed', 'undo', 'reserved', 'packed', 'undo', 'placed'] as const;

/** A carrier that honours keys for ever, rejects some, and whose answers arrive whenever they like, some twice. */
class Carrier {
  readonly live = new Map<string, 'booked' | 'cancelled' | 'handed-over'>();
  constructor(private readonly next: () => number) {}

  perform(call: CarrierCall, row: Shipment): Decision {
    switch (call.kind) {
      case 'book': {
        const id = keyOf(call);
        if (!this.live.has(id) && this.next() < 0.3) {
          return carrierAnswered(row, call.attempt, { kind: 'rejected', reason: 'no' }, order, carriers);
        }
        if (!this.live.has(id)) this.live.set(id, 'booked');
        return carrierAnswered(
          row,
          call.attempt,
          { kind: 'booked', bookingId: id, trackingNumber: id },
          order,
          carriers,
        );
      }
      case 'cancel':
        expect(this.live.get(call.bookingId)).not.toBe('handed-over');
        this.live.set(call.bookingId, 'cancelled');
        return carrierCancelled(row);
      case 'hand-over':
        expect(this.live.get(call.bookingId)).not.toBe('cancelled');
        this.live.set(call.bookingId, 'handed-over');
        return carrierTookOver(row, TAKEN);
      default:
        return call satisfies never;
    }
  }
}

it('dispatch and cancellation: exactly one wins, under any interleaving, and what is said is true', () => {
  const ends = { out: 0, undone: 0 };
  for (let run = 0; run < RUNS; run += 1) {
    const next = numbersFrom(run);
    const carrier = new Carrier(next);
    const withUndo = next() < 0.7;
    const todo: (typeof EVENTS)[number][] = EVENTS.filter((event) => withUndo || event !== 'undo');
    let calls: CarrierCall[] = [];
    const heard: string[] = [];
    let row: Shipment | undefined;
    let known = false;

    const take = (decision: Decision | 'not-handed-over' | undefined): void => {
      if (decision === undefined || decision === 'not-handed-over') return;
      row = decision.shipment;
      calls.push(...decision.calls);
      for (const { id, name } of decision.say) {
        heard.push(id);
        if (name === 'ShipmentCancelled') {
          expect(
            [...carrier.live.values()].every((status) => status === 'cancelled'),
            `run ${run}`,
          ).toBe(true);
        }
      }
    };
    while (todo.length + calls.length > 0) {
      if (next() < todo.length / (todo.length + calls.length)) {
        const [event] = todo.splice(Math.floor(next() * todo.length), 1);
        if (event === 'placed') known = true;
        if (event === 'placed' && row) take(orderBecameKnown(row, order, carriers));
        if (event === 'reserved')
          take(bookingWasAskedFor(row, { ...identity, attempt: 1 }, known ? order : undefined, carriers, NOW));
        if (event === 'packed') take(shipmentWasPacked(row, { ...identity, parcels: 1 }, NOW));
        if (event === 'undo') take(cancellationWasRequested(row, identity, NOW));
      } else if (row) {
        const call = calls[Math.floor(next() * calls.length)] as CarrierCall;
        // Now and then the answer is lost: the call stays and is made again.
        const lost = next() < 0.2;
        const decision = carrier.perform(call, row);
        if (!lost) {
          calls = calls.filter((one) => one !== call);
          take(decision);
        }
      }
      if (row?.state === 'rejected' && row.attempt < carriers.length) {
        take(
          bookingWasAskedFor(row, { ...identity, attempt: row.attempt + 1 }, known ? order : undefined, carriers, NOW),
        );
      }
      if (row && next() < 0.1) take(trackingWasReported(row, { status: 'delivered', at: TAKEN }));
    }
    const out = heard.some((id) => id.includes('ShipmentDispatched'));
    const undone = heard.some((id) => id.includes('ShipmentCancelled'));
    const refused = heard.some((id) => id.includes('ShipmentCancellationRefused'));
    expect(out && undone, `run ${run}: both`).toBe(false);
    if (withUndo) expect(undone || refused, `run ${run}: the undo was never answered`).toBe(true);
    if (refused) expect(out, `run ${run}: refused, but never out`).toBe(true);
    expect(
      [...carrier.live.values()].filter((status) => status !== 'cancelled').length,
      `run ${run}`,
    ).toBeLessThanOrEqual(1);
    ends.out += out ? 1 : 0;
    ends.undone += undone ? 1 : 0;
  }
  expect(ends.out).toBeGreaterThan(RUNS / 10);
  expect(ends.undone).toBeGreaterThan(RUNS / 10);
});
