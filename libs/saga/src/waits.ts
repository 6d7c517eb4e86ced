import type { Late, SagaDefinition, Step } from './definition.js';
import { isBeingUndone, underWay, undoing, wentOut } from './path.js';
import { hasEnded, type Saga, type Unit, waitKey } from './saga.js';

/**
 * Something that a saga waits for now. It follows from the facts; only its clock is kept. Each names all fields: it is made
 * on every visit, and objects of one shape are the cheaper ones.
 */
export interface Waiting {
  readonly key: string;
  /** 0 is the whole. */
  readonly unit: number;
  readonly step: string;
  /** Completes "… waits for". */
  readonly waitsFor: string;
  /** Milliseconds until the first deadline. */
  readonly within: number;
  /** What happens, one after another, each time that it is due. */
  readonly late: readonly Late[];
  /** How it can be asked for again. */
  readonly asks: 'birth' | 'step' | 'undo' | undefined;
  /** The request is repeated after each of these pauses until `deadline`; only then is it late. */
  readonly remind: { readonly every: number; readonly deadline: string } | undefined;
  /** Set when only a late event or a person can help, with the reason. */
  readonly stuck: string | undefined;
  readonly owner: string;
}

const BEGINNING = 'beginning';
const TELL = 'tell-';
/** The name, as a step, of telling somebody something. */
export const telling = (reason: string): string => `${TELL}${reason}`;
/** The reason in such a name. */
export const reasonTold = (step: string): string => step.slice(TELL.length);
export const isTelling = (step: string): boolean => step.startsWith(TELL);
/** The name, as a step, of undoing a step. */
export const undoOf = (step: string): string => `undo-${step}`;

export const stepUndoneBy = (name: string): string => name.slice('undo-'.length);

const NEVER: readonly Late[] = [];
const ASKING: readonly Late[] = ['ask-again', 'incident'];
const NOTICING: readonly Late[] = ['incident'];

const duration = ({ policy }: SagaDefinition, name: string): number => policy[name] ?? 0;

const withinOf = (definition: SagaDefinition, saga: Saga, { within }: Step): number => {
  if (within === undefined || typeof within === 'string') return duration(definition, within ?? '');
  const choice = within.is[String(saga.order?.[within.by])];
  // A value that the plan does not know gets the longest time that it knows.
  return choice === undefined
    ? Math.max(...Object.values(within.is).map((name) => duration(definition, name)))
    : duration(definition, choice);
};

/** Why a failed step waits for a person: its failure has no other alternative than an incident. */
const stuckBecause = ({ alternatives }: SagaDefinition, unit: Unit, step: string): string | undefined => {
  const failure = unit.steps[step]?.failed;
  if (failure === undefined) return undefined;
  const alternative = alternatives.find(({ when }) => 'step' in when && when.step === step && when.failure === failure);
  return alternative && 'incident' in alternative.leadsTo ? alternative.leadsTo.incident : undefined;
};

const forStep = (definition: SagaDefinition, saga: Saga, unit: Unit, step: Step): Waiting => {
  const birth = definition.births[unit.birth ?? ''];
  const isFirst = step.name === definition.firstStep;
  const asksForBirth = birth?.asks === undefined ? undefined : 'birth';
  const asksForStep = step.asks === undefined ? undefined : 'step';
  const deadline = isFirst ? unit.deadline : undefined;
  return {
    key: waitKey(unit.n, step.name),
    unit: unit.n,
    step: step.name,
    waitsFor: step.waitsFor,
    within: isFirst ? duration(definition, birth?.within ?? '') : withinOf(definition, saga, step),
    late: (isFirst ? birth?.late : step.late) ?? NEVER,
    asks: isFirst ? asksForBirth : asksForStep,
    remind: deadline === undefined ? undefined : { every: duration(definition, birth?.remind ?? ''), deadline },
    stuck: stuckBecause(definition, unit, step.name),
    owner: step.owner,
  };
};

const forUndo = (definition: SagaDefinition, unit: Unit): Waiting | undefined => {
  const name = undoing(definition, unit);
  const step = name === undefined ? undefined : definition.step(name);
  if (!step?.undo) return undefined;
  return {
    key: waitKey(unit.n, undoOf(step.name)),
    unit: unit.n,
    step: undoOf(step.name),
    waitsFor: step.undo.waitsFor,
    within: duration(definition, step.undo.within),
    late: ASKING,
    asks: 'undo',
    remind: undefined,
    stuck: undefined,
    owner: step.owner,
  };
};

const addForUnit = (all: Waiting[], definition: SagaDefinition, saga: Saga, unit: Unit): void => {
  if (unit.birth === undefined || unit.ended) return;
  if (isBeingUndone(unit)) {
    const undo = forUndo(definition, unit);
    if (undo) all.push(undo);
    // What went out goes on, whatever is asked: its lateness and its incidents are not settled by a wish.
    if (!wentOut(definition, unit)) return;
  }
  for (const step of underWay(definition, unit)) all.push(forStep(definition, saga, unit, step));
};

const addForTells = (all: Waiting[], { tells, policy }: SagaDefinition, saga: Saga): void => {
  for (const key in saga.tells) {
    const state = saga.tells[key];
    if (state === 'told') continue;
    const [unit = '0', reason = ''] = key.split('/');
    all.push({
      key: waitKey(Number(unit), telling(reason)),
      unit: Number(unit),
      step: telling(reason),
      waitsFor: `${tells.participant} to send the mail "${reason}"`,
      within: policy[tells.within] ?? 0,
      late: NOTICING,
      asks: undefined,
      remind: undefined,
      stuck: state === 'failed' ? `The mail "${reason}" was refused for good.` : undefined,
      owner: tells.owner,
    });
  }
};

const forBeginning = (definition: SagaDefinition): Waiting => {
  const { with: event, within, owner } = definition.begins;
  return {
    key: waitKey(0, BEGINNING),
    unit: 0,
    step: BEGINNING,
    waitsFor: `${event}, which has not come yet`,
    within: duration(definition, within),
    late: NOTICING,
    asks: undefined,
    remind: undefined,
    stuck: undefined,
    owner,
  };
};

/** All that a saga waits for now. After its end only telling can be late. */
export const waitingsOf = (definition: SagaDefinition, saga: Saga): readonly Waiting[] => {
  const all: Waiting[] = [];
  if (!hasEnded(saga)) {
    if (saga.begun === undefined) all.push(forBeginning(definition));
    else for (const unit of saga.units) addForUnit(all, definition, saga, unit);
  }
  addForTells(all, definition, saga);
  return all;
};
