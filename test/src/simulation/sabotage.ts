import type { SagaRecord } from '@baton/coordinator';
import type { Reservation } from '@baton/inventory';
import type { OrderRecord } from '@baton/orders';
import type { Shipment } from '@baton/shipping';
import type { PickList } from '@baton/warehouse';
import type { Sabotage } from './memory-service.js';

/** A bug that somebody could write, and the promise (or the guard) that it must be found by. */
export interface PlantedBug {
  readonly sabotage: () => Sabotage;
  readonly breaks: RegExp;
}

/** Changes one thing that one service sees of its rows when it handles one of these messages. */
const blind =
  <Row>(service: string, messages: readonly string[], need: string, change: (row: Row) => Row | undefined): Sabotage =>
  (name, message, loaded) => {
    const row = loaded[need] as Row | undefined;
    return name === service && messages.includes(message) && row !== undefined
      ? { ...loaded, [need]: change(row) }
      : loaded;
  };

/** A message that a service does not handle. */
const ignored =
  (service: string, message: string): Sabotage =>
  (name, heard, loaded) =>
    name === service && heard === message ? undefined : loaded;

/** An undo that was asked for and is late counts as done. */
const lateIsDone = (record: SagaRecord): SagaRecord => {
  const { state } = record;
  const units = state.units.map((unit) => {
    const asked = unit.undo?.asked;
    const late = asked !== undefined && (state.waits[`${unit.n}/undo-${asked}`]?.n ?? 0) > 0;
    return late ? { ...unit, steps: { ...unit.steps, [asked]: { ...unit.steps[asked], undone: state.since } } } : unit;
  });
  return { ...record, state: { ...state, units } };
};

/** One for each of the hard cases that every participant has to handle, and for what people do. */
export const plantedBugs: Readonly<Record<string, PlantedBug>> = {
  '1. an event that is handled twice': {
    sabotage: () => blind<Reservation>('inventory', ['OrderPlaced', 'StockRequested'], 'known', () => undefined),
    breaks: /Reserved is the sum of live reservations|Stock is never negative|What is said again has the same content/,
  },
  '2. an undo of what never began that is not answered': {
    sabotage: () => (service, message, loaded) =>
      service === 'warehouse' && message === 'PickListCancellationRequested' && loaded['list'] === undefined
        ? undefined
        : loaded,
    breaks: /An incident is about something|Each wish is answered/,
  },
  '3. a forward event after its compensation that is taken for new': {
    sabotage: () =>
      blind<PickList>('warehouse', ['StockReserved'], 'list', (list) =>
        list.state === 'cancelled' ? undefined : list,
      ),
    breaks: /What was undone is picked by nobody|Nobody works for a cancelled order/,
  },
  '4. an event that came before what it needs and is forgotten': {
    sabotage: () => blind<readonly Shipment[]>('shipping', ['OrderPlaced'], 'waiting', () => []),
    breaks: /An incident is about something|The system does not come to rest/,
  },
  '5. a cancellation that wins against a dispatch that was decided': {
    sabotage: () =>
      blind<Shipment>('shipping', ['ShipmentCancellationRequested'], 'row', (row) =>
        row.state === 'dispatching' ? { ...row, state: 'booked' } : row,
      ),
    breaks:
      /A carrier was asked for "cancelled" of a booking that is (handed-over|reported)|A carrier was asked for "handed-over" of a booking that is cancelled/,
  },
  '6. a compensation that fails and is reported as success': {
    sabotage: () => (service, message, loaded) => {
      const sagas = loaded['sagas'] as readonly SagaRecord[] | undefined;
      return service === 'coordinator' && message !== 'MessageParked' && sagas
        ? { ...loaded, sagas: sagas.map(lateIsDone) }
        : loaded;
    },
    breaks:
      /A cancelled order holds no stock|Nobody works for a cancelled order|No carrier comes|Done is done everywhere|An incident is about something/,
  },
  'a message that waits and nobody is told of': {
    sabotage: () => ignored('coordinator', 'MessageParked'),
    breaks: /A message that waits behind a failed one is an incident/,
  },
  'an operator who is not listened to': {
    sabotage: () => ignored('coordinator', 'SkipStep'),
    breaks: /What an operator went on without is no incident any more/,
  },
  'a wish to cancel after the end that is not answered': {
    sabotage: () => (service, message, loaded) => {
      const sagas = loaded['sagas'] as readonly SagaRecord[] | undefined;
      const isOver = sagas?.some(({ endedAt }) => endedAt !== null);
      return service === 'coordinator' && message === 'OrderCancellationRequested' && isOver ? undefined : loaded;
    },
    breaks: /Each wish is answered/,
  },
  'a wish to cancel that counts again when it is repeated': {
    sabotage: () =>
      blind<OrderRecord>('orders', ['OrderCancellationSubmitted'], 'order', (order) => ({
        ...order,
        wishes: order.wishes.map((wish) => ({ ...wish, id: `not ${wish.id}` })),
      })),
    breaks: /Each wish is taken in once/,
  },
  'a wish that was given up and is not heard when its order has come at last': {
    sabotage: () => blind<OrderRecord>('orders', ['ExpireWishes'], 'order', () => undefined),
    breaks: /Nothing becomes a dead letter/,
  },
  'an order that takes the place of the one under its id': {
    sabotage: () => blind<OrderRecord>('orders', ['OrderSubmitted', 'PlaceOrder'], 'order', () => undefined),
    breaks: /What is said again has the same content|A status never falls|An end status never changes/,
  },
  'an answer that is another when it is given again': {
    sabotage: () =>
      blind<Reservation>('inventory', ['StockReleaseRequested'], 'known', (known) =>
        known.state === 'released' ? { ...known, released: null } : known,
      ),
    breaks: /What is said again has the same content/,
  },
  'a backorder that does not hear what became available': {
    sabotage: () => blind<readonly Reservation[]>('inventory', ['StockReleaseRequested'], 'queue', () => []),
    breaks: /No backorder waits for what is there/,
  },
  'a list that is undone while its goods lie about': {
    sabotage: () =>
      blind<PickList>('warehouse', ['PickListCancellationRequested'], 'list', (list) =>
        list.state === 'picking' ? { ...list, state: 'open' } : list,
      ),
    breaks: /What left its shelf is put away before its list is undone/,
  },
  'a mail that fails and nobody is told of': {
    sabotage: () => ignored('coordinator', 'NotificationFailed'),
    breaks: /A mail that failed is an incident/,
  },
  'a report of a carrier that was overtaken and counts': {
    sabotage: () =>
      blind<Shipment>('shipping', ['ReportTracking'], 'row', (row) =>
        row.state === 'delivered' ? { ...row, state: 'dispatched' } : row,
      ),
    breaks: /Shipping knows what became of a parcel/,
  },
};

/** One that is found where databases were restored to an earlier moment: orders knows less than the topics then. */
export const plantedAfterRestore: PlantedBug = {
  sabotage: () => (service, message, loaded) => {
    const isPlaced = (loaded['order'] as OrderRecord | undefined)?.placedAt != null;
    return service === 'orders' && message === 'FulfilmentCompleted' && !isPlaced ? undefined : loaded;
  },
  breaks: /The customer hears how it ended/,
};
