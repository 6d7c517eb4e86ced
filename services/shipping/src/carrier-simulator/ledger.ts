import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** One booking as a carrier keeps it. It holds no address. */
export interface CarrierBooking {
  readonly carrier: string;
  readonly key: string;
  readonly bookingId: string;
  readonly trackingNumber: string;
  readonly status: 'booked' | 'cancelled' | 'handed-over';
  readonly handedOverAt?: string;
}
export interface CarrierRejection {
  readonly carrier: string;
  readonly key: string;
  readonly rejected: string;
}
export type Remembered = CarrierBooking | CarrierRejection;

type Entry = { readonly remember: Remembered } | { readonly reported: string };

const hash = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('|')).digest('hex').slice(0, 16);
const nameOf = (carrier: string, key: string): string => `${carrier}|${key}`;

/**
 * What the carriers know: the answer to each key, for ever, and which reports have arrived. With a file, each change is
 * a JSON line in it before it is answered, so that a process that was killed still honours its keys.
 */
export class Ledger {
  private readonly byKey = new Map<string, Remembered>();
  private readonly byId = new Map<string, CarrierBooking>();
  private readonly reported = new Set<string>();
  private readonly file: number | undefined;

  constructor(path?: string) {
    if (path === undefined) return;
    mkdirSync(dirname(path), { recursive: true });
    this.file = openSync(path, 'a+');
    const lines = readFileSync(path, 'utf8').split('\n');
    // What follows the last newline is the beginning of a line that a killed process did not finish.
    if (lines.pop() !== '') writeSync(this.file, '\n');
    for (const line of lines) this.apply(line);
  }

  under(carrier: string, key: string): Remembered | undefined {
    return this.byKey.get(nameOf(carrier, key));
  }

  booking(carrier: string, bookingId: string): CarrierBooking | undefined {
    const booking = this.byId.get(bookingId);
    return booking?.carrier === carrier ? booking : undefined;
  }

  /** Books under a key that is new. Ids follow from the key. */
  book(carrier: string, key: string): CarrierBooking {
    const id = hash(carrier, key);
    const trackingNumber = `${carrier.toUpperCase()}-${id}`;
    return this.remember({ carrier, key, bookingId: `bk-${id}`, trackingNumber, status: 'booked' });
  }

  reject(carrier: string, key: string, reason: string): CarrierRejection {
    return this.remember({ carrier, key, rejected: reason });
  }

  cancel(booking: CarrierBooking): CarrierBooking {
    return this.remember({ ...booking, status: 'cancelled' });
  }

  handOver(booking: CarrierBooking, at: string): CarrierBooking {
    return this.remember({ ...booking, status: 'handed-over', handedOverAt: at });
  }

  /** A report (by its delivery id) was taken by the receiver. */
  wasReported(delivery: string): void {
    this.reported.add(delivery);
    this.write({ reported: delivery });
  }

  isReported(delivery: string): boolean {
    return this.reported.has(delivery);
  }

  bookings(): readonly CarrierBooking[] {
    return [...this.byId.values()];
  }

  rejections(): number {
    return this.byKey.size - this.byId.size;
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
  }

  private remember<Kind extends Remembered>(what: Kind): Kind {
    this.keep(what);
    this.write({ remember: what });
    return what;
  }

  private keep(what: Remembered): void {
    this.byKey.set(nameOf(what.carrier, what.key), what);
    if ('bookingId' in what) this.byId.set(what.bookingId, what);
  }

  private write(entry: Entry): void {
    if (this.file !== undefined) writeSync(this.file, `${JSON.stringify(entry)}\n`);
  }

  private apply(line: string): void {
    let entry: Entry;
    try {
      entry = JSON.parse(line) as Entry;
    } catch {
      // An unfinished line: its change was never answered, so nobody relies on it.
      return;
    }
    if ('remember' in entry) this.keep(entry.remember);
    else this.reported.add(entry.reported);
  }
}
