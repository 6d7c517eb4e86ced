import type { Event, EventDraft } from '@baton/contracts';
import { type CommandDefinition, type EffectDraft, MessageParked, type Outcome, Refused } from '@baton/messaging';
import type { z } from 'zod';
import type { MemoryService, Named } from './memory-service.js';

/** What waits to be published: the events of one unit of work. */
export interface OutboxRow {
  readonly events: readonly Event[];
}

interface Waiting extends Named {
  readonly key: string;
}

/** A message that was put aside for good, until an operator tries it again. */
export interface DeadLetter {
  readonly message: Waiting;
  readonly reason: string;
}

const replace = <Key, Value>(map: Map<Key, Value>, entries: readonly (readonly [Key, Value])[]): void => {
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
};

/**
 * One service in the simulation: its reactions and tables, and around them what the pipeline keeps for it: the outbox,
 * effects to perform, and messages that wait behind a failed one of their key.
 */
export class Process {
  readonly outbox: OutboxRow[] = [];
  readonly effects = new Map<string, EffectDraft>();
  readonly parked = new Map<string, readonly Waiting[]>();
  readonly deadLetters: DeadLetter[] = [];
  /** Every effect that was ever asked for. */
  private readonly asked = new Set<string>();
  private units = 0;

  constructor(
    readonly service: MemoryService,
    private readonly now: () => string,
    private readonly committed: (process: Process, message: string, outcome: Outcome) => void,
  ) {}

  get name(): string {
    return this.service.name;
  }

  /** An event arrives; behind a failed one of its key it waits. */
  hear(event: Event, fails: boolean): void {
    this.take({ name: event.name, id: event.id, key: event.key, message: event }, fails);
  }

  /** An effect was answered. */
  answered({ effect, key, payload }: EffectDraft, result: unknown, fails: boolean): void {
    this.effects.delete(`${effect}/${key}`);
    const orderId = String((payload as { readonly orderId?: string }).orderId ?? '');
    this.take({ name: `${effect}.result`, id: key, key: orderId, message: { key, payload, result, tries: 1 } }, fails);
  }

  /** A command, as a person or a deadline submits it. A refusal is told to them and changes nothing. */
  submit<Schema extends z.ZodType>(definition: CommandDefinition<Schema>, data: z.input<Schema>, id: string): void {
    const parsed = definition.schema.parse(data);
    const key = definition.keyOf(parsed);
    try {
      this.handle({ name: definition.eventName, id, key, message: { id, data: parsed } });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** What failed first of a key is tried again. Those that wait behind it follow one after another. */
  retry(key: string): void {
    const first = this.behindNext(key);
    if (first) this.handle(first);
  }

  /** An operator gives up what failed first of a key; those that wait behind it follow. */
  discard(key: string): void {
    this.behindNext(key);
  }

  /** An operator tries a message again that was put aside. */
  redrive(letter: DeadLetter): void {
    this.deadLetters.splice(this.deadLetters.indexOf(letter), 1);
    this.handle(letter.message);
  }

  /** Backs up its database; what it returns puts that back. */
  backUp(): () => void {
    const restoreTables = this.service.backUp();
    const [outbox, deadLetters, effects] = [[...this.outbox], [...this.deadLetters], [...this.effects]];
    const [parked, asked] = [[...this.parked], [...this.asked]];
    return () => {
      restoreTables();
      this.outbox.splice(0, Number.POSITIVE_INFINITY, ...outbox);
      this.deadLetters.splice(0, Number.POSITIVE_INFINITY, ...deadLetters);
      replace(this.effects, effects);
      replace(this.parked, parked);
      this.asked.clear();
      for (const key of asked) this.asked.add(key);
    };
  }

  /** Takes away what failed first of a key. */
  private behindNext(key: string): Waiting | undefined {
    const [first, ...behind] = this.parked.get(key) ?? [];
    if (behind.length > 0) this.parked.set(key, behind);
    else this.parked.delete(key);
    return first;
  }

  private take(message: Waiting, fails: boolean): void {
    const waiting = this.parked.get(message.key);
    if (!waiting && !fails) return this.handle(message);
    this.parked.set(message.key, [...(waiting ?? []), message]);
    if (!waiting && this.service.reactsTo(MessageParked.eventName)) {
      const data = { key: message.key, message: message.name, origin: 'a topic', reason: 'It failed once.' };
      this.submit(MessageParked, data, `parked/${message.id}`);
    }
  }

  private handle(message: Waiting): void {
    const { key, ...named } = message;
    this.units += 1;
    const now = this.now();
    const moment = { now, unit: String(this.units), messageId: named.id, parked: this.parked.has(key) };
    const outcome = this.service.handle(named, moment);
    const events = (outcome.publish ?? []).map((draft: EventDraft): Event => ({ ...draft, time: now }));
    if (events.length > 0) this.outbox.push({ events });
    for (const effect of outcome.effects ?? []) this.ask(effect);
    if (outcome.deadLetter !== undefined) this.deadLetters.push({ message, reason: outcome.deadLetter });
    this.committed(this, named.name, outcome);
  }

  private ask(effect: EffectDraft): void {
    const key = `${effect.effect}/${effect.key}`;
    if (this.asked.has(key)) throw new Error(`${this.name} asked for the effect ${key} twice.`);
    this.asked.add(key);
    this.effects.set(key, effect);
  }
}
