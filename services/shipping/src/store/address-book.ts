import type { DataSource } from 'typeorm';
import { type AddressBook, type Recipient } from '../carrier/port.js';
import { DestinationEntity } from './destination.entity.js';

/** Reads addresses where they are kept; an address never changes once it is known. */
export class StoredAddressBook implements AddressBook {
  constructor(private readonly database: DataSource) {}

  async recipientOf(orderId: string): Promise<Recipient> {
    const row = await this.database.getRepository(DestinationEntity).findOneBy({ orderId });
    if (!row || row.name === null || row.city === null || row.postalCode === null || row.country === null) {
      throw new Error(`The address of order ${orderId} is not known; a booking is asked for only when it is.`);
    }
    const { name, street, city, region, postalCode, country } = row;
    return { name, street, city, region, postalCode, country };
  }
}
