import type { Alternative, SagaPlan, Step } from './definition.js';

const quoted = (text: string): string => `"${text.replaceAll('"', '#quot;')}"`;

const stepNode = ({ name, participant, done, pivot }: Step): string => {
  const label = quoted(`${name}<br/><i>${participant}</i><br/>${done}`);
  return pivot ? `  ${name}{{${label}}}` : `  ${name}[${label}]`;
};

const outcome = ({ name, undo, leadsTo }: Alternative): readonly [target: string, label: string] => {
  const first = undo ? 'undo, then ' : '';
  if ('open' in leadsTo) return [`birth_${leadsTo.open}`, `${name}: ${first}a new one`];
  if ('cancel' in leadsTo) return ['cancelled', `${name}: ${first}cancel`];
  if ('nextAttempt' in leadsTo) return [leadsTo.nextAttempt, `${name}: next attempt`];
  return ['incident', name];
};

/**
 * A definition as a Mermaid flowchart: the forward path, what is tried when a step fails, and the order of undoing.
 * Made from the data alone, so that the picture cannot differ from what runs.
 */
export const drawSaga = (plan: SagaPlan): string => {
  const { begins, births, steps, undo, alternatives, says } = plan;
  const first = steps.find(({ after }) => !after?.length)?.name ?? '';
  const forward = steps.flatMap(({ name, after = [] }) => after.map((before) => `  ${before} --> ${name}`));
  const last = steps.filter(({ name }) => !steps.some(({ after }) => after?.includes(name)));
  const failures = alternatives.map((alternative) => {
    const [target, label] = outcome(alternative);
    return `  ${'step' in alternative.when ? alternative.when.step : 'wish'} -. ${quoted(label)} .-> ${target}`;
  });
  const undoing = undo.map((name) => {
    const asks = steps.find((step) => step.name === name)?.undo;
    return `    undo_${name}[${quoted(`undo ${name}<br/>${asks?.asks} → ${asks?.done}`)}]`;
  });
  return [
    'flowchart TD',
    ...Object.entries(births).map(
      ([name, { asks }]) => `  birth_${name}([${quoted(asks ?? begins.with)}]) --> ${first}`,
    ),
    ...steps.map(stepNode),
    ...forward,
    ...last.map(({ name }) => `  ${name} --> completed`),
    `  completed([${quoted(says.completed)}])`,
    `  cancelled([${quoted(says.cancelled)}])`,
    ...(failures.some((line) => line.endsWith(' incident')) ? [`  incident([${quoted(says.opened)}])`] : []),
    `  wish([${quoted(plan.wish.event)}])`,
    ...failures,
    `  subgraph undoing [${quoted('undoing, each waits for the one before')}]`,
    ...undoing,
    ...(undo.length > 1 ? [`    ${undo.map((name) => `undo_${name}`).join(' --> ')}`] : []),
    '  end',
    '',
  ].join('\n');
};
