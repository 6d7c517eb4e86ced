import { describe, expect, it } from 'vitest';
import { defineSaga, withPolicy } from './define.js';
import type { SagaPlan, Step } from './definition.js';
import { drawSaga } from './draw.js';
import { smallPlan } from './plan.fixture.js';

const step = (name: string, change: Partial<Step>): SagaPlan => ({
  ...smallPlan,
  steps: smallPlan.steps.map((each) => (each.name === name ? { ...each, ...change } : each)),
});
const [reserve, dispatch] = smallPlan.steps;
if (!reserve || !dispatch) throw new Error('the small plan has two steps');
const { undo: _undo, ...cannotBeUndone } = reserve;

describe('a plan that cannot work is refused, with what is wrong and what to do', () => {
  const mistakes: readonly (readonly [string, SagaPlan, string | RegExp])[] = [
    ['a cycle', step('reserve', { after: ['dispatch'] }), /step "reserve" comes after itself \(a cycle\): take one of/],
    ['a step after nothing', step('dispatch', { after: ['pack'] }), 'comes after "pack", which is no step'],
    ['a step name twice', { ...smallPlan, steps: [reserve, dispatch, dispatch] }, 'two steps are named "dispatch"'],
    ['two beginnings', step('dispatch', { after: [] }), '2 steps have no `after`'],
    [
      'an event that no contract declares',
      step('dispatch', { done: 'ShipmentDispatchd' }),
      'steps.dispatch.done names "ShipmentDispatchd", which no contract declares: correct it',
    ],
    ['an event with two meanings', step('dispatch', { done: 'StockReserved' }), '"StockReserved" stands in two places'],
    [
      'a step before the pivot without compensation',
      { ...smallPlan, undo: [], steps: [cannotBeUndone, dispatch] },
      'step "reserve" comes before the pivot and has no compensation: give it an `undo`, or put it after "dispatch"',
    ],
    [
      'a compensation that stands in no order',
      { ...smallPlan, undo: [] },
      'step "reserve" is missing from `undo`, the order of undoing',
    ],
    [
      'a failure without an alternative',
      { ...smallPlan, alternatives: smallPlan.alternatives.slice(0, 1) },
      'step "reserve" can fail as "short", and no alternative says what then',
    ],
    [
      'an alternative for what never happens',
      step('reserve', { cannot: [] }),
      'alternative "stock-short" waits for step "reserve" to fail as "short", which never happens',
    ],
    [
      'an alternative that gives up what is still held',
      step('reserve', { cannot: [{ event: 'StockShort', as: 'short' }] }),
      'alternative "stock-short" gives up a unit that has not ended: set `undo`',
    ],
    [
      'a request with a field that nobody knows',
      { ...smallPlan, births: { placed: { asks: 'ShipmentBooked', within: 'short', late: ['incident'] } } },
      'births.placed says "ShipmentBooked", whose field "attempt" the saga does not know there',
    ],
    [
      'a field to keep that the beginning does not have',
      { ...smallPlan, begins: { ...smallPlan.begins, keeps: ['lines', 'weight'] } },
      'begins.keeps names "weight", which "OrderPlaced" does not have',
    ],
    [
      'an end that needs lines which nobody kept',
      { ...smallPlan, begins: { ...smallPlan.begins, keeps: [] } },
      'says.completed says "FulfilmentCompleted", whose field "lines" the saga does not know there: keep it',
    ],
    [
      'adopting without a request',
      { ...smallPlan, adopts: 'placed' },
      '`adopts` names "placed", which is no birth with',
    ],
    [
      'a duration without a value',
      step('dispatch', { within: 'ages' }),
      'the duration "ages" is used and not in `policy`',
    ],
    ['no time', withPolicy(smallPlan, { short: 0 }), 'the duration "short" is 0'],
    ['endless waiting', step('dispatch', { late: [] }), 'step "dispatch" may be waited for endlessly'],
  ];
  it.each(mistakes)('%s', (_name, plan, message) => {
    expect(() => defineSaga(plan)).toThrow(message);
  });

  it('tells all mistakes at once', () => {
    const plan = { ...step('dispatch', { done: 'Nonsense', within: 'ages' }), undo: [] };
    expect(() => defineSaga(plan)).toThrow(/Saga small v3 cannot work:\n- .*\n- .*\n- /);
  });
});

it('a plan is data: it survives JSON', () => {
  expect(JSON.parse(JSON.stringify(smallPlan))).toEqual(smallPlan);
});

it('is drawn from its data', () => {
  expect(drawSaga(smallPlan)).toBe(`flowchart TD
  birth_placed(["OrderPlaced"]) --> reserve
  reserve["reserve<br/><i>inventory</i><br/>StockReserved"]
  dispatch{{"dispatch<br/><i>shipping</i><br/>ShipmentDispatched"}}
  reserve --> dispatch
  dispatch --> completed
  completed(["FulfilmentCompleted"])
  cancelled(["FulfilmentCancelled"])
  wish(["OrderCancellationRequested"])
  wish -. "customer-cancelled: undo, then cancel" .-> cancelled
  reserve -. "stock-short: cancel" .-> cancelled
  subgraph undoing ["undoing, each waits for the one before"]
    undo_reserve["undo reserve<br/>StockReleaseRequested → StockReleased"]
  end
`);
});
