import { Definitions, Sagas } from '@baton/coordinator';
import type { EventDraft } from '@baton/contracts';
import { type OrderRecord, Orders, orderStatuses } from '@baton/orders';
import { explain, MESSAGES } from '@baton/saga';
import { must } from './promise.js';
import type { World } from './world.js';

const definitions = new Definitions();

const rank = ({ status }: OrderRecord): number => orderStatuses.indexOf(status);
const isEnd = ({ status }: OrderRecord): boolean => status === 'completed' || status === 'cancelled';

/** The customer's status only rises, and an end stays. Remembers what it saw. */
export class StatusWatch {
  private readonly seen = new Map<string, OrderRecord>();

  check(world: World): void {
    for (const row of world.orders.service.rows(Orders)) {
      const before = this.seen.get(row.orderId);
      if (before === row) continue;
      must(!before || rank(row) >= rank(before), 'A status never falls.', `${before?.status} → ${row.status}`);
      must(!before || !isEnd(before) || before.status === row.status, 'An end status never changes.', row.orderId);
      this.seen.set(row.orderId, row);
    }
  }
}

const SENTENCE = /^[A-Z].*[ (]since \d{4}-\d\d-\d\d \d\d:\d\d UTC.*(until|incident|due by).*\.$/;
const END = /^(Completed|Cancelled) on \d{4}-\d\d-\d\d \d\d:\d\d UTC: .+\.$/;
const ABOUT_MESSAGES = /^[A-Z].*an incident is with .*\.$/;

/** Every state that a saga gets into can be told in a sentence, and has a deadline, an incident, or an end. */
export class SentenceWatch {
  private readonly seen = new WeakSet<object>();
  readonly sentences = new Set<string>();

  check(world: World): void {
    for (const { definition, version, orderId, state, dueAt } of world.coordinator.service.rows(Sagas)) {
      const isToldOf = !world.coordinator.parked.has(orderId) || state.incidents?.some(({ step }) => step === MESSAGES);
      must(isToldOf === true, 'A message that waits behind a failed one is an incident.', orderId);
      if (this.seen.has(state)) continue;
      this.seen.add(state);
      const sentence = explain(definitions.of(definition, version), state, world.now);
      this.sentences.add(sentence);
      const pattern = state.ended ? END : SENTENCE;
      must(
        pattern.test(sentence) || ABOUT_MESSAGES.test(sentence),
        'Every state can be told in one sentence.',
        sentence,
      );
      const watched = dueAt !== null || state.ended !== undefined || (state.incidents?.length ?? 0) > 0;
      must(watched, 'Nothing is waited for without a deadline or an incident.', state);
      must(JSON.stringify(JSON.parse(JSON.stringify(state))) === JSON.stringify(state), 'A state is plain JSON.');
    }
  }
}

/** While a message of an order waits behind a failed one, its deadlines only open an incident. */
export const checkPatience = ({ coordinator }: World, message: string, said: readonly EventDraft[]): void => {
  if (message !== 'DeadlineDue') return;
  const hasty = said.filter(({ name, key }) => coordinator.parked.has(key) && !name.startsWith('Incident'));
  must(hasty.length === 0, 'While a message waits, a deadline only opens an incident.', hasty);
};

/** An event that is said again has the content that it had, and a wish to cancel hears one thing. */
export class WordWatch {
  private readonly said = new Map<string, string>();
  private count = 0;
  /** Which of all that was said came last, by its id. */
  private readonly last = new Map<string, number>();

  check({ name, id, key, data }: EventDraft, { wasRestored }: World): void {
    const content = JSON.stringify(data);
    const before = this.said.get(id) ?? content;
    must(
      before === content || wasRestored,
      'What is said again has the same content.',
      `${id}: ${before} → ${content}`,
    );
    this.said.set(id, content);
    // A wish that is asked for again needs no other answer.
    if (name !== 'OrderCancellationRequested' || !this.last.has(id)) this.last.set(id, (this.count += 1));
    const both = this.last.has(cancelled(key)) && this.last.has(refused(key, 1));
    must(!both || wasRestored, 'No cancellation is both refused and reported.', key);
  }

  /** Whether a wish was refused, or the order said to be cancelled after it. */
  isAnswered(orderId: string, wish: number): boolean {
    const asked = this.last.get(`${orderId}/0/OrderCancellationRequested/1/${wish}`) ?? 0;
    return this.last.has(refused(orderId, wish)) || (this.last.get(cancelled(orderId)) ?? 0) > asked;
  }
}

const cancelled = (orderId: string): string => `${orderId}/0/FulfilmentCancelled/1`;
const refused = (orderId: string, wish: number): string => `${orderId}/0/CancellationRefused/1/${wish}`;
