import type { Late, SagaDefinition } from './definition.js';
import { closeIncidents, LATE, MESSAGES, openIncident } from './incidents.js';
import { askForBirth, askForStep, askForUndo, sayDelay } from './requests.js';
import { type Saga, type Wait, waitKey, withStep } from './saga.js';
import { earliest, hasCome, later } from './time.js';
import { changed, changedUnit, noted, type Visit } from './visit.js';
import { stepUndoneBy, type Waiting, waitingsOf } from './waits.js';

/** What happens when it is due for the n-th time (from 0): the asking again is repeated, the rest happens once. */
export const rung = ({ patience }: SagaDefinition, { late }: Waiting, n: number): Late | undefined =>
  late.flatMap((each) => (each === 'ask-again' ? Array.from<Late>({ length: patience.asks }).fill(each) : [each]))[n] ??
  // After the incident the saga runs on, and goes on asking where it can.
  (late.includes('ask-again') ? 'ask-again' : undefined);

/** The pause before it is due for the n-th time: pauses double, up to the longest. */
const pause = ({ policy, patience }: SagaDefinition, { within }: Waiting, n: number): number =>
  Math.min(within * 2 ** n, Math.max(within, policy[patience.longestPause] ?? 0));

const firstDue = (waiting: Waiting, now: string): string => {
  const due = later(now, waiting.within);
  if (!waiting.remind) return due;
  return earliest([later(now, waiting.remind.every), waiting.remind.deadline]) ?? due;
};

const clockOf = (waiting: Waiting, running: Wait | undefined, now: string): Wait => {
  if (running && (waiting.stuck === undefined || running.due === undefined)) return running;
  const since = running?.since ?? now;
  return waiting.stuck === undefined ? { since, due: firstDue(waiting, now) } : { since };
};

/** Starts a clock for what is waited for now, stops those of what is not, and closes the incidents about that. */
export const syncClocks = (visit: Visit): Visit => {
  const { definition, saga, now } = visit;
  const waitings = waitingsOf(definition, saga);
  const waits: Record<string, Wait> = {};
  let same = Object.keys(saga.waits).length === waitings.length;
  for (const waiting of waitings) {
    const running = saga.waits[waiting.key];
    const clock = clockOf(waiting, running, now);
    waits[waiting.key] = clock;
    if (clock !== running) same = false;
  }
  const synced = same ? visit : changed(visit, { ...saga, waits });
  const settled = closeIncidents(
    synced,
    ({ unit, step }) => step !== MESSAGES && waits[waitKey(unit, step)] === undefined,
    'What it was about has happened, or is not waited for any more.',
  );
  const known = closeIncidents(
    settled,
    ({ unit, step, reason }) =>
      waitings.some((each) => each.unit === unit && each.step === step && (each.stuck ?? reason) !== reason),
    'More is known: see the next incident.',
  );
  return waitings.reduce(
    (each, { unit, step, owner, stuck }) => (stuck === undefined ? each : openIncident(each, unit, step, owner, stuck)),
    known,
  );
};

const again = (visit: Visit, { unit, step, asks }: Waiting, n: number): Visit => {
  if (asks === 'birth') return askForBirth(visit, unit, n);
  if (asks === 'step') return askForStep(visit, unit, step, n);
  return asks === 'undo' ? askForUndo(visit, unit, stepUndoneBy(step), n) : visit;
};

const rewound = (visit: Visit, { key }: Waiting, wait: Wait): Visit =>
  changed(visit, { ...visit.saga, waits: { ...visit.saga.waits, [key]: wait } });

const isLate = ({ waitsFor }: Waiting): string => `${LATE}still waiting for ${waitsFor}.`;

/** What a deadline that has passed does; see `Late`. */
const fire = (visit: Visit, waiting: Waiting, wait: Wait): Visit => {
  const { definition, now } = visit;
  const { unit, step, remind, owner } = waiting;
  const n = wait.n ?? 0;
  const { due: _passed, ...stopped } = { ...wait, n: n + 1 };
  if (remind && !hasCome(remind.deadline, now)) {
    const due = earliest([later(now, remind.every), remind.deadline]) ?? remind.deadline;
    return again(rewound(visit, waiting, { ...stopped, due }), waiting, n + 1);
  }
  const action = rung(definition, waiting, remind ? 0 : n);
  const passed = noted(visit, { at: now, fact: 'DeadlinePassed', step, ...(unit > 0 && { unit }) });
  if (action === undefined) return rewound(visit, waiting, stopped);
  if (typeof action === 'object') {
    return changedUnit(rewound(passed, waiting, stopped), unit, (before) =>
      withStep(before, step, (state) => ({ ...state, failed: action.fails })),
    );
  }
  const more = rung(definition, waiting, n + 1) !== undefined;
  const due = later(now, pause(definition, waiting, action === 'delay' ? 0 : n + 1));
  const next = rewound(passed, waiting, more ? { ...stopped, due } : stopped);
  if (action === 'incident') return openIncident(next, unit, step, owner, isLate(waiting));
  return action === 'delay' ? sayDelay(next, unit, step, 'late', more ? due : undefined) : again(next, waiting, n + 1);
};

/**
 * While a message of the saga is parked nobody knows what is late: that only opens an incident, and is looked at again.
 * A reminder is nothing that is late, and is left out.
 */
const firePatiently = (visit: Visit, waiting: Waiting, wait: Wait): Visit => {
  const due = later(visit.now, waiting.remind?.every ?? waiting.within);
  const rearmed = rewound(visit, waiting, { ...wait, due });
  if (waiting.remind && !hasCome(waiting.remind.deadline, visit.now)) return rearmed;
  return openIncident(
    rearmed,
    waiting.unit,
    waiting.step,
    waiting.owner,
    `${isLate(waiting)} A message of the same order could not be handled yet, so nothing else was done.`,
  );
};

/** Lets every deadline that has passed do what it does. One that is not due any more does nothing. */
export const fireDeadlines = (visit: Visit, parked: boolean): Visit =>
  waitingsOf(visit.definition, visit.saga).reduce((each, waiting) => {
    const wait = each.saga.waits[waiting.key];
    if (wait?.due === undefined || !hasCome(wait.due, visit.now)) return each;
    return parked ? firePatiently(each, waiting, wait) : fire(each, waiting, wait);
  }, visit);

/** When the saga must be visited next, if no event comes before. */
export const dueAtOf = ({ waits }: Saga): string | undefined => {
  let first: string | undefined;
  for (const key in waits) first = earliest([first, waits[key]?.due]);
  return first;
};
