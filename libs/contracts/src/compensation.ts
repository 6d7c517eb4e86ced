/**
 * Events by which something is asked to be undone, or said to be, or said to be too late. Saga definitions say which
 * step each belongs to; this list is for those who only need to know that it is one, such as traces.
 */
export const compensatingEvents: ReadonlySet<string> = new Set([
  'ShipmentCancellationRequested',
  'ShipmentCancelled',
  'ShipmentCancellationRefused',
  'PickListCancellationRequested',
  'PickListCancelled',
  'StockReleaseRequested',
  'StockReleased',
]);
