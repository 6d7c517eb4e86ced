import type { SagaDefinition } from './definition.js';
import { linesOf } from './requests.js';
import type { Ended, Saga, Unit } from './saga.js';
import { changed, say, type Visit } from './visit.js';

/** The customer reads it: a few names say enough. */
const MOST_NAMED = 5;

/** A sentence, with what it is about at its end. */
const naming = (sentence: string, about: readonly string[] = []): string => {
  if (about.length === 0) return sentence;
  const more = about.length > MOST_NAMED ? ` and ${about.length - MOST_NAMED} more` : '';
  return `${sentence.replace(/\.$/, '')}: ${about.slice(0, MOST_NAMED).join(', ')}${more}.`;
};

/** The alternative that a cancellation is told with: of all by which something was given up, the most important. */
const reasonOf = (
  { alternatives }: SagaDefinition,
  saga: Saga,
): { readonly reason: string; readonly detail: string } => {
  const given = new Set(saga.units.map(({ givenUp }) => givenUp));
  const alternative = alternatives.find(({ name }) => given.has(name));
  if (!alternative) return { reason: '', detail: '' };
  const { name, when, leadsTo } = alternative;
  const unit = saga.units.find(({ givenUp }) => givenUp === name);
  const about = 'step' in when ? unit?.steps[when.step]?.about : undefined;
  return { reason: name, detail: 'cancel' in leadsTo ? naming(leadsTo.cancel, about) : '' };
};

/**
 * How the saga ends, once every unit has ended and nobody is to take over its lines: completed if anything went out,
 * cancelled if nothing did.
 */
export const endOf = ({ definition, saga, now }: Visit): Ended | undefined => {
  const units = saga.units.filter(({ birth }) => birth !== undefined);
  const over = ({ ended, heir, givenUp }: Unit): boolean =>
    ended !== undefined && (ended.as === 'done' || heir !== undefined || givenUp !== undefined);
  if (saga.ended || units.length === 0 || !units.every(over)) return undefined;
  return units.some(({ ended }) => ended?.as === 'done')
    ? { at: now, as: 'completed' }
    : { at: now, as: 'cancelled', ...reasonOf(definition, saga) };
};

/** What became of the lines of a unit that nobody took over. */
const outcomeOf = ({ says, steps }: SagaDefinition, unit: Unit): string => {
  if (unit.ended?.as !== 'done') return 'cancelled';
  const failure = steps.map(({ name }) => unit.steps[name]?.failed).find((each) => each !== undefined);
  return says.outcomes[failure ?? ''] ?? 'delivered';
};

export const sayCancelled = (visit: Visit): Visit => {
  const { reason, detail } = visit.saga.ended ?? {};
  return say(visit, visit.definition.says.cancelled, 0, { reason, detail });
};

/** No wish is without an answer any more. */
export const answered = (visit: Visit): Visit => {
  const { wishes } = visit.saga;
  if (!wishes?.some((wish) => wish.answered === undefined)) return visit;
  const all = wishes.map((wish) => (wish.answered === undefined ? { ...wish, answered: visit.now } : wish));
  return changed(visit, { ...visit.saga, wishes: all });
};

/** Ends the saga. It changes no more, but for telling and for answering wishes. */
export const conclude = (visit: Visit, ended: Ended): Visit => {
  const over = changed(visit, { ...visit.saga, ended });
  if (ended.as === 'cancelled') return sayCancelled(answered(over));
  const last = over.saga.units.filter((unit) => unit.birth !== undefined && unit.heir === undefined);
  const lines = last.flatMap((unit) =>
    linesOf(over, unit).map(({ lineId, sku, quantity }) => ({
      lineId,
      sku,
      quantity,
      [over.definition.identity.unit]: unit.n,
      outcome: outcomeOf(over.definition, unit),
    })),
  );
  return say(over, over.definition.says.completed, 0, { lines });
};
