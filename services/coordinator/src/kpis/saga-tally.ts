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

/** A beginning, a hearing, an ending: facts of one saga in the order in which they happened, and where to find them. */
class Story {
  private readonly facts: readonly (Fact & { readonly ms: number })[];

  constructor(facts: readonly Fact[]) {
    this.facts = facts.map((fact) => ({ ...fact, ms: Date.parse(fact.at) })).toSorted((a, b) => a.ms - b.ms);
  }

  first(name: string | undefined, unit?: number) {
    return this.facts.find(({ fact, unit: of }) => fact === name && (unit === undefined || (of ?? 0) === unit));
  }

  get all() {
    return this.facts;
  }
}

/** The wait of a unit that was born to wait goes by the name of its birth: it lasts days where reserving takes seconds. */
const waitOf = (definition: SagaDefinition, { birth = '' }: Unit): string | undefined =>
  definition.births[birth]?.remind === undefined ? undefined : birth;

const bornAt = (definition: SagaDefinition, story: Story, { birth = '', n }: Unit): number | undefined => {
  const asks = definition.births[birth]?.asks;
  return (asks === undefined ? story.first(definition.begins.with) : story.first(asks, n))?.ms;
};

const tallyUnit = (definition: SagaDefinition, story: Story, unit: Unit, into: Tallier): void => {
  const doneAt = (step: string): number | undefined => story.first(definition.step(step).done, unit.n)?.ms;
  const wait = waitOf(definition, unit);
  const born = bornAt(definition, story, unit);
  if (wait !== undefined && born !== undefined) into.count('waited', born);
  for (const { name, after, done } of definition.steps) {
    const said = story.first(done, unit.n);
    if (!said) continue;
    into.count(`done/${name}`, said.ms);
    if (name === definition.pivot) into.count(`carrier/${said.note ?? 'unknown'}`, said.ms);
    const begun = after ? after.map(doneAt) : [born];
    // A step whose beginning was never heard has no length.
    if (begun.some((each) => each === undefined)) continue;
    const since = Math.max(...begun.map(Number));
    into.time(`step/${after ? name : (wait ?? name)}`, said.ms, (said.ms - since) / 1_000);
  }
};

const causesOf = (definition: SagaDefinition, saga: Saga, story: Story): ReadonlySet<string> => {
  const heard = story.all.flatMap(({ fact, step }) => {
    const kind = definition.roles.get(fact)?.kind;
    if (kind === 'failed' || kind === 'untold') return [`event/${fact}`];
    return fact === definition.says.opened ? [`incident/${step ?? 'unknown'}`] : [];
  });
  const undone = saga.units.flatMap(({ undo, ended }) =>
    undo && ended?.as === 'undone' ? [`undone/${undo.why}`] : [],
  );
  const cancelled = saga.ended?.as === 'cancelled' ? [`cancelled/${saga.ended.reason ?? 'unknown'}`] : [];
  return new Set([...cancelled, ...undone, ...heard]);
};

/**
 * What one saga adds to the KPIs, by the hour in which it happened: by the time that an event carries, not by the one at
 * which it was heard, so that an hour in which the coordinator was away is not empty, and the next not full. Follows
 * from the saga and its history alone, so that counting it again gives the same.
 */
export const tallySaga = (definition: SagaDefinition, saga: Saga, facts: readonly Fact[]): TalliesByHour => {
  const story = new Story(facts);
  const into = new Tallier();
  const placed = story.first(definition.begins.with);
  if (placed) into.count('placed', placed.ms);
  for (const unit of saga.units) if (unit.birth !== undefined) tallyUnit(definition, story, unit, into);

  const pivot = definition.pivot && story.first(definition.step(definition.pivot).done);
  if (placed && pivot) into.time('until-pivot', pivot.ms, (pivot.ms - placed.ms) / 1_000);

  if (saga.ended) {
    const { completed, cancelled } = definition.says;
    const ended = story.first(saga.ended.as === 'completed' ? completed : cancelled)?.ms ?? Date.parse(saga.ended.at);
    into.count(saga.ended.as, ended);
    if (placed && saga.ended.as === 'completed') into.time('cycle', ended, (ended - placed.ms) / 1_000);
    const causes = causesOf(definition, saga, story);
    if (causes.size > 0) into.count('troubled', ended);
    for (const cause of causes) into.count(`cause/${cause}`, ended);
  }
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
