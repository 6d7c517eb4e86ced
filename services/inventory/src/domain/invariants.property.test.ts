import type { EventDraft, Line } from '@baton/contracts';
import { Refused } from '@baton/messaging';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountStock, ImportStock, ReplenishStock } from '../commands.js';
import { MemoryWorld } from '../testing/memory-world.js';
import { backorderPlaced, dispatched, orderPlaced, releaseRequested, stockRequested } from '../testing/messages.js';
import type { Reservation } from './reservation.js';

const SKUS = ['ink', 'pad', 'pen'] as const;
/** What lines ask for: one SKU of them nobody has ever kept. */
const WANTED = [...SKUS, 'nil'] as const;
const LOCATIONS = ['East', 'West'] as const;
const ORDERS = 4;
const SHIPMENTS = [1, 2, 3] as const;

/** What there is, by `sku location`, and who waits: written anew from the rule's words, to compare with. */
interface Model {
  readonly available: Map<string, number>;
  readonly waiting: Reservation[];
}

const needOf = (lines: readonly Line[], sku: string): number =>
  lines.filter((line) => line.sku === sku).reduce((sum, { quantity }) => sum + quantity, 0);
const at = (sku: string, location: string): string => `${sku} ${location}`;
/** All fields of equal length, so that text sorts as they do. */
const ageOf = ({ placedAt, orderId, shipment: number }: Reservation): string =>
  `${placedAt} ${orderId} ${String(number).padStart(5, '0')}`;
const isOlder = (a: Reservation, b: Reservation): boolean => ageOf(a) < ageOf(b);

const modelOf = (world: MemoryWorld): Model => ({
  available: new Map(
    world
      .stock()
      .flatMap(({ sku, levels }) =>
        levels.map(({ location, onHand, reserved }): [string, number] => [at(sku, location), onHand - reserved]),
      ),
  ),
  waiting: world.reservations().filter(({ state }) => state === 'waiting'),
});

/** Locations at which a shipment may be reserved, if these are all that came before it. */
const placesFor = (lines: readonly Line[], older: readonly Reservation[], { available }: Model): readonly string[] =>
  LOCATIONS.filter((location) =>
    WANTED.every((sku) => {
      const need = needOf(lines, sku);
      const taken = older.reduce((sum, other) => sum + needOf(other.lines, sku), 0);
      return need === 0 || (available.get(at(sku, location)) ?? 0) - taken >= need;
    }),
  );

const firstChoice = (places: readonly string[], region: string | null): string | undefined =>
  region !== null && places.includes(region) ? region : places[0];

/** The queue as the protocol says it: oldest first, from the beginning again after each that fits. */
const serveNaively = (model: Model): Map<string, string> => {
  const served = new Map<string, string>();
  for (;;) {
    const oldestFirst = [...model.waiting].sort((a, b) => (isOlder(a, b) ? -1 : 1));
    const next = oldestFirst
      .map((backorder) => {
        const older = model.waiting.filter((other) => isOlder(other, backorder));
        return { backorder, place: firstChoice(placesFor(backorder.lines, older, model), backorder.region) };
      })
      .find(({ place }) => place !== undefined);
    if (next?.place === undefined) return served;
    const { backorder, place } = next;
    for (const { sku, quantity } of backorder.lines) {
      model.available.set(at(sku, place), (model.available.get(at(sku, place)) ?? 0) - quantity);
    }
    model.waiting.splice(model.waiting.indexOf(backorder), 1);
    served.set(`${backorder.orderId}/${backorder.shipment}`, place);
  }
};

const line = fc.record({ sku: fc.constantFrom(...WANTED), quantity: fc.integer({ min: 1, max: 4 }) });
const shipment = fc.record({
  lines: fc
    .array(line, { minLength: 1, maxLength: 3 })
    .map((all) => all.map((each, index): Line => ({ ...each, lineId: `l${index + 1}` }))),
  region: fc.option(fc.constantFrom(...LOCATIONS, 'Mars'), { nil: undefined }),
  waits: fc.boolean(),
  minute: fc.integer({ min: 0, max: 5 }),
});
const target = { order: fc.nat(ORDERS - 1), shipment: fc.constantFrom(...SHIPMENTS) };
const place = { sku: fc.constantFrom(...SKUS), location: fc.constantFrom(...LOCATIONS) };
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('want' as const), ...target }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      ...target,
      missing: fc.array(fc.nat(4), { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dispatch' as const), ...target }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('replenish' as const), ...place, units: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('count' as const), ...place, units: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('import' as const), ...place, units: fc.nat(8) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Shipment = typeof shipment extends fc.Arbitrary<infer S> ? S : never;

const story = fc.record({
  stock: fc.array(fc.nat(6), { minLength: SKUS.length * LOCATIONS.length, maxLength: SKUS.length * LOCATIONS.length }),
  shipments: fc.array(shipment, { minLength: ORDERS * SHIPMENTS.length, maxLength: ORDERS * SHIPMENTS.length }),
  steps: fc.array(fc.record({ step, again: fc.boolean() }), { maxLength: 40, size: 'max' }),
});

const worldWith = (stock: readonly number[]): MemoryWorld =>
  new MemoryWorld(
    Object.fromEntries(
      SKUS.map((sku, s) => [
        sku,
        Object.fromEntries(LOCATIONS.map((location, l) => [location, stock[s * LOCATIONS.length + l] ?? 0])),
      ]),
    ),
  );

/** Plays one step; undefined when it was refused. */
const play = (world: MemoryWorld, step: Step, shipments: readonly Shipment[], wish: string) => {
  switch (step.kind) {
    case 'replenish':
      return world.submit(ReplenishStock, { sku: step.sku, location: step.location, quantity: step.units }, wish);
    case 'count':
      try {
        return world.submit(CountStock, { sku: step.sku, location: step.location, counted: step.units }, wish);
      } catch (error) {
        if (error instanceof Refused) return undefined;
        throw error;
      }
    case 'import':
      return world.submit(
        ImportStock,
        { items: [{ sku: step.sku, location: step.location, onHand: step.units }] },
        wish,
      );
    default: {
      const orderId = `o${step.order}`;
      const spec = shipments[step.order * SHIPMENTS.length + step.shipment - 1];
      if (!spec) throw new Error('Every shipment has its story.');
      if (step.kind === 'dispatch') return world.hear(dispatched(orderId, step.shipment));
      if (step.kind === 'release') {
        const missing = spec.lines.flatMap(({ lineId, sku }, index) => {
          const quantity = step.missing[index] ?? 0;
          return quantity > 0 ? [{ lineId, sku, quantity }] : [];
        });
        return world.hear(releaseRequested(orderId, { shipment: step.shipment, missing }));
      }
      if (step.shipment === 1) return world.hear(orderPlaced(orderId, spec.lines, spec.region));
      const later = { shipment: step.shipment, ...(spec.region !== undefined && { region: spec.region }) };
      return spec.waits
        ? world.hear(backorderPlaced(orderId, spec.minute, spec.lines, later))
        : world.hear(stockRequested(orderId, spec.lines, later));
    }
  }
};

const checkBooks = (world: MemoryWorld): void => {
  for (const { sku, levels, waiting } of world.stock()) {
    for (const { location, onHand, reserved } of levels) {
      const live = world
        .reservations()
        .filter((row) => row.state === 'reserved' && row.location === location)
        .reduce((sum, row) => sum + needOf(row.lines, sku), 0);
      expect(reserved, `reserved of ${sku} at ${location}`).toBe(live);
      expect(onHand, `on hand of ${sku} at ${location}`).toBeGreaterThanOrEqual(reserved);
    }
    const wanted = modelOf(world).waiting.reduce((sum, row) => sum + needOf(row.lines, sku), 0);
    expect(waiting, `waiting for ${sku}`).toBe(wanted);
  }
};

/** Units on hand of all SKUs and locations. */
const onHand = (world: MemoryWorld): number =>
  world.stock().reduce((sum, { levels }) => sum + levels.reduce((inner, level) => inner + level.onHand, 0), 0);

const missingUnits = (world: MemoryWorld): number =>
  world.reservations().reduce((sum, row) => sum + row.missing.reduce((inner, { quantity }) => inner + quantity, 0), 0);

/** What a message that is no delivery and no count may change of what is on hand: what it settles and writes off. */
const checkConservation = (
  world: MemoryWorld,
  before: { readonly onHand: number; readonly missing: number },
  said: readonly EventDraft[],
) => {
  const settled = said
    .filter(({ name }) => name === 'StockSettled')
    .reduce(
      (sum, { data }) => sum + (data as { lines: Line[] }).lines.reduce((inner, { quantity }) => inner + quantity, 0),
      0,
    );
  expect(before.onHand - onHand(world)).toBe(settled + missingUnits(world) - before.missing);
};

/** Who came newly was treated by the rule. */
const checkNewcomer = (row: Reservation, before: Model): void => {
  const choice = firstChoice(placesFor(row.lines, before.waiting, before), row.region);
  expect({ state: row.state, location: row.location }).toEqual(
    choice === undefined ? { state: 'short', location: null } : { state: 'reserved', location: choice },
  );
};

describe('Whatever_comes_in_whatever_order', () => {
  it('keeps the books, serves the oldest first, and does nothing twice', () => {
    fc.assert(
      fc.property(story, ({ stock, shipments, steps }) => {
        const world = worldWith(stock);
        const saidById = new Map<string, string>();
        for (const [index, { step: each, again }] of steps.entries()) {
          const model = modelOf(world);
          const before = { text: world.snapshot(), onHand: onHand(world), missing: missingUnits(world) };
          const known = 'order' in each ? world.reservation(`o${each.order}`, each.shipment) : undefined;
          const outcome = play(world, each, shipments, `wish-${index}`);
          checkBooks(world);
          if (!outcome) {
            expect(world.snapshot()).toBe(before.text);
            continue;
          }
          const said = outcome.publish ?? [];
          for (const draft of said) {
            const text = JSON.stringify(draft);
            expect(saidById.get(draft.id) ?? text).toBe(text);
            saidById.set(draft.id, text);
          }
          expect(serveNaively(modelOf(world)), 'nobody waits who could be served').toEqual(new Map());
          if (!('order' in each)) continue;
          const row = world.reservation(`o${each.order}`, each.shipment);
          const isNew = world.snapshot() !== before.text;
          if (isNew) checkConservation(world, before, said);
          if (each.kind === 'want' && !known && row && row.placedAt === null) checkNewcomer(row, model);
          if (!again) continue;
          const after = world.snapshot();
          const repeated = play(world, each, shipments, `wish-${index}`);
          // Missing units that nobody could write off at first may be written off when asked again; all else never is.
          if (each.kind !== 'release') expect(world.snapshot()).toBe(after);
          const own = said.filter(({ data }) => (data as { orderId?: string }).orderId === `o${each.order}`);
          expect(own.map(({ id }) => id)).toEqual(
            expect.arrayContaining((repeated?.publish ?? []).map(({ id }) => id)),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it('serves in one pass what repeated passes would, at the same locations', () => {
    const backorders = fc.array(fc.record({ spec: shipment, order: fc.nat(ORDERS - 1) }), {
      maxLength: 12,
      size: 'max',
    });
    fc.assert(
      fc.property(backorders, fc.array(fc.nat(12), { minLength: 6, maxLength: 6 }), (waiting, stock) => {
        const world = worldWith([]);
        for (const [index, { spec, order }] of waiting.entries()) {
          const later = { shipment: index + 2, ...(spec.region !== undefined && { region: spec.region }) };
          world.hear(backorderPlaced(`o${order}`, spec.minute, spec.lines, later));
        }
        const items = SKUS.flatMap((sku, s) =>
          LOCATIONS.map((location, l) => ({ sku, location, onHand: stock[s * LOCATIONS.length + l] ?? 0 })),
        );
        const model = modelOf(world);
        for (const { sku, location, onHand: units } of items) model.available.set(at(sku, location), units);
        const expected = serveNaively(model);
        world.submit(ImportStock, { items });
        const reserved = world.reservations().filter(({ state }) => state === 'reserved');
        expect(new Map(reserved.map((row) => [`${row.orderId}/${row.shipment}`, row.location]))).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });
});
