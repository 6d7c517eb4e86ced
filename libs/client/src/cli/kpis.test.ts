import { expect, test } from 'vitest';
import type { KpiAnswer, Kpis } from '../client/kpi-views.js';
import { baton } from '../testing/baton.js';
import { fakeGateway } from '../testing/fake-gateway.js';
import { duration } from './kpi-page.js';

const none = { count: 0, p50: null, p90: null, p95: null, p99: null };
const kpis: Kpis = {
  throughput: { placed: 12, completed: 10, cancelled: 1, placedPerHour: 6, completedPerHour: 5 },
  cycleTime: {
    overall: { count: 10, p50: 43_200, p90: 90_000, p95: 172_800, p99: 180_000 },
    untilDispatch: none,
    steps: { reserve: { count: 11, p50: 0.042, p90: 1, p95: 1, p99: 2 }, pick: none },
  },
  errors: {
    ended: 11,
    troubled: 2,
    rate: 0.1818,
    causes: [{ kind: 'cancelled', cause: 'customer-cancelled', orders: 1, share: 0.0909 }],
  },
  utilisation: {
    people: { listsPacked: 11, listsPerHour: 5.5, busyShare: null },
    stock: { backorders: 1, backorderShare: 0.0833, wait: none },
    carriers: [{ carrier: 'swift', dispatches: 10, share: 1 }],
  },
  returnOnInvestment: { saved: 50, errorCost: 30, runningCost: 2, roi: 0.5625 },
};
const answer: KpiAnswer = {
  definition: 'order-fulfilment',
  by: 'hour',
  from: '2026-11-24T08:00:00.000Z',
  to: '2026-11-24T10:00:00.000Z',
  countedUntil: '2026-11-24T09:59:30.000Z',
  inputs: {
    minutesSavedPerOrder: 10,
    wagePerHour: 30,
    costOfError: 15,
    runningCostPerHour: 1,
    people: 0,
    minutesPerPickList: 0,
  },
  total: kpis,
  periods: [{ from: '2026-11-24T08:00:00.000Z', to: '2026-11-24T09:00:00.000Z', kpis }],
};

test('KPIs are tables for people, and JSON for machines', async () => {
  const gateway = await fakeGateway(() => ({ body: answer }));
  const people = await baton(['kpis'], gateway);
  expect(people).toMatchObject({ code: 0, err: '' });
  for (const line of [
    /^placed to completed +10 +12 h +25 h +2 d +2.1 d$/m,
    /^step reserve +11 +0.042 s +1 s +1 s +2 s$/m,
    /^ {2}18.2 % \(2 of 11 orders that ended\)$/m,
    /^cancelled +customer-cancelled +1 +9.1 %$/m,
    /^ {2}people: 11 pick lists packed, 5.5 an hour, busy —$/m,
    /^ {2}carrier swift: 10 dispatches \(100 %\)$/m,
    /^ {2}56.3 %: 50 saved, against 30 for errors and 2 for running it$/m,
    /^2026-11-24T08:00:00.000Z +12 +10 +1 +12 h +2 d +18.2 % +5.5$/m,
  ]) {
    expect(people.out).toMatch(line);
  }
  // A step that nothing went through has no line.
  expect(people.out).not.toMatch(/^step pick/m);
  expect(JSON.parse((await baton(['kpis', '--json'], gateway)).out)).toEqual(answer);
});

test('what is stated is passed on, and nonsense is refused before anybody is asked', async () => {
  const gateway = await fakeGateway(() => ({ body: { ...answer, periods: [] } }));
  const args = ['--from', '2026-11-01', '--to', '2026-11-24T09:00:00Z', '--by', 'day', '--wage-per-hour', '31.5'];
  expect((await baton(['kpis', ...args], gateway)).out).toContain('Nothing happened in this time.');
  expect(gateway.seen.map(({ path }) => path)).toEqual([
    '/kpis?by=day&from=2026-11-01&to=2026-11-24T09%3A00%3A00Z&wagePerHour=31.5',
  ]);
  for (const wrong of [
    ['--from', 'yesterday'],
    ['--by', 'week'],
    ['--people', '-1'],
    ['--to', '2026-13-01'],
  ]) {
    expect(await baton(['kpis', ...wrong], gateway), wrong.join(' ')).toMatchObject({ code: 2, out: '' });
  }
  expect(gateway.seen).toHaveLength(1);
});

test('durations are said in the unit that people would use', () => {
  expect([0.0421, 75, 600, 10_000, 400_000, null].map(duration)).toEqual([
    '0.042 s',
    '75 s',
    '10 min',
    '2.8 h',
    '4.6 d',
    '—',
  ]);
});
