import { days, defineSaga, hours, minutes } from '@baton/saga';
import { expect, it } from 'vitest';
import { given, type OrderConversation } from '../definitions/events.fixture.js';
import { orderFulfilmentV1 } from '../definitions/order-fulfilment.v1.js';
import { bucketOf } from './histogram.js';
import { kpisOf } from './report.js';
import { longestWait, tallySaga } from './saga-tally.js';
import { sumOf } from './tally.js';

const definition = defineSaga(orderFulfilmentV1);
const inputs = {
  minutesSavedPerOrder: 12,
  wagePerHour: 30,
  costOfError: 5,
  runningCostPerHour: 1,
  people: 2,
  minutesPerPickList: 6,
};
const talliesOf = ({ saga, history }: OrderConversation) => {
  if (!saga) throw new Error('There is no saga.');
  return tallySaga(definition, saga, history);
};
const kpis = (conversation: OrderConversation) =>
  kpisOf(definition, sumOf(Object.values(talliesOf(conversation))), 1, inputs);
const took = (seconds: number) => ({ [bucketOf(seconds)]: 1 });

const delivered = (): OrderConversation =>
  given()
    .placed()
    .told('order-placed')
    .waits(minutes(1))
    .reserved()
    .waits(minutes(10))
    .booked()
    .waits(minutes(20))
    .packed()
    .waits(minutes(5))
    .dispatched()
    .told('shipment-dispatched', 1)
    .settled()
    .waits(hours(3))
    .delivered();

it('counts each thing in the hour in which it happened, and each step from when it could begin', () => {
  expect(talliesOf(delivered())).toEqual({
    '2026-11-24T09:00:00.000Z': {
      counts: {
        placed: 1,
        'done/reserve': 1,
        'done/book': 1,
        'done/pick': 1,
        'done/dispatch': 1,
        'done/settle': 1,
        'carrier/swift': 1,
      },
      times: {
        'step/reserve': took(60),
        'step/book': took(600),
        'step/pick': took(1_800),
        'step/dispatch': took(300),
        'step/settle': took(0),
        'until-pivot': took(2_160),
      },
    },
    '2026-11-24T12:00:00.000Z': {
      counts: { 'done/deliver': 1, completed: 1 },
      times: { 'step/deliver': took(10_800), cycle: took(12_960) },
    },
  });
});

it('says the five KPIs of an order that went well', () => {
  expect(kpis(delivered())).toMatchObject({
    throughput: { placed: 1, completed: 1, cancelled: 0, completedPerHour: 1 },
    errors: { ended: 1, troubled: 0, rate: 0, causes: [] },
    utilisation: {
      people: { listsPacked: 1, listsPerHour: 1, busyShare: 0.05 },
      stock: { backorders: 0, backorderShare: 0 },
      carriers: [{ carrier: 'swift', dispatches: 1, share: 1 }],
    },
    // 12 minutes at 30 an hour, for one hour that costs 1.
    returnOnInvestment: { saved: 6, errorCost: 0, runningCost: 1, roi: 5 },
  });
});

it('names every cause of trouble once an order, whatever its number', () => {
  const conversation = given()
    .placed()
    .reserved()
    .rejected(1, 1, ['parcelway'])
    .rejected(1, 2, [])
    .stopped()
    .putAway()
    .released();
  expect(kpis(conversation).errors).toEqual({
    ended: 1,
    troubled: 1,
    rate: 1,
    causes: [
      { kind: 'cancelled', cause: 'no-carrier-left', orders: 1, share: 1 },
      { kind: 'event', cause: 'ShipmentRejected', orders: 1, share: 1 },
      { kind: 'undone', cause: 'no-carrier-left', orders: 1, share: 1 },
    ],
  });
});

it('tells the wait for stock from reserving, and finds short picks, undoings and incidents', () => {
  const conversation = given()
    .placed()
    .told('order-placed')
    .short()
    .told('order-delayed', 2)
    .waits(hours(30))
    .reserved(2, true)
    .pickedShort(2)
    .stopped(2)
    .waits(days(12))
    .putAway(2)
    .released(2)
    .reserved(3);
  const before = kpis(conversation);
  expect(before.utilisation.stock).toMatchObject({ backorders: 1, backorderShare: 1, wait: { count: 1 } });
  expect(before.utilisation.stock.wait.p50).toBeGreaterThan(100_000);
  // Nothing is an error before the order has ended.
  expect(before.errors).toMatchObject({ ended: 0, troubled: 0, rate: null });
  conversation.packed(3).booked(3).dispatched(3).settled(3).delivered(3);
  expect(kpis(conversation).errors.causes.map(({ kind, cause }) => `${kind}/${cause}`)).toEqual([
    'event/PickListShort',
    'event/StockShort',
    'incident/undo-pick',
    'undone/pick-list-short',
  ]);
});

it('counts the same in whatever order and however often the facts are read', () => {
  const conversation = delivered();
  const { saga, history } = conversation;
  if (!saga) throw new Error('There is no saga.');
  expect(tallySaga(definition, saga, [...history, ...history].reverse())).toEqual(talliesOf(conversation));
});

it('names what a saga has waited for longest, mails aside', () => {
  const conversation = given().placed().waits(minutes(1)).reserved().waits(minutes(1)).packed();
  expect(conversation.saga && longestWait(conversation.saga)?.step).toBe('book');
  const ended = delivered().saga;
  expect(ended && longestWait(ended)).toBeUndefined();
});
