import picocolors from 'picocolors';
import stringWidth from 'string-width';
import type { Incident, OrderDetail, OrderSummary, StockView } from '../client/views.js';
import { type Output, printable } from './io.js';

type Cell = string | number | null | undefined;

const GAP = '  ';

/** Columns under their heads, numbers to the right. Widths are those of a terminal, where some characters take two. */
const table = (head: readonly string[], rows: readonly (readonly Cell[])[]): string => {
  const texts = [head, ...rows.map((row) => row.map((cell) => printable(String(cell ?? '—'))))];
  const columns = head.map((_, column) => ({
    width: texts.reduce((most, row) => Math.max(most, stringWidth(row[column] ?? '')), 0),
    numeric: rows.every((row) => typeof row[column] === 'number'),
  }));
  const drawn = texts.map((row) =>
    columns.map(({ width, numeric }, column) => {
      const text = row[column] ?? '';
      const space = ' '.repeat(width - stringWidth(text));
      return numeric ? space + text : text + space;
    }),
  );
  return drawn.map((cells) => cells.join(GAP).trimEnd()).join('\n');
};

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

export const stockTable = (stock: readonly StockView[]): string =>
  stock.length === 0
    ? 'No stock.'
    : table(
        ['SKU', 'location', 'on hand', 'reserved', 'available', 'name'],
        stock.flatMap(({ sku, name, levels }) =>
          levels.map((level) => [sku, level.location, level.onHand, level.reserved, level.available, name ?? '']),
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
    const which = shipment && !said.includes(`shipment ${shipment}`) ? `shipment ${shipment}: ` : '';
    return `  ${dim(printable(at))}  ${which}${said}`;
  });
  return [
    `${bold(printable(order.orderId))}  ${order.status} since ${printable(order.statusSince)}`,
    printable(order.waitsFor),
    '',
    table(
      ['line', 'SKU', 'quantity'],
      order.lines.map(({ lineId, sku, quantity }) => [lineId, sku, quantity]),
    ),
    '',
    'What happened:',
    ...timeline,
  ].join('\n');
};
