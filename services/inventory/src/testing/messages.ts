import {
  BackorderPlaced,
  type Event,
  type EventDraft,
  type Line,
  type MissingLine,
  OrderPlaced,
  ShipmentDispatched,
  StockReleaseRequested,
  StockRequested,
} from '@baton/contracts';

const at = <Draft extends EventDraft>(draft: Draft): Draft & Event => ({ ...draft, time: '2026-01-01T00:00:00.000Z' });

/** `lines('pen:2', 'ink:1')`: line l1 wants 2 pens, line l2 one ink. */
export const lines = (...wanted: readonly string[]): Line[] =>
  wanted.map((text, index) => {
    const [sku = '', quantity] = text.split(':');
    return { lineId: `l${index + 1}`, sku, quantity: Number(quantity) };
  });

export const orderPlaced = (orderId: string, wanted: readonly Line[], region?: string) =>
  at(
    OrderPlaced({
      orderId,
      customer: {
        name: 'Ada',
        email: 'ada@example.test',
        address: { city: 'Turin', postalCode: '10100', country: 'IT' },
      },
      ...(region !== undefined && { region }),
      serviceLevel: 'standard',
      onShortage: 'backorder',
      lines: [...wanted],
      placedAt: '2026-01-01T00:00:00.000Z',
    }),
  );

interface Later {
  readonly shipment?: number;
  readonly region?: string;
}

const born = (orderId: string, wanted: readonly Line[], { shipment = 2, region }: Later) => ({
  orderId,
  shipment,
  replaces: shipment - 1,
  ...(region !== undefined && { region }),
  lines: [...wanted],
});

export const stockRequested = (orderId: string, wanted: readonly Line[], later: Later = {}) =>
  at(StockRequested(born(orderId, wanted, later)));

/** @param minute when it was placed, on the first of January 2026 */
export const backorderPlaced = (orderId: string, minute: number, wanted: readonly Line[], later: Later = {}) => {
  const placedAt = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  return at(BackorderPlaced({ ...born(orderId, wanted, later), placedAt, deadline: '2026-02-01T00:00:00.000Z' }));
};

export const releaseRequested = (
  orderId: string,
  { shipment = 1, missing = [] }: { readonly shipment?: number; readonly missing?: readonly MissingLine[] } = {},
) => at(StockReleaseRequested({ orderId, shipment, reason: 'customer-cancelled', missing: [...missing] }));

export const dispatched = (orderId: string, shipment = 1) =>
  at(
    ShipmentDispatched({
      orderId,
      shipment,
      attempt: 1,
      carrier: 'swift',
      trackingNumber: 'T-1',
      dispatchedAt: '2026-01-02T00:00:00.000Z',
    }),
  );
