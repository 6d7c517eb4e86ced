import type { KpiAnswer, Kpis, Percentiles } from '../client/kpi-views.js';
import { printable } from './io.js';
import { type Cell, table } from './table.js';

const NONE = '—';
const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** A duration as people say it: `0.4 s`, `12 min`, `3.5 h`, `2 d`. */
export const duration = (seconds: number | null): string => {
  if (seconds === null) return NONE;
  const [size, unit] =
    seconds < 2 * MINUTE_S
      ? [1, 's']
      : seconds < 2 * HOUR_S
        ? [MINUTE_S, 'min']
        : seconds < 2 * DAY_S
          ? [HOUR_S, 'h']
          : [DAY_S, 'd'];
  return `${Number((seconds / size).toPrecision(2))} ${unit}`;
};

const percent = (share: number | null): string => (share === null ? NONE : `${Number((share * 100).toFixed(1))} %`);
const number = (value: number | null): string => (value === null ? NONE : String(Number(value.toFixed(2))));

const times = (name: string, { count, p50, p90, p95, p99 }: Percentiles): readonly Cell[] => [
  name,
  count,
  duration(p50),
  duration(p90),
  duration(p95),
  duration(p99),
];

const section = (title: string, ...lines: readonly string[]): string => [`${title}:`, ...lines].join('\n');

const errors = ({ rate, troubled, ended, causes }: Kpis['errors']): string => {
  const summary = `  ${percent(rate)} (${troubled} of ${ended} orders that ended)`;
  if (causes.length === 0) return section('Error rate', summary);
  const rows = causes.map(({ kind, cause, orders, share }) => [kind, cause, orders, percent(share)]);
  return section('Error rate', summary, table(['kind', 'cause', 'orders', 'share'], rows));
};

const waited = ({ p50 }: Percentiles): string => (p50 === null ? '' : `, half of them longer than ${duration(p50)}`);

const utilisation = ({ people, stock, carriers }: Kpis['utilisation']): string =>
  section(
    'Utilisation',
    `  people: ${people.listsPacked} pick lists packed, ${number(people.listsPerHour)} an hour, busy ${percent(people.busyShare)}`,
    `  stock: ${stock.backorders} shipments had to wait for it (${percent(stock.backorderShare)} of the orders placed)${waited(stock.wait)}`,
    ...carriers.map(
      ({ carrier, dispatches, share }) =>
        `  carrier ${printable(carrier)}: ${dispatches} dispatches (${percent(share)})`,
    ),
  );

/** The five KPIs for people, and a line for each hour or day. */
export const kpiPage = ({ from, to, by, countedUntil, total, periods, inputs }: KpiAnswer): string => {
  const { throughput, cycleTime, returnOnInvestment: money } = total;
  const steps = Object.entries(cycleTime.steps).filter(([, { count }]) => count > 0);
  return [
    `From ${printable(from)} to ${printable(to)}, counted until ${printable(countedUntil ?? NONE)}`,
    section(
      'Cycle time',
      table(
        ['', 'count', 'p50', 'p90', 'p95', 'p99'],
        [
          times('placed to completed', cycleTime.overall),
          times('placed to dispatched', cycleTime.untilDispatch),
          ...steps.map(([name, each]) => times(`step ${name}`, each)),
        ],
      ),
    ),
    errors(total.errors),
    utilisation(total.utilisation),
    section(
      'Throughput',
      `  ${throughput.placed} placed (${number(throughput.placedPerHour)} an hour), ${throughput.completed} completed (${number(throughput.completedPerHour)} an hour), ${throughput.cancelled} cancelled`,
    ),
    section(
      'Return on investment',
      `  ${percent(money.roi)}: ${number(money.saved)} saved, against ${number(money.errorCost)} for errors and ${number(money.runningCost)} for running it`,
      `  stated: ${inputs.minutesSavedPerOrder} min an order at ${inputs.wagePerHour} an hour, ${inputs.costOfError} an error, ${inputs.runningCostPerHour} an hour to run`,
    ),
    periods.length === 0
      ? 'Nothing happened in this time.'
      : table(
          [by, 'placed', 'completed', 'cancelled', 'cycle p50', 'cycle p95', 'errors', 'packed/h'],
          periods.map(({ from: start, kpis }) => [
            start,
            kpis.throughput.placed,
            kpis.throughput.completed,
            kpis.throughput.cancelled,
            duration(kpis.cycleTime.overall.p50),
            duration(kpis.cycleTime.overall.p95),
            percent(kpis.errors.rate),
            number(kpis.utilisation.people.listsPerHour),
          ]),
        ),
  ].join('\n\n');
};
