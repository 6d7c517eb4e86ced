import { MAX_STOCK_QUANTITY, type Line } from '@baton/contracts';

/** Units of one SKU at one location: 0 ≤ reserved ≤ onHand ≤ MAX_STOCK_QUANTITY; available is their difference. */
export interface Level {
  readonly location: string;
  readonly onHand: number;
  readonly reserved: number;
}

/** All that is known of one SKU. */
export interface Stock {
  readonly sku: string;
  readonly name: string | null;
  /** One entry a location, by location name. Entries are never removed; without any, no location ever held the SKU. */
  readonly levels: readonly Level[];
  /** Units that all waiting backorders together need: what somebody who comes now has to leave untouched. */
  readonly waiting: number;
}

/** Units by SKU; what a shipment needs, summed over its lines. */
export type Units = ReadonlyMap<string, number>;

/** Sums lines of the same SKU. */
export const unitsOf = (lines: readonly Pick<Line, 'sku' | 'quantity'>[]): Units => {
  const units = new Map<string, number>();
  for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity);
  return units;
};

/** Order of texts by code unit, the same on every machine. */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const emptyStock = (sku: string): Stock => ({ sku, name: null, levels: [], waiting: 0 });

/**
 * The stock rows that one decision works on. It changes copies only; `changed` tells what to save. A method throws
 * where a rule would break, which is a bug of the caller: the message leaves no trace and is tried again.
 */
export class Books {
  private readonly rows: Map<string, Stock>;
  private readonly touched = new Set<string>();

  constructor(rows: Iterable<Stock>) {
    this.rows = new Map([...rows].map((row) => [row.sku, row]));
  }

  get(sku: string): Stock | undefined {
    return this.rows.get(sku);
  }

  level(sku: string, location: string): Level | undefined {
    return this.rows.get(sku)?.levels.find((level) => level.location === location);
  }

  /** On hand minus reserved; 0 where the SKU is not kept. */
  available(sku: string, location: string): number {
    const level = this.level(sku, location);
    return level ? level.onHand - level.reserved : 0;
  }

  /** The rows that differ from what was loaded, by SKU. */
  changed(): readonly Stock[] {
    return [...this.touched].sort(byName).map((sku) => this.rows.get(sku) ?? emptyStock(sku));
  }

  /** Reserves these units at one location. */
  hold(units: Units, location: string): void {
    for (const [sku, count] of units) this.move(sku, location, 0, count);
  }

  /** Gives reserved units back to what is available. */
  unhold(units: Units, location: string): void {
    for (const [sku, count] of units) this.move(sku, location, 0, -count);
  }

  /** Takes reserved units off the books: they are gone, dispatched or not to be found. */
  remove(units: Units, location: string): void {
    for (const [sku, count] of units) this.move(sku, location, -count, -count);
  }

  /** Takes units that nobody reserved off the books. */
  writeOff(sku: string, location: string, count: number): void {
    this.move(sku, location, -count, 0);
  }

  join(units: Units): void {
    for (const [sku, count] of units) this.wait(sku, count);
  }

  leave(units: Units): void {
    for (const [sku, count] of units) this.wait(sku, -count);
  }

  /** Puts a level in, in the place of the one at the same location. */
  setLevel(sku: string, level: Level): void {
    const { location, onHand, reserved } = level;
    if (reserved < 0 || reserved > onHand || onHand > MAX_STOCK_QUANTITY) {
      throw new Error(`Stock of ${sku} at ${location} would become ${onHand} on hand with ${reserved} reserved.`);
    }
    const stock = this.rows.get(sku) ?? emptyStock(sku);
    const others = stock.levels.filter((each) => each.location !== location);
    this.put({ ...stock, levels: [...others, level].sort((a, b) => byName(a.location, b.location)) });
  }

  rename(sku: string, name: string): void {
    this.put({ ...(this.rows.get(sku) ?? emptyStock(sku)), name });
  }

  private move(sku: string, location: string, onHand: number, reserved: number): void {
    const level = this.level(sku, location);
    if (!level) throw new Error(`Stock of ${sku} at ${location} was not loaded.`);
    this.setLevel(sku, { location, onHand: level.onHand + onHand, reserved: level.reserved + reserved });
  }

  private wait(sku: string, count: number): void {
    const stock = this.rows.get(sku) ?? emptyStock(sku);
    const waiting = stock.waiting + count;
    if (waiting < 0) throw new Error(`Stock of ${sku} was not loaded with the backorders that wait for it.`);
    this.put({ ...stock, waiting });
  }

  private put(stock: Stock): void {
    this.rows.set(stock.sku, stock);
    this.touched.add(stock.sku);
  }
}
