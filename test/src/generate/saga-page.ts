import { CONTINUED_EVERY_DAYS } from '@baton/contracts';
import type { Alternative, Birth, Failure, Late, SagaPlan, Step } from '@baton/saga';
import { drawSaga, pause } from '@baton/saga';
import { code, page, table, writtenBy } from './markdown.js';

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `1 day`, `15 minutes`: in the largest unit that fits without a rest. */
const durationText = (milliseconds: number): string => {
  const [name, size] = UNITS.find(([, unit]) => milliseconds % unit === 0) ?? ['millisecond', 1];
  const count = milliseconds / size;
  return `${count} ${name}${count === 1 ? '' : 's'}`;
};

/** `every day`, `every 6 hours`. */
const everyText = (milliseconds: number): string => `every ${durationText(milliseconds).replace(/^1 /, '')}`;

const eventLink = (name: string): string => `[${name}](events.md#${name.toLowerCase()})`;

const lateText = (late: Late): string => {
  if (typeof late === 'object') return `counts as failed (${code(late.fails)})`;
  return { delay: 'tell the customer of a delay', 'ask-again': 'ask again', incident: 'open an incident' }[late];
};
const lates = (late: readonly Late[] = []): string => late.map(lateText).join(', then ') || '—';

const failureText = ({ event, where, as, ends }: Failure): string => {
  const condition =
    where === undefined
      ? ''
      : 'empty' in where
        ? ` with an empty ${code(where.empty)}`
        : ` with ${code(where.field)} ${String(where.is)}`;
  return `${eventLink(event)}${condition}: ${code(as)}${ends ? ', nothing is left to undo' : ''}`;
};

const withinText = ({ policy }: SagaPlan, within: Step['within']): string => {
  if (within === undefined) return "the birth's";
  if (typeof within === 'string') return durationText(policy[within] ?? 0);
  const choices = Object.entries(within.is).map(([value, name]) => `${value} ${durationText(policy[name] ?? 0)}`);
  return `by ${code(within.by)}: ${choices.join(', ')}`;
};

const stepRow = (plan: SagaPlan, step: Step): readonly string[] => [
  `**${step.name}**${step.pivot ? ' (the pivot)' : ''}`,
  step.participant,
  step.after?.join(', ') ?? '—',
  [step.begun, step.done].flatMap((event) => (event === undefined ? [] : [eventLink(event)])).join(', '),
  step.cannot?.map(failureText).join('; ') ?? '—',
  withinText(plan, step.within),
  lates(step.late),
  step.owner,
];

const birthRow = ({ policy, begins }: SagaPlan, [name, birth]: readonly [string, Birth]): readonly string[] => [
  code(name),
  eventLink(birth.asks ?? begins.with),
  durationText(policy[birth.within] ?? 0),
  `${birth.remind === undefined ? '' : `asked for again ${everyText(policy[birth.remind] ?? 0)}; then `}${lates(birth.late)}`,
];

const whenText = ({ when }: Alternative): string => {
  if ('wished' in when) return 'the customer wishes to cancel';
  const order = Object.entries(when.order ?? {}).map(([field, value]) => ` and the order's ${code(field)} is ${value}`);
  return `${when.step} fails as ${code(when.failure)}${order.join('')}`;
};

const leadsText = ({ leadsTo }: Alternative): string => {
  if ('open' in leadsTo) {
    const told = leadsTo.delay === undefined ? '' : `; the customer is told (${code(leadsTo.delay)})`;
    return `a new shipment (${code(leadsTo.open)})${told}`;
  }
  if ('cancel' in leadsTo) return `the order is cancelled: “${leadsTo.cancel}”`;
  if ('nextAttempt' in leadsTo) {
    return `the next attempt of ${leadsTo.nextAttempt}, with a ${leadsTo.choose} of ${code(leadsTo.from)}`;
  }
  return `an incident: “${leadsTo.incident}”`;
};

/** The pauses before a request is asked again, and the one before the incident. */
const pausesText = (plan: SagaPlan, within: string): readonly [again: string, incident: string] => {
  const text = (n: number): string => durationText(pause(plan, plan.policy[within] ?? 0, n));
  return [Array.from({ length: plan.patience.asks }, (_, n) => text(n)).join(', '), text(plan.patience.asks)];
};

const undoRows = (plan: SagaPlan): readonly (readonly string[])[] =>
  plan.undo.flatMap((name) => {
    const step = plan.steps.find((each) => each.name === name);
    if (!step?.undo) return [];
    const { asks, done, refused, within } = step.undo;
    const answers = [eventLink(done), refused ? eventLink(refused) : '—'];
    return [[name, step.participant, eventLink(asks), ...answers, ...pausesText(plan, within)]];
  });

const adoptText = ({ adopts }: SagaPlan): readonly string[] =>
  adopts === undefined
    ? []
    : [
        `A shipment of which something is heard and whose birth is not known (the coordinator's database was restored to a moment
before its request) is taken for ${code(adopts)} once all others are over: it is undone or waited for before the order
ends.`,
      ];

const continuedText = ({ says }: SagaPlan): string =>
  says.continued === undefined
    ? ''
    : `
- While it takes long, says ${eventLink(says.continued)} every ${CONTINUED_EVERY_DAYS} days, so that others keep what they have of it.`;

/** The reference page of one saga definition, from the definition alone. */
export const sagaPage = (plan: SagaPlan, source: string): string => {
  const { begins, patience, policy, tells, wish, says, steps, births, alternatives } = plan;
  return page([
    `# The saga ${plan.name}, version ${plan.version}`,
    writtenBy('saga-page.ts', source),
    plan.doc,
    `What follows is the definition that runs, [\`${source.split('/').at(-1) ?? source}\`](../../${source}): who does each step, by
when, and what is done when it fails or is late. Participants react to each other's events; the coordinator speaks only
where this page names a request.`,
    `\`\`\`mermaid\n${drawSaga(plan)}\`\`\``,
    '## Beginning and end',
    `- Begins with ${eventLink(begins.with)}, of which it keeps ${begins.keeps.map(code).join(', ')}. Another event may be
  heard first; if ${begins.with} is not there after ${durationText(policy[begins.within] ?? 0)}, that is an incident of ${begins.owner}. Says ${eventLink(begins.says)}.
- Ends with ${eventLink(says.completed)} when something was dispatched, else with ${eventLink(says.cancelled)}.${continuedText(plan)}`,
    '## Steps',
    'Steps whose predecessors are all done run at the same time. After the pivot there is only a way forward.',
    table(
      ['step', 'who', 'after', 'says', 'cannot', 'within', 'when late', "incident's owner"],
      steps.map((step) => stepRow(plan, step)),
    ),
    '## How a shipment comes into being',
    table(
      ['birth', 'by', 'its first step has', 'when late'],
      Object.entries(births).map((birth) => birthRow(plan, birth)),
    ),
    ...adoptText(plan),
    '## Undoing a shipment',
    'In this order; each waits for the answer of the one before.',
    table(
      ['step', 'who', 'asked by', 'answers', 'or refuses', 'asked again after', 'then an incident after'],
      undoRows(plan),
    ),
    `A request that is not answered is asked again after these pauses, one after another, and then is an incident, due in
${durationText(policy[patience.incident] ?? 0)}. It is still asked again, with pauses that double up to ${durationText(policy[patience.longestPause] ?? 0)} or stay as they are where they are
longer. It is never reported as success. Until the first answer it is not known whether the shipment goes on, so the
clocks of its steps stand still and their incidents stay open; after a refusal they go on.`,
    '## Alternatives',
    'When several fit, the first one counts.',
    table(
      ['alternative', 'when', 'undone first', 'leads to'],
      alternatives.map((each) => [code(each.name), whenText(each), each.undo ? 'yes' : 'no', leadsText(each)]),
    ),
    `A wish to cancel (${eventLink(wish.event)}) after something was dispatched is answered with ${eventLink(wish.refused)}.`,
    '## Telling the customer',
    `By ${tells.participant}, within ${durationText(policy[tells.within] ?? 0)} each; ${eventLink(tells.cannot)} is an incident of ${tells.owner}, never an undo.`,
    table(
      ['after', 'mail'],
      Object.entries(tells.on).map(([event, reason]) => [eventLink(event), code(reason)]),
    ),
    '## Durations',
    'For demonstrations the setting [`COORDINATOR_POLICY`](settings.md#coordinator) replaces them by name.',
    table(
      ['name', 'duration'],
      Object.entries(policy).map(([name, milliseconds]) => [code(name), durationText(milliseconds)]),
    ),
  ]);
};
