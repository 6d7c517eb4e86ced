import type { InstrumentDeclaration } from '@baton/messaging';
import type { Ask, Measurement, ServiceMetrics } from '@baton/service-kit';
import { sagaPlans } from '../definitions/index.js';

const definition = 'name of the saga definition';
const step = 'the step; `undo-…` while it is being undone';
const owner = 'who is to see to it';

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;
/** From seconds (simulated carriers) to the longest service level. */
const LONG_TIMES = [1, 10, MINUTE_S, 5 * MINUTE_S, 15 * MINUTE_S, HOUR_S, 4 * HOUR_S, 12 * HOUR_S].concat(
  [1, 2, 3, 5, 8, 14].map((days) => days * DAY_S),
);
/** A deadline is looked for every second; one that is due for so much longer is late. */
const LATE_S = 30;

/** What the coordinator measures. Counters and histograms follow from the rollup of the KPIs, a minute or so later. */
export const coordinatorInstruments = {
  started: {
    name: 'baton.saga.started',
    kind: 'counter',
    description: 'Orders placed.',
    unit: '{saga}',
    attributes: { definition },
  },
  ended: {
    name: 'baton.saga.ended',
    kind: 'counter',
    description: 'Orders that ended.',
    unit: '{saga}',
    attributes: { definition, outcome: '`completed` or `cancelled`' },
  },
  troubled: {
    name: 'baton.saga.troubled',
    kind: 'counter',
    description: 'Orders that ended and with which something had gone wrong, whatever it was.',
    unit: '{saga}',
    attributes: { definition },
  },
  causes: {
    name: 'baton.saga.causes',
    kind: 'counter',
    description:
      'Orders that ended, by what had gone wrong with them: cancellations, compensations, failures, incidents. ' +
      'An order with several causes counts for each.',
    unit: '{saga}',
    attributes: {
      definition,
      kind: '`cancelled`, `undone`, `event` or `incident`',
      cause: 'reason, alternative, event or step',
    },
  },
  stepsDone: {
    name: 'baton.saga.steps_done',
    kind: 'counter',
    description: 'Steps of shipments that were done, such as `pick`: packed pick lists.',
    unit: '{step}',
    attributes: { definition, step: 'the step' },
  },
  dispatches: {
    name: 'baton.saga.dispatches',
    kind: 'counter',
    description: 'Shipments that a carrier took.',
    unit: '{shipment}',
    attributes: { definition, carrier: 'the carrier' },
  },
  cycleTime: {
    name: 'baton.saga.cycle_time',
    kind: 'histogram',
    description: 'From an order being placed to its completion.',
    unit: 's',
    attributes: { definition },
    buckets: LONG_TIMES,
  },
  untilPivot: {
    name: 'baton.saga.time_to_dispatch',
    kind: 'histogram',
    description: 'From an order being placed to its first shipment going out.',
    unit: 's',
    attributes: { definition },
    buckets: LONG_TIMES,
  },
  stepTime: {
    name: 'baton.saga.step_time',
    kind: 'histogram',
    description: 'From the moment at which a step could begin to its being done; `backorder` is the wait for stock.',
    unit: 's',
    attributes: { definition, step: 'the step, or `backorder`' },
    buckets: LONG_TIMES,
  },
  active: {
    name: 'baton.saga.active',
    kind: 'gauge',
    description: 'Sagas that have not ended, by the step that they have waited for longest.',
    unit: '{saga}',
    attributes: { definition, step },
  },
  oldest: {
    name: 'baton.saga.oldest_wait',
    kind: 'gauge',
    description: 'How long the saga that has waited for a step longest has done so.',
    unit: 's',
    attributes: { definition, step },
  },
  incidents: {
    name: 'baton.incidents.open',
    kind: 'gauge',
    description: 'Incidents that nobody has settled yet.',
    unit: '{incident}',
    attributes: { owner },
  },
  overdue: {
    name: 'baton.incidents.overdue',
    kind: 'gauge',
    description: 'Open incidents whose due time has passed.',
    unit: '{incident}',
    attributes: { owner },
  },
  late: {
    name: 'baton.deadlines.late',
    kind: 'gauge',
    description: `Sagas whose deadline came more than ${LATE_S} s ago and was not seen to.`,
    unit: '{saga}',
    attributes: {},
  },
  lateness: {
    name: 'baton.deadlines.lateness',
    kind: 'gauge',
    description: 'How long ago the oldest of these deadlines came.',
    unit: 's',
    attributes: {},
  },
  unwatched: {
    name: 'baton.saga.unwatched',
    kind: 'gauge',
    description: 'Sagas that have neither ended nor a deadline nor an incident: always 0, or there is a bug.',
    unit: '{saga}',
    attributes: {},
  },
  rollupAge: {
    name: 'baton.kpi.rollup_age',
    kind: 'gauge',
    description: 'How far the rollup of the KPIs is behind.',
    unit: 's',
    attributes: {},
  },
} as const satisfies Record<string, InstrumentDeclaration>;

const { active, oldest, incidents, overdue, late, lateness, unwatched, rollupAge } = coordinatorInstruments;

const owners = new Set(
  sagaPlans.flatMap(({ begins, steps, tells }) => [begins.owner, tells.owner, ...steps.map((each) => each.owner)]),
);
const waitName = (saga: string, waited: string): string => `${saga}/${waited}`;
const waits = sagaPlans.flatMap(({ name, steps, undo }) =>
  ['beginning', ...steps.map((each) => each.name), ...undo.map((each) => `undo-${each}`)].map((each) =>
    waitName(name, each),
  ),
);

/** Each of these reads an index over what is open, however much has ended. */
const readWaits = async (ask: Ask): Promise<readonly Measurement[]> => {
  const rows = await ask(
    `select definition, waits_for, count(*)::int as sagas,
            greatest(extract(epoch from now() - min(waiting_since)), 0)::float8 as age
     from kpi_saga where waits_for is not null group by definition, waits_for`,
  );
  const found = new Map(
    rows.map((row) => [waitName(String(row['definition']), String(row['waits_for'])), row] as const),
  );
  // What nobody waits for any more is 0, not absent, so that a chart falls at once.
  return [...new Set([...waits, ...found.keys()])].flatMap((wait) => {
    const [name = '', waited = ''] = wait.split('/');
    const attributes = { definition: name, step: waited };
    const row = found.get(wait);
    return [
      { of: active, value: Number(row?.['sagas'] ?? 0), attributes },
      { of: oldest, value: Number(row?.['age'] ?? 0), attributes },
    ];
  });
};

const readIncidents = async (ask: Ask): Promise<readonly Measurement[]> => {
  const rows = await ask(
    `select owner, count(*)::int as open, (count(*) filter (where due_at < now()))::int as overdue
     from incident where resolved_at is null group by owner`,
  );
  const found = new Map(rows.map((row) => [String(row['owner']), row] as const));
  return [...new Set([...owners, ...found.keys()])].flatMap((name) => {
    const row = found.get(name);
    return [
      { of: incidents, value: Number(row?.['open'] ?? 0), attributes: { owner: name } },
      { of: overdue, value: Number(row?.['overdue'] ?? 0), attributes: { owner: name } },
    ];
  });
};

const readDeadlines = async (ask: Ask): Promise<readonly Measurement[]> => {
  const [row] = await ask(
    `select count(*)::int as late, coalesce(extract(epoch from now() - min(due_at)), 0)::float8 as lateness
     from saga where due_at < now() - make_interval(secs => $1)`,
    [LATE_S],
  );
  return [
    { of: late, value: Number(row?.['late']) },
    { of: lateness, value: Number(row?.['lateness']) },
  ];
};

const readRest = async (ask: Ask): Promise<readonly Measurement[]> => {
  const [row] = await ask(
    `select (select count(*) from saga where ended_at is null and due_at is null and open_incidents = 0)::int as unwatched,
            coalesce((select extract(epoch from now() - counted_until) from kpi_progress), 0)::float8 as age`,
  );
  return [
    { of: unwatched, value: Number(row?.['unwatched']) },
    { of: rollupAge, value: Math.max(0, Number(row?.['age'])) },
  ];
};

export const coordinatorMetrics: ServiceMetrics = {
  declared: coordinatorInstruments,
  read: async (ask) =>
    (await Promise.all([readWaits(ask), readIncidents(ask), readDeadlines(ask), readRest(ask)])).flat(),
};
