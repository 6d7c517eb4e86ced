import type { SagaDefinition } from '@baton/saga';
import { type Percentiles, percentilesOf } from './histogram.js';
import type { Inputs } from './inputs.js';
import type { CauseKind } from './saga-tally.js';
import type { Tally } from './tally.js';

/** Whose steps are the work of people. */
const PEOPLE = 'warehouse';

/** Something that had gone wrong with orders that ended. */
export interface Cause {
  readonly kind: CauseKind;
  /** A reason, an alternative, an event or a step, by `kind`. */
  readonly cause: string;
  readonly orders: number;
  /** Of the orders that ended. */
  readonly share: number;
}

/** The five KPIs of one stretch of time. Durations are seconds; shares lie between 0 and 1; null: there is nothing to say. */
export interface Kpis {
  readonly throughput: {
    readonly placed: number;
    readonly completed: number;
    readonly cancelled: number;
    readonly placedPerHour: number | null;
    readonly completedPerHour: number | null;
  };
  readonly cycleTime: {
    /** From placed to completed. */
    readonly overall: Percentiles;
    /** From placed to the first shipment going out. */
    readonly untilDispatch: Percentiles;
    /** By step, in the order of the definition; `backorder` is the wait for stock. */
    readonly steps: Readonly<Record<string, Percentiles>>;
  };
  readonly errors: {
    readonly ended: number;
    /** Of these, orders with any cause. */
    readonly troubled: number;
    readonly rate: number | null;
    /** The most frequent first. An order with several causes counts for each. */
    readonly causes: readonly Cause[];
  };
  readonly utilisation: {
    readonly people: {
      readonly listsPacked: number;
      readonly listsPerHour: number | null;
      /** Of the stated people's time; null where nobody said how many there are and how long a list takes. */
      readonly busyShare: number | null;
    };
    readonly stock: {
      /** Shipments that had to wait for stock. */
      readonly backorders: number;
      /** Of all orders placed. */
      readonly backorderShare: number | null;
      readonly wait: Percentiles;
    };
    /** The busiest first. */
    readonly carriers: readonly { readonly carrier: string; readonly dispatches: number; readonly share: number }[];
  };
  readonly returnOnInvestment: {
    /** Manual work that was not needed, in money. */
    readonly saved: number;
    readonly errorCost: number;
    readonly runningCost: number;
    /** (saved − costs) / costs; null without any cost. */
    readonly roi: number | null;
  };
}

/** The same of one hour or day, without what is only told of the whole: steps, causes, carriers. */
export interface PeriodKpis {
  readonly throughput: Kpis['throughput'];
  readonly cycleTime: Pick<Kpis['cycleTime'], 'overall' | 'untilDispatch'>;
  readonly errors: Pick<Kpis['errors'], 'ended' | 'troubled' | 'rate'>;
  readonly utilisation: {
    readonly people: Kpis['utilisation']['people'];
    readonly stock: Pick<Kpis['utilisation']['stock'], 'backorders' | 'backorderShare'>;
  };
  readonly returnOnInvestment: Kpis['returnOnInvestment'];
}

const share = (part: number, whole: number): number | null => (whole > 0 ? rounded(part / whole) : null);
const rounded = (value: number): number => Number(value.toFixed(4));
const money = (value: number): number => Number(value.toFixed(2));

const named = (counts: Tally['counts'], prefix: string): readonly (readonly [name: string, count: number])[] =>
  Object.entries(counts)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, count]) => [name.slice(prefix.length), count] as const)
    .toSorted(([a, n], [b, m]) => m - n || a.localeCompare(b));

const causeOf = (name: string, orders: number, ended: number): Cause => {
  const slash = name.indexOf('/');
  return {
    kind: name.slice(0, slash) as CauseKind,
    cause: name.slice(slash + 1),
    orders,
    share: share(orders, ended) ?? 0,
  };
};

const roiOf = (completed: number, troubled: number, hours: number, inputs: Inputs): Kpis['returnOnInvestment'] => {
  const saved = (completed * inputs.minutesSavedPerOrder * inputs.wagePerHour) / 60;
  const errorCost = troubled * inputs.costOfError;
  const runningCost = hours * inputs.runningCostPerHour;
  const costs = errorCost + runningCost;
  return {
    saved: money(saved),
    errorCost: money(errorCost),
    runningCost: money(runningCost),
    roi: costs > 0 ? rounded((saved - costs) / costs) : null,
  };
};

/** The KPIs of one hour or day; see `kpisOf`. */
export const periodKpisOf = (
  definition: SagaDefinition,
  { counts, times }: Tally,
  hours: number,
  inputs: Inputs,
): PeriodKpis => {
  const count = (name: string): number => counts[name] ?? 0;
  const perHour = (n: number): number | null => share(n, hours);
  const [placed, completed, cancelled] = [count('placed'), count('completed'), count('cancelled')];
  const [ended, troubled] = [completed + cancelled, count('troubled')];
  const people = definition.steps.filter(({ participant }) => participant === PEOPLE);
  const listsPacked = people.reduce((sum, { name }) => sum + count(`done/${name}`), 0);
  const capacity = inputs.people * hours * 60;
  return {
    throughput: {
      placed,
      completed,
      cancelled,
      placedPerHour: perHour(placed),
      completedPerHour: perHour(completed),
    },
    cycleTime: { overall: percentilesOf(times['cycle']), untilDispatch: percentilesOf(times['until-pivot']) },
    errors: { ended, troubled, rate: share(troubled, ended) },
    utilisation: {
      people: {
        listsPacked,
        listsPerHour: perHour(listsPacked),
        busyShare: inputs.minutesPerPickList > 0 ? share(listsPacked * inputs.minutesPerPickList, capacity) : null,
      },
      stock: { backorders: count('waited'), backorderShare: share(count('waited'), placed) },
    },
    returnOnInvestment: roiOf(completed, troubled, hours, inputs),
  };
};

/**
 * The KPIs of a tally.
 * @param hours length of the stretch, as far as it has passed
 */
export const kpisOf = (definition: SagaDefinition, tally: Tally, hours: number, inputs: Inputs): Kpis => {
  const { counts, times } = tally;
  const { cycleTime, errors, utilisation, ...rest } = periodKpisOf(definition, tally, hours, inputs);
  const waits = Object.entries(definition.births).flatMap(([name, { remind }]) => (remind === undefined ? [] : [name]));
  const steps = [...waits, ...definition.steps.map(({ name }) => name)];
  const carriers = named(counts, 'carrier/');
  const dispatches = carriers.reduce((sum, [, n]) => sum + n, 0);
  return {
    ...rest,
    cycleTime: {
      ...cycleTime,
      steps: Object.fromEntries(steps.map((name) => [name, percentilesOf(times[`step/${name}`])])),
    },
    errors: {
      ...errors,
      causes: named(counts, 'cause/').map(([name, orders]) => causeOf(name, orders, errors.ended)),
    },
    utilisation: {
      people: utilisation.people,
      stock: { ...utilisation.stock, wait: percentilesOf(times[`step/${waits[0] ?? ''}`]) },
      carriers: carriers.map(([carrier, n]) => ({ carrier, dispatches: n, share: share(n, dispatches) ?? 0 })),
    },
  };
};
