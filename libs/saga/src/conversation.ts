import { definitionOf, type EventDefinition, type EventDraft } from '@baton/contracts';
import { dueAtOf } from './clocks.js';
import type { SagaDefinition } from './definition.js';
import { explain } from './explain.js';
import type { Heard } from './facts.js';
import { type At, type Message, react } from './react.js';
import type { Fact, Saga } from './saga.js';
import { later } from './time.js';

type DataOf<D> = D extends EventDefinition<string, infer Schema> ? Schema['_zod']['output'] : never;

/**
 * A saga in a test, as a conversation: `hears` an event, `waits` some time, and what it `said` since it was last asked.
 * Every event that it says is checked against its contract. Time stands still but for `waits`.
 */
export class Conversation {
  saga: Saga | undefined;
  readonly history: Fact[] = [];
  /** Every state that it went through. */
  readonly states: Saga[] = [];
  #said: EventDraft[] = [];

  constructor(
    readonly definition: SagaDefinition,
    public now = '2026-11-24T09:00:00.000Z',
  ) {}

  /** Hears an event, made by its contract. */
  hears<D extends EventDefinition>(event: D, data: DataOf<D>): this {
    const draft = event(event.schema.parse(data));
    return this.handles({ kind: 'event', event: { ...draft, time: this.now } as Heard });
  }

  /** Hears an event that somebody published. */
  hearsDraft(draft: EventDraft): this {
    return this.handles({ kind: 'event', event: { ...draft, time: this.now } as Heard });
  }

  handles(message: Message, at: Partial<At> = {}): this {
    const reaction = react(this.definition, this.saga, message, { now: this.now, ...at });
    for (const draft of reaction.publish) definitionOf(draft.name).schema.parse(draft.data);
    this.saga = reaction.saga;
    if (reaction.saga) this.states.push(reaction.saga);
    this.history.push(...reaction.facts);
    this.#said.push(...reaction.publish);
    return this;
  }

  /** Time passes, and every deadline in it is handled when it is due. */
  waits(milliseconds: number, at: Partial<At> = {}): this {
    const end = later(this.now, milliseconds);
    for (;;) {
      const due = this.saga && dueAtOf(this.saga);
      if (due === undefined || Date.parse(due) > Date.parse(end)) break;
      // What stood still may be due since before.
      if (Date.parse(due) > Date.parse(this.now)) this.now = due;
      this.handles({ kind: 'due' }, at);
    }
    this.now = end;
    return this;
  }

  /** Names of what it said since this was last asked. */
  said(): readonly string[] {
    return this.takes().map(({ name }) => name);
  }

  /** What it said since this was last asked. */
  takes(): readonly EventDraft[] {
    const said = this.#said;
    this.#said = [];
    return said;
  }

  get sentence(): string {
    return this.saga ? explain(this.definition, this.saga, this.now) : '';
  }
}
