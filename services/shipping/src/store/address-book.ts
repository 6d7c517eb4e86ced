import DataLoader from 'dataloader';
import type { DataSource } from 'typeorm';
import type { AddressBook } from '../carrier/port.js';
import { type Recipient, recipientIn } from '../domain/address.js';
import type { DestinationEntity } from './destination.entity.js';

type AddressRow = Pick<DestinationEntity, 'orderId' | 'name' | 'street' | 'city' | 'region' | 'postalCode' | 'country'>;

/** Most addresses that one statement reads. */
const MOST = 500;

/**
 * Reads addresses where they are kept, all that are asked for at a time in one statement; an address never changes once
 * it is known.
 */
export class StoredAddressBook implements AddressBook {
  private readonly rows: DataLoader<string, AddressRow | undefined>;

  constructor(database: DataSource) {
    this.rows = new DataLoader(
      async (orderIds) => {
        const rows: readonly AddressRow[] = await database.query(
          `select order_id as "orderId", recipient_name as name, address_street as street, address_city as city,
             address_region as region, address_postal_code as "postalCode", address_country as country
           from destinations_all where order_id = any($1::text[]) and not taken_back`,
          [orderIds],
        );
        const byOrder = new Map(rows.map((row) => [row.orderId, row]));
        return orderIds.map((orderId) => byOrder.get(orderId));
      },
      // Nothing is kept: personal data stays in the database.
      { cache: false, maxBatchSize: MOST, batchScheduleFn: (read) => void setImmediate(read) },
    );
  }

  async recipientOf(orderId: string): Promise<Recipient> {
    const recipient = recipientIn(await this.rows.load(orderId));
    if (!recipient) {
      throw new Error(`The address of order ${orderId} is not known; a booking is asked for only when it is.`);
    }
    return recipient;
  }
}
