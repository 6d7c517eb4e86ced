import { type Fact, isTelling, type Saga, type SagaDefinition, stepOfKey, type Unit } from '@baton/saga';
import { Tallier, type TalliesByHour } from './tally.js';

/** Kinds of causes of trouble; the first part of a cause's name. */
export const causeKinds = {
  cancelled: 'the order was cancelled, for this reason',
  undone: 'a shipment was undone, because of this alternative',
  event: 'a participant could not do its step, and said so with this event',
  incident: 'an operator was needed, about this step',
} as const;
export type CauseKind = keyof typeof causeKinds;

/** Facts of one saga in the order in which they happened, and where to find them. */
class Story {
  private readonly facts: readonly Fact[];
  /** When each of them happened. */
  private readonly moments: readonly number[];

  constructor(facts: readonly Fact[]) {
    const moments = facts.map(({ at }) => Date.parse(at));
    if (moments.every((at, n) => n === 0 || at >= Number(moments[n - 1]))) {
      this.facts = facts;
      this.moments = moments;
    } else {
      const order = moments.map((_, n) => n).toSorted((a, b) => Number(moments[a]) - Number(moments[b]));
      this.facts = order.flatMap((n) => facts[n] ?? []);
      this.moments = order.flatMap((n) => moments[n] ?? []);
    }
  }

  /** Place of the first fact of a name; undefined when there is none. */
  private find(name: string | undefined, unit: number | undefined): number | undefined {
    for (let n = 0; n < this.facts.length; n += 1) {
      const each = this.facts[n];
      if (each?.fact === name && (unit === undefined || (each?.unit ?? 0) === unit)) return n;
    }
    return undefined;
  }

  first(name: string | undefined, unit?: number): Fact | undefined {
    const found = this.find(name, unit);
    return found === undefined ? undefined : this.facts[found];
  }

  /** When the first fact of a name happened. */
  when(name: string | undefined, unit?: number): number | undefined {
    const found = this.find(name, unit);
    return found === undefined ? undefined : this.moments[found];
  }

  get all(): readonly Fact[] {
    return this.facts;
  }
}

/** A step by the names under which it counts, put together once: to do so for each saga takes longer than counting. */
interface CountedStep {
  readonly done: string | undefined;
  readonly isPivot: boolean;
  /** What says that the steps before it are done; undefined for one that may begin at once. */
  readonly after: readonly (string | undefined)[] | undefined;
  readonly counts: string;
  readonly times: string;
}

const known = new WeakMap<SagaDefinition, readonly CountedStep[]>();

const countedSteps = (definition: SagaDefinition): readonly CountedStep[] => {
  const found = known.get(definition);
  if (found) return found;
  const steps = definition.steps.map(({ name, after, done }) => ({
    done,
    isPivot: name === definition.pivot,
    after: after?.map((step) => definition.step(step).done),
    counts: `done/${name}`,
    times: `step/${name}`,
  }));
  known.set(definition, steps);
  return steps;
};

/** The wait of a unit that was born to wait goes by the name of its birth: it lasts days where reserving takes seconds. */
const waitOf = (definition: SagaDefinition, { birth = '' }: Unit): string | undefined =>
  definition.births[birth]?.remind === undefined ? undefined : birth;

const bornAt = (definition: SagaDefinition, story: Story, { birth = '', n }: Unit): number | undefined => {
  const asks = definition.births[birth]?.asks;
  return asks === undefined ? story.when(definition.begins.with) : story.when(asks, n);
};

const tallyUnit = (definition: SagaDefinition, story: Story, unit: Unit, into: Tallier): void => {
  const wait = waitOf(definition, unit);
  const born = bornAt(definition, story, unit);
  if (wait !== undefined && born !== undefined) into.count('waited', born);
  for (const { after, done, isPivot, counts, times } of countedSteps(definition)) {
    const at = story.when(done, unit.n);
    if (at === undefined) continue;
    into.count(counts, at);
    if (isPivot) into.count(`carrier/${story.first(done, unit.n)?.note ?? 'unknown'}`, at);
    const since = after ? latest(story, after, unit.n) : born;
    // A step whose beginning was never heard has no length.
    if (since !== undefined) into.time(after || wait === undefined ? times : `step/${wait}`, at, (at - since) / 1_000);
  }
};

/** When the last of several facts happened; undefined when one of them did not. */
const latest = (story: Story, names: readonly (string | undefined)[], unit: number): number | undefined => {
  let last = Number.NEGATIVE_INFINITY;
  for (const name of names) {
    const at = story.when(name, unit);
    if (at === undefined) return undefined;
    last = Math.max(last, at);
  }
  return last;
};

const causesOf = (definition: SagaDefinition, saga: Saga, story: Story): ReadonlySet<string> => {
  const causes = new Set<string>();
  if (saga.ended?.as === 'cancelled') causes.add(`cancelled/${saga.ended.reason ?? 'unknown'}`);
  for (const { undo, ended } of saga.units) if (undo && ended?.as === 'undone') causes.add(`undone/${undo.why}`);
  for (const { fact, step } of story.all) {
    const kind = definition.roles.get(fact)?.kind;
    if (kind === 'failed' || kind === 'untold') causes.add(`event/${fact}`);
    else if (fact === definition.says.opened) causes.add(`incident/${step ?? 'unknown'}`);
  }
  return causes;
};

/**
 * Adds what one saga counts for to the KPIs, by the hour in which it happened: by the time that an event carries, not by
 * the one at which it was heard, so that an hour in which the coordinator was away is not empty, and the next not full.
 * Follows from the saga and its history alone, so that counting it again gives the same; of the saga from its units and
 * its end, which change no more once it has ended (`ENDED` in `rollup-store.ts` builds on that).
 */
export const addSaga = (definition: SagaDefinition, saga: Saga, facts: readonly Fact[], into: Tallier): void => {
  const story = new Story(facts);
  const placed = story.when(definition.begins.with);
  if (placed !== undefined) into.count('placed', placed);
  for (const unit of saga.units) if (unit.birth !== undefined) tallyUnit(definition, story, unit, into);

  const pivot = definition.pivot && story.when(definition.step(definition.pivot).done);
  if (placed !== undefined && pivot) into.time('until-pivot', pivot, (pivot - placed) / 1_000);

  if (saga.ended) {
    const { completed, cancelled } = definition.says;
    const ended = story.when(saga.ended.as === 'completed' ? completed : cancelled) ?? Date.parse(saga.ended.at);
    into.count(saga.ended.as, ended);
    if (placed !== undefined && saga.ended.as === 'completed') into.time('cycle', ended, (ended - placed) / 1_000);
    const causes = causesOf(definition, saga, story);
    if (causes.size > 0) into.count('troubled', ended);
    for (const cause of causes) into.count(`cause/${cause}`, ended);
  }
};

/** What one saga adds to the KPIs, by hour. */
export const tallySaga = (definition: SagaDefinition, saga: Saga, facts: readonly Fact[]): TalliesByHour => {
  const into = new Tallier();
  addSaga(definition, saga, facts, into);
  return into.tallies;
};

/** The step that a saga has waited for longest, and since when; undefined once it has ended. */
export const longestWait = (saga: Saga): { readonly step: string; readonly since: string } | undefined => {
  if (saga.ended) return undefined;
  const waits = Object.entries(saga.waits)
    .map(([key, { since }]) => ({ step: stepOfKey(key), since }))
    // That a mail is still on its way holds nothing up.
    .filter(({ step }) => !isTelling(step));
  return waits.toSorted((a, b) => Date.parse(a.since) - Date.parse(b.since))[0];
};
