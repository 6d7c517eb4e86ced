import type { OrderPlaced, ServiceLevel } from '@baton/contracts';

/**
 * What shipping keeps of an order: where it goes, and which shipments wait to learn that. All columns but the service
 * level are null until OrderPlaced was heard. This is the only record of the service that holds personal data.
 */
export interface Destination {
  readonly orderId: string;
  readonly serviceLevel: ServiceLevel | null;
  readonly name: string | null;
  readonly street: string | null;
  readonly city: string | null;
  readonly region: string | null;
  readonly postalCode: string | null;
  readonly country: string | null;
  /** Numbers of the shipments that were to be booked before the address was known. */
  readonly waiting: readonly number[];
}

/** Where the parcels go. Personal data: it is sent to the carrier, and written nowhere else. */
export interface Recipient {
  readonly name: string;
  readonly street: string | null;
  readonly city: string;
  readonly region: string | null;
  readonly postalCode: string;
  readonly country: string;
}

/** The recipient that a destination names, once OrderPlaced was heard; from then on it stays the same. */
export const recipientIn = (row: Omit<Destination, 'serviceLevel' | 'waiting'> | undefined): Recipient | undefined => {
  if (!row || row.name === null || row.city === null || row.postalCode === null || row.country === null) {
    return undefined;
  }
  const { name, street, city, region, postalCode, country } = row;
  return { name, street, city, region, postalCode, country };
};

const unknown = (orderId: string): Destination => ({
  orderId,
  serviceLevel: null,
  name: null,
  street: null,
  city: null,
  region: null,
  postalCode: null,
  country: null,
  waiting: [],
});

/** Notes that a shipment waits for the address. */
export const waitingFor = (row: Destination | undefined, orderId: string, shipment: number): Destination => {
  const before = row ?? unknown(orderId);
  return before.waiting.includes(shipment) ? before : { ...before, waiting: [...before.waiting, shipment] };
};

/** The destination that an order names; what was heard first stands. */
export const destinationOf = (
  row: Destination | undefined,
  { orderId, customer, serviceLevel }: OrderPlaced['data'],
) => {
  if (row && row.serviceLevel !== null) return row;
  const { street, city, state, postalCode, country } = customer.address;
  return {
    orderId,
    serviceLevel,
    name: customer.name,
    street: street ?? null,
    city,
    region: state ?? null,
    postalCode,
    country,
    waiting: [],
  } satisfies Destination;
};
