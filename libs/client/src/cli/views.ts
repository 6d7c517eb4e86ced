import picocolors from 'picocolors';
import type { Incident } from '../client/saga-views.js';
import type { OrderDetail, OrderSummary, StockView } from '../client/views.js';
import { type Output, printable } from './io.js';
import { table } from './table.js';

export const ordersTable = (orders: readonly OrderSummary[]): string =>
  orders.length === 0
    ? 'No orders.'
    : table(
        ['order', 'status', 'since', 'placed', 'lines', 'units'],
        orders.map((order) => [
          order.orderId,
          order.status,
          order.statusSince,
          order.placedAt,
          order.lines,
          order.units,
        ]),
      );

/** Of a SKU that no location ever held. */
const NO_LEVEL = { location: null, onHand: null, reserved: null, available: null };

export const stockTable = (stock: readonly StockView[]): string =>
  stock.length === 0
    ? 'No stock.'
    : table(
        ['SKU', 'location', 'on hand', 'reserved', 'available', 'name'],
        stock.flatMap(({ sku, name, levels }) =>
          (levels.length > 0 ? levels : [NO_LEVEL]).map(({ location, onHand, reserved, available }) => [
            sku,
            location,
            onHand,
            reserved,
            available,
            name ?? '',
          ]),
        ),
      );

export const incidentsTable = (incidents: readonly Incident[]): string =>
  incidents.length === 0
    ? 'No open incidents.'
    : table(
        ['order', 'shipment', 'step', 'owner', 'due', 'reason'],
        incidents.map(({ orderId, shipment, step, owner, dueAt, reason }) => [
          orderId,
          shipment,
          step,
          owner,
          dueAt,
          reason,
        ]),
      );

/** One order: what it waits for first, then what was ordered and what happened. */
export const orderPage = (order: OrderDetail, output: Output): string => {
  const { bold, dim } = picocolors.createColors(output.isTTY === true && picocolors.isColorSupported);
  const timeline = order.timeline.map(({ at, shipment, text, fact }) => {
    const said = printable(text || fact);
    const which = shipment && !said.toLowerCase().includes(`shipment ${shipment}`) ? `shipment ${shipment}: ` : '';
    return `  ${dim(printable(at))}  ${which}${said}`;
  });
  return [
    `${bold(printable(order.orderId))}  ${printable(order.status)} since ${printable(order.statusSince)}`,
    printable(order.waitsFor),
    '',
    table(
      ['line', 'SKU', 'quantity'],
      order.lines.map(({ lineId, sku, quantity }) => [lineId, sku, quantity]),
    ),
    '',
    'What happened:',
    ...timeline,
    ...traceLines(order),
  ].join('\n');
};

const traceLines = ({ traceId, traceUrl }: OrderDetail): readonly string[] =>
  traceId ? ['', `Trace: ${printable(traceUrl ?? traceId)}`] : [];
