import type { Event } from '@baton/contracts';
import type { Failure, Role, SagaDefinition, Step } from './definition.js';
import { valuesAt } from './events.js';
import { attemptOf, hasEnded, type Kept, type Saga, type SagaLine, type Unit, withStep } from './saga.js';
import { changed, changedUnit, noted, tellKey, tellOf, type Visit } from './visit.js';

/** An event as the engine reads it: its data by the names of fields. */
export type Heard = Event<string, Readonly<Record<string, unknown>>>;

const isLines = (value: unknown): value is readonly SagaLine[] => Array.isArray(value);

/** Of two lists of lines, each line with the larger quantity: such lists only grow, whichever came last. */
const grown = (before: unknown, now: unknown): readonly SagaLine[] => {
  const byLine = new Map<string, SagaLine>();
  for (const line of [before, now].filter(isLines).flat()) {
    const seen = byLine.get(line.lineId);
    if (!seen || line.quantity > seen.quantity) byLine.set(line.lineId, line);
  }
  return [...byLine.values()];
};

/** What is kept of a unit, with what an event's data adds to it; the very same when it adds nothing. */
const remembered = (definition: SagaDefinition, kept: Kept | undefined, data: Heard['data']): Kept | undefined => {
  const { fields, growing } = definition.remembers;
  let next: Record<string, unknown> | undefined;
  for (const field of fields) if (data[field] !== undefined) (next ??= { ...kept })[field] = data[field];
  for (const field of growing) {
    const lines = data[field];
    if (isLines(lines) && lines.length > 0) (next ??= { ...kept })[field] = grown(kept?.[field], lines);
  }
  return next ?? kept;
};

const fits = ({ where }: Failure, data: Heard['data']): boolean => {
  if (where === undefined) return true;
  if ('empty' in where) return valuesAt(data, where.empty).length === 0;
  return valuesAt(data, where.field).includes(where.is);
};

/** What a failure is about: `about` of those entries whose field beside it is what `where` asks for. */
const aboutIn = ({ where, about }: Failure, data: Heard['data']): readonly string[] => {
  if (about === undefined || where === undefined || 'empty' in where) return [];
  const end = where.field.lastIndexOf('.');
  const entries = end < 0 ? [data] : valuesAt(data, where.field.slice(0, end));
  const fitting = entries.filter((entry) => valuesAt(entry, where.field.slice(end + 1)).includes(where.is));
  return [...new Set(fitting.flatMap((entry) => valuesAt(entry, about)).map(String))];
};

/**
 * Whether a failure says more of the same try than the one that is known: one of another event that stands later in the
 * plan does, whichever is heard last. The same event is an answer that was given already.
 */
const tellsMore = ({ cannot = [] }: Step, failure: Failure, failed: string): boolean => {
  const known = cannot.findIndex(({ as }) => as === failed);
  return known >= 0 && known < cannot.indexOf(failure) && cannot[known]?.event !== failure.event;
};

type StepRole = Extract<Role, { readonly step: string }>;

/** What one event changes of a unit: the same unit when it says nothing new. */
const foldIntoUnit = (definition: SagaDefinition, unit: Unit, role: StepRole, event: Heard, now: string): Unit => {
  const changedUnit = foldRole(definition, unit, role, event, now);
  if (changedUnit === unit) return unit;
  const kept = remembered(definition, unit.kept, event.data);
  return kept ? { ...changedUnit, kept } : changedUnit;
};

const foldRole = (definition: SagaDefinition, unit: Unit, role: StepRole, event: Heard, now: string): Unit => {
  if (role.kind === 'refused') return unit.refused === undefined ? { ...unit, refused: now } : unit;
  const step = definition.step(role.step);
  return withStep(unit, role.step, (state) => {
    if (role.kind === 'undone' || role.kind === 'begun') {
      return state[role.kind] === undefined ? { ...state, [role.kind]: now } : state;
    }
    // A request starts the attempt that it asks for; what is still said about an earlier one changes nothing.
    const said = step.asks === undefined ? undefined : event.data['attempt'];
    const attempt = typeof said === 'number' ? said : attemptOf(state);
    if (attempt < attemptOf(state) || state.done !== undefined) return state;
    const { failed, about: _about, ...rest } = state;
    const current = attempt > 1 ? { ...rest, attempt } : rest;
    if (role.kind === 'done') return { ...current, done: now };
    const failure = step.cannot?.find((each) => each.event === event.name && fits(each, event.data));
    if (!failure) return state;
    if (failed !== undefined && attempt === attemptOf(state) && !tellsMore(step, failure, failed)) return state;
    const about = aboutIn(failure, event.data);
    return { ...current, failed: failure.as, ...(about.length > 0 && { about }) };
  });
};

const foldWish = (saga: Saga, n: number, now: string): Saga => {
  const wishes = saga.wishes ?? [];
  return wishes.some((wish) => wish.n === n) ? saga : { ...saga, wishes: [...wishes, { n, at: now }] };
};

const foldTell = (saga: Saga, key: string, said: 'told' | 'failed'): Saga => {
  const before = saga.tells?.[key];
  return before === 'told' || before === said ? saga : { ...saga, tells: { ...saga.tells, [key]: said } };
};

const foldBeginning = (definition: SagaDefinition, saga: Saga, event: Heard, now: string): Saga => {
  if (saga.begun !== undefined) return saga;
  const order = Object.fromEntries(
    definition.begins.keeps.flatMap((field) => (event.data[field] === undefined ? [] : [[field, event.data[field]]])),
  );
  return { ...saga, begun: now, order };
};

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * Adds the fact that an event states, whatever came before it. An event that was folded already, or comes after the
 * end, leaves the very same visit.
 */
export const fold = (visit: Visit, event: Heard): Visit => {
  const { definition, now, saga } = visit;
  const role = definition.roles.get(event.name);
  if (!role) return visit;
  const value = event.data[definition.identity.unit];
  const unit = typeof value === 'number' ? value : 0;
  const next = ((): Visit => {
    switch (role.kind) {
      case 'beginning':
        return changed(visit, foldBeginning(definition, saga, event, now));
      case 'wish':
        return changed(visit, foldWish(saga, Number(event.data[definition.wish.number] ?? 1), now));
      case 'told':
        return changed(visit, foldTell(saga, tellKey(unit, String(event.data['reason'])), 'told'));
      case 'untold':
        return changed(visit, foldTell(saga, tellKey(unit, String(event.data['reason'])), 'failed'));
      default:
        // An ended saga changes no more; what is still said about its steps is late.
        return hasEnded(saga)
          ? visit
          : changedUnit(visit, unit, (before) => foldIntoUnit(definition, before, role, event, now));
    }
  })();
  if (next === visit) return visit;
  const note = text(event.data['reason']) ?? text(event.data['carrier']);
  return noted(tellOf(next, event.name, unit), {
    at: event.time,
    fact: event.name,
    ...(unit > 0 && { unit }),
    ...(typeof event.data['attempt'] === 'number' && { attempt: event.data['attempt'] }),
    ...(note !== undefined && { note }),
  });
};
