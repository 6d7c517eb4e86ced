import { explain, type Unit } from '@baton/saga';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { given, type OrderConversation } from './events.fixture.js';

type Act = (order: OrderConversation) => unknown;

/** Everything that can be heard or happen, also what no participant would say in this order. */
const acts: Readonly<Record<string, Act>> = {
  placed: (order) => order.placed(),
  wish: (order) => order.wishesToCancel(1),
  'second wish': (order) => order.wishesToCancel(2),
  'short 1': (order) => order.short(1),
  'unknown 1': (order) => order.short(1, false),
  lost: (order) => order.lost(1),
  returned: (order) => order.returned(1),
  'untold placed': (order) => order.untold('order-placed'),
  'told placed': (order) => order.told('order-placed'),
  'told cancelled': (order) => order.told('order-cancelled'),
  'a minute': (order) => order.waits(60_000),
  'an hour': (order) => order.waits(3_600_000),
  'a week': (order) => order.waits(7 * 86_400_000),
  'a day, parked': (order) => order.waits(86_400_000, { parked: true }),
  parked: (order) => order.parks(),
  skip: (order) => order.skips('deliver'),
  'skip messages': (order) => order.skips('messages', 0),
  ...Object.fromEntries(
    [1, 2].flatMap((n): [string, Act][] => [
      [`reserved ${n}`, (order) => order.reserved(n)],
      [`packed ${n}`, (order) => order.packed(n)],
      [`picked short ${n}`, (order) => order.pickedShort(n)],
      [`booked ${n}`, (order) => order.booked(n)],
      [`rejected ${n}`, (order) => order.rejected(n, 1, ['snail'])],
      [`rejected again ${n}`, (order) => order.rejected(n, 2)],
      [`dispatched ${n}`, (order) => order.dispatched(n)],
      [`settled ${n}`, (order) => order.settled(n)],
      [`delivered ${n}`, (order) => order.delivered(n)],
      [`stopped ${n}`, (order) => order.stopped(n)],
      [`unstoppable ${n}`, (order) => order.unstoppable(n)],
      [`put away ${n}`, (order) => order.putAway(n)],
      [`released ${n}`, (order) => order.released(n)],
      [`told dispatched ${n}`, (order) => order.told('shipment-dispatched', n)],
    ]),
  ),
};

const SENTENCE =
  /^((Completed|Cancelled) on \d{4}-\d\d-\d\d \d\d:\d\d UTC: .+|.+(waits for .+since \d{4}-|incident is with .+).*)\.$/s;

it('bears any events in any order: what it says is valid and said once, and every state can be told', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Object.keys(acts)), { maxLength: 40 }), (names) => {
      const order = given();
      for (const name of names) acts[name]?.(order);
      const ids = order.takes().filter(({ name }) => name !== 'FulfilmentCancelled');
      expect(new Set(ids.map(({ id }) => id)).size).toBe(ids.length);
      for (const state of order.states) expect(explain(order.definition, state, order.now)).toMatch(SENTENCE);
    }),
    { numRuns: 2_000 },
  );
});

it('ends only when every shipment that was heard of is over', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Object.keys(acts)), { maxLength: 40 }), (names) => {
      const order = given().placed();
      for (const name of names) acts[name]?.(order);
      const { ended, units = [] } = order.saga ?? {};
      if (!ended) return;
      const isUndone = (unit: Unit) => order.definition.undo.every((step) => unit.steps[step]?.undone !== undefined);
      expect(units.every((unit) => unit.ended !== undefined || isUndone(unit))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

it('hears nothing new in what it has heard', () => {
  const said = Object.entries(acts).filter(([name]) => !/parked|messages|minute|hour|week/.test(name));
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...said), { maxLength: 30 }), (chosen) => {
      const order = given();
      for (const [, act] of chosen) act(order);
      const { saga } = order;
      order.takes();
      const last = chosen.at(-1);
      last?.[1](order);
      expect(order.takes()).toEqual([]);
      expect(order.saga).toBe(saga);
    }),
    { numRuns: 1_000 },
  );
});

it('ends the same, whatever the order of the facts of a good run', () => {
  const facts: readonly Act[] = [
    (order) => order.placed(),
    (order) => order.reserved(),
    (order) => order.packed(),
    (order) => order.booked(),
    (order) => order.dispatched(),
    (order) => order.settled(),
    (order) => order.delivered(),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray([...facts], { minLength: facts.length }), (shuffled) => {
      const order = given();
      for (const fact of shuffled) fact(order);
      expect(order.said()).toEqual(['FulfilmentStarted', 'FulfilmentCompleted']);
    }),
  );
});
