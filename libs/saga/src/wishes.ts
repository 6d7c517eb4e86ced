import { answered, sayCancelled } from './ending.js';
import { isDecided, isNamed, wentOut } from './path.js';
import type { Saga, Wish } from './saga.js';
import { say, type Visit } from './visit.js';

const unansweredOf = (saga: Saga): readonly Wish[] =>
  (saga.wishes ?? []).filter(({ answered }) => answered === undefined);

/** What went out, by the names that a refusal gives it. */
const dispatchedOf = ({ definition, saga }: Visit): readonly object[] => {
  const { identity, wish } = definition;
  return saga.units
    .filter((unit) => wentOut(definition, unit) && isNamed(definition, unit))
    .map((unit) => ({
      [identity.unit]: unit.n,
      ...Object.fromEntries(wish.names.map((field) => [field, unit.kept?.[field]])),
    }));
};

/**
 * Answers every wish to cancel that has no answer yet: with a refusal, as soon as each unit is known to go out or not
 * and one does; with the cancellation, when the saga has ended so (one that came after the end hears it again, under
 * its first id).
 */
export const answerWishes = (visit: Visit): Visit => {
  const { definition, saga } = visit;
  const open = unansweredOf(saga);
  if (open.length === 0) return visit;
  if (saga.ended?.as === 'cancelled') return answered(sayCancelled(visit));
  const units = saga.units.filter(({ birth }) => birth !== undefined);
  const dispatched = dispatchedOf(visit);
  if (dispatched.length === 0 || !units.every((unit) => isDecided(definition, unit))) return visit;
  const refused = open.reduce(
    (each, { n }) => say(each, definition.wish.refused, 0, { [definition.wish.number]: n, dispatched }, n),
    visit,
  );
  return answered(refused);
};
