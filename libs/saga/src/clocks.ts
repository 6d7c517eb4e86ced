import type { Late, SagaDefinition, SagaPlan } from './definition.js';
import { closeIncidents, LATE, MESSAGES, openIncident } from './incidents.js';
import { isUndecided, underWay } from './path.js';
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

/**
 * The pause, in milliseconds, before something is due for the n-th time (from 0): pauses double, up to the longest. One
 * that is longer from the start stays as it is.
 */
export const pause = ({ policy, patience }: SagaPlan, within: number, n: number): number =>
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

/** Opens an incident where only a late event or a person can help, in place of one that says something else. */
const openIfStuck = (visit: Visit, { unit, step, owner, stuck }: Waiting): Visit => {
  if (stuck === undefined) return visit;
  const replaced = closeIncidents(
    visit,
    (incident) => incident.unit === unit && incident.step === step && incident.reason !== stuck,
    'More is known: see the next incident.',
  );
  return openIncident(replaced, unit, step, owner, stuck);
};

/** Clocks of the steps that units go on with if it turns out that they cannot be undone; undefined when there is none. */
const pausedIn = ({ definition, saga }: Visit): Saga['paused'] => {
  let paused: Record<string, Wait> | undefined;
  if (saga.ended) return paused;
  for (const unit of saga.units) {
    if (!isUndecided(definition, unit)) continue;
    for (const { name } of underWay(definition, unit)) {
      const key = waitKey(unit.n, name);
      const clock = saga.waits[key] ?? saga.paused?.[key];
      if (clock) (paused ??= {})[key] = clock;
    }
  }
  return paused;
};

const withClocks = (saga: Saga, waits: Saga['waits'], paused: Saga['paused']): Saga => {
  if (saga.paused === undefined && paused === undefined) return { ...saga, waits };
  const { paused: _before, ...rest } = saga;
  return { ...rest, waits, ...(paused && { paused }) };
};

/**
 * Starts a clock for what is waited for now, stops those of what is not, and closes the incidents about that. What may
 * yet have to go on keeps its clock, which stands still, and its incidents.
 */
export const syncClocks = (visit: Visit): Visit => {
  const { definition, saga, now } = visit;
  const waitings = waitingsOf(definition, saga);
  const paused = pausedIn(visit);
  const waits: Record<string, Wait> = {};
  let same = Object.keys(saga.waits).length === waitings.length && paused === undefined && saga.paused === undefined;
  for (const waiting of waitings) {
    const running = saga.waits[waiting.key];
    const clock = clockOf(waiting, running ?? saga.paused?.[waiting.key], now);
    waits[waiting.key] = clock;
    if (clock !== running) same = false;
  }
  const synced = same ? visit : changed(visit, withClocks(saga, waits, paused));
  const settled = closeIncidents(
    synced,
    ({ unit, step }) => {
      const key = waitKey(unit, step);
      return step !== MESSAGES && waits[key] === undefined && paused?.[key] === undefined;
    },
    'What it was about has happened, or is not waited for any more.',
  );
  return waitings.reduce(openIfStuck, settled);
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
  const due = later(now, pause(definition, waiting.within, action === 'delay' ? 0 : n + 1));
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
