import { definitionOf, type EventDraft } from '@baton/contracts';
import { SpanKind } from '@opentelemetry/api';
import type { ClientBase } from 'pg';
import type { Moment } from '../api/moment.js';
import type { Loaded, Needs } from '../api/needs.js';
import { type Outcome, Refused, type Reply } from '../api/outcome.js';
import { IdentityMap, type StoreTables } from '../state/identity-map.js';
import type { Run } from '../state/store-table.js';
import { type MessageOutcome, pipelineMetrics } from '../telemetry/metrics.js';
import { beginSpan, fail } from '../telemetry/tracing.js';
import type { OutgoingRecord, PartitionOffset, TopicPartition } from '../transport/port.js';
import { decode, describeIssues, encode } from '../wire/cloud-events.js';
import { runOn } from './connection.js';
import { crashPoint } from './crash-points.js';
import { type EffectRow, insertEffects, type NewEffect, takeEffects } from './effect-rows.js';
import { backoff, DatabaseFault, reasonOf } from './errors.js';
import {
  deleteHeld,
  type HeldAgain,
  holdAgain,
  insertHeld,
  lockHeld,
  type NewHeld,
  parkedKeys,
} from './held-messages.js';
import { type InboxEntry, insertInbox, type NewInboxEntry, readInbox } from './inbox.js';
import type { CommandInput, HeldContent, Input, Message } from './inputs.js';
import { deleteOutbox, insertOutbox, type OutboxRow, readOutbox } from './outbox.js';
import { lockPositions, movePositions, partitionName } from './positions.js';
import { MessageParked, type Reactions } from './reactions.js';

/** How often a failing message is tried before it is dead, and the pauses between, milliseconds. */
export interface RetryPolicy {
  readonly tries: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/** What every unit of work of a service uses. */
export interface UnitOfWorkParts {
  readonly tables: StoreTables;
  readonly reactions: Reactions;
  readonly retry: RetryPolicy;
  /** ISO 8601. */
  readonly now: () => string;
}

/** What one unit of work is asked to do. */
export interface Assignment {
  /** Held messages come first, the others in the order in which they came. */
  readonly inputs: readonly Input[];
  readonly id: string;
  /** Where the consumer believes it stands, by partition. */
  readonly expected: ReadonlyMap<string, bigint>;
  /** Outbox rows that are published and can go. */
  readonly published: readonly string[];
  /** True if this outbox row need not be looked for: it is published, or queued before this one. */
  readonly isKnown: (outboxId: string) => boolean;
  /** The database refused what the only input's reaction asked for, with this error. */
  readonly condemned?: unknown;
}

/** What a committed unit of work leaves to be done outside of the database. */
export interface Committed {
  /** Outbox rows of others to publish first, so that the order of each key is kept. */
  readonly before: readonly OutboxRow[];
  /** Ids of outbox rows that were looked for: what is not in `before` was published. */
  readonly looked: Iterable<string>;
  readonly outbox: OutboxRow | undefined;
  readonly effects: readonly EffectRow[];
  /** Where the consumer stands now. */
  readonly positions: readonly PartitionOffset[];
  /** Partitions whose position lies behind what was delivered: the database was restored, begin again there. */
  readonly rewind: readonly PartitionOffset[];
  /** Answers for those who submitted commands. */
  readonly settle: readonly (() => void)[];
}

/**
 * One transaction for all messages that are at hand: lock and move positions, load all state in bulk, run the reactions
 * one after another in memory, save in bulk, commit. A reaction that throws leaves no trace; its message is held and
 * the rest goes on. Any error of the database ends the whole, and the caller decides what next.
 */
export class UnitOfWork {
  private readonly run: Run;
  private readonly map: IdentityMap;
  private readonly now: string;
  private readonly records: OutgoingRecord[] = [];
  private readonly effects: NewEffect[] = [];
  private readonly inbox: NewInboxEntry[] = [];
  private readonly held: NewHeld[] = [];
  private readonly again: HeldAgain[] = [];
  private readonly done: string[] = [];
  private readonly settle: (() => void)[] = [];
  /** Keys that were held up before this unit of work, and those that it holds up itself. */
  private parkedBefore: ReadonlySet<string> = new Set();
  private readonly parkedHere = new Set<string>();

  constructor(
    client: ClientBase,
    private readonly parts: UnitOfWorkParts,
    private readonly assignment: Assignment,
  ) {
    this.run = runOn(client);
    this.map = new IdentityMap(parts.tables, this.run);
    this.now = parts.now();
  }

  async execute(): Promise<Committed> {
    const { inputs } = this.assignment;
    for (const input of inputs) this.look(input);
    const begun = await this.begin();
    if (!('condemned' in this.assignment)) await this.prefetch(inputs);
    for (const input of inputs) await this.handle(input, begun);
    const outboxIds = new Set([...this.map.outboxIds()].filter((id) => !this.assignment.isKnown(id)));
    const before = outboxIds.size ? await readOutbox(this.run, [...outboxIds]) : [];
    const { positions, rewind } = this.positions(begun.positions);
    const outbox = this.records.length ? { id: this.assignment.id, records: this.records } : undefined;
    crashPoint('before-commit');
    const effects = await this.write(outbox, positions);
    return { before, looked: outboxIds, outbox, effects, positions, rewind, settle: this.settle };
  }

  private look(input: Input): void {
    if (input.kind === 'record') input.decoded ??= decode(input.record, this.parts.reactions.isHeard);
    if (input.kind === 'held' && input.content.kind === 'record') {
      input.decoded ??= decode(input.content.record, this.parts.reactions.isHeard);
    }
  }

  /** Everything that says which messages were handled already, in one round trip. */
  private async begin() {
    const { inputs } = this.assignment;
    const partitions = new Map<string, TopicPartition>();
    for (const input of inputs) {
      if (input.kind === 'record') partitions.set(partitionName(input.record), input.record);
    }
    const held = inputs.filter((input) => input.kind === 'held');
    const keys = new Set(inputs.map((input) => messageOf(input)?.key).filter((key) => key !== undefined));
    const [, positions, effects, inbox, live, parked] = await Promise.all([
      this.run('begin', []),
      lockPositions(this.run, [...partitions.values()]),
      takeEffects(this.run, inputs.flatMap((input) => (input.kind === 'effect' ? [input.effectId] : []))),
      readInbox(this.run, inputs.flatMap((input) => (input.kind === 'command' && input.inbox ? [input.inbox.id] : []))),
      lockHeld(this.run, held),
      parkedKeys(this.run, [...keys], held.map(({ heldId }) => heldId)),
    ]);
    this.parkedBefore = parked;
    return { positions, effects, inbox, held: live };
  }

  /** Loads the needs of all messages, in two stages; what a reaction needs besides is loaded when it runs. */
  private async prefetch(inputs: readonly Input[]): Promise<void> {
    const messages = inputs.map(messageOf).filter((message) => message !== undefined);
    const staged: { message: Message; first: Needs }[] = [];
    for (const message of messages) {
      const first = attempt(() => this.parts.reactions.of(message.name)?.first(message.body));
      if (first) staged.push({ message, first });
    }
    await this.map.fetch(staged.map(({ first }) => first));
    const second: Needs[] = [];
    for (const { message, first } of staged) {
      const reaction = this.parts.reactions.of(message.name);
      const needs = attempt(() => reaction?.second?.(message.body, this.map.resolve(first)));
      if (needs) second.push(needs);
    }
    if (second.length) await this.map.fetch(second);
  }

  private async handle(input: Input, begun: Awaited<ReturnType<UnitOfWork['begin']>>): Promise<void> {
    switch (input.kind) {
      case 'record': {
        const position = begun.positions.get(partitionName(input.record)) ?? 0n;
        if (input.record.offset < position) return this.count(input, 'repeated');
        if (position < this.expectedAt(input.record)) return;
        break;
      }
      case 'effect':
        if (!begun.effects.has(input.effectId)) return this.count(input, 'repeated');
        break;
      case 'held':
        if (!begun.held.has(input.heldId)) return this.count(input, 'repeated');
        break;
      case 'command': {
        const entry = input.inbox && (begun.inbox.get(input.inbox.id) ?? this.answeredHere(input.inbox.id));
        if (input.inbox && entry) return this.answerAgain(input, entry, input.inbox.fingerprint);
        break;
      }
    }
    const decoded = input.kind === 'record' || input.kind === 'held' ? input.decoded : undefined;
    if (decoded?.kind === 'unheard') return this.pass(input, 'unheard');
    if (decoded?.kind === 'refused') return this.bury(input, decoded.reason);
    const message = messageOf(input);
    if (!message) return;
    if (this.mustWait(input, message.key)) return this.park(input, message);
    await this.react(input, message);
  }

  private isParked(key: string): boolean {
    return this.parkedBefore.has(key) || this.parkedHere.has(key);
  }

  /** A held message was found to be next of its key; a command is answered now, whatever waits. */
  private mustWait(input: Input, key: string): boolean {
    if (input.kind === 'command') return false;
    return input.kind === 'held' ? this.parkedHere.has(key) : this.isParked(key);
  }

  private async react(input: Input, message: Message): Promise<void> {
    const { span, headers, within } = beginSpan(`react ${message.name}`, message.trace, SpanKind.CONSUMER, {
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.message.id': message.id,
      'baton.key': message.key,
    });
    try {
      if ('condemned' in this.assignment) throw this.assignment.condemned;
      const outcome = await within(() => this.outcomeOf(message));
      this.accept(outcome, headers);
      if (outcome.deadLetter !== undefined) this.bury(input, outcome.deadLetter);
      else this.pass(input, 'handled');
      if (input.kind === 'command') this.answer(input, outcome.reply ?? { body: undefined });
    } catch (error) {
      if (error instanceof DatabaseFault && !('condemned' in this.assignment)) throw error;
      fail(span, error);
      if (input.kind === 'command') this.settle.push(() => input.reject(error));
      else if (error instanceof Refused) this.bury(input, error.message);
      else await this.hold(input, message, error);
    } finally {
      span.end();
    }
  }

  private async outcomeOf(message: Message): Promise<Outcome> {
    const reaction = this.parts.reactions.of(message.name);
    if (!reaction) throw new Error(`Nothing reacts to ${message.name}.`);
    const first = reaction.first(message.body);
    if (!this.map.holds(first)) await this.map.fetch([first]);
    const found = this.map.resolve(first);
    const second = reaction.second?.(message.body, found);
    if (second && !this.map.holds(second)) await this.map.fetch([second]);
    const loaded: Loaded<Needs> = second ? { ...found, ...this.map.resolve(second) } : found;
    const moment: Moment = {
      now: this.now,
      unit: this.assignment.id,
      messageId: message.id,
      parked: this.isParked(message.key),
    };
    return reaction.call(message.body, { loaded, moment });
  }

  /** Takes an outcome over; what can fail comes first, so that a reaction leaves all of its traces or none. */
  private accept(outcome: Outcome, trace: Message['trace']): void {
    const records = (outcome.publish ?? []).map((draft) => this.record(draft, trace));
    this.map.apply(outcome.save ?? [], new Set(records.map(({ key }) => key)));
    this.records.push(...records);
    for (const { effect, key, payload } of outcome.effects ?? []) this.effects.push({ kind: effect, key, payload, trace });
  }

  private record(draft: EventDraft, trace: Message['trace']): OutgoingRecord {
    const valid = definitionOf(draft.name).schema.safeParse(draft.data);
    if (!valid.success) throw new Error(`A reaction said an invalid ${draft.name}: ${describeIssues(valid.error)}`);
    return encode(draft, this.now, trace);
  }

  private answer(input: CommandInput, reply: Reply): void {
    if (input.inbox) this.inbox.push({ ...input.inbox, reply });
    this.settle.push(() => input.resolve(reply));
  }

  private answerAgain(input: CommandInput, entry: InboxEntry, fingerprint: string): void {
    this.count(input, 'repeated');
    if (entry.fingerprint === fingerprint) {
      this.settle.push(() => input.resolve(entry.reply));
      return;
    }
    const detail = 'This Idempotency-Key was used for another request; a new request needs a key of its own.';
    this.settle.push(() => input.reject(new Refused(422, 'idempotency-key-reused', detail)));
  }

  private answeredHere(id: string): InboxEntry | undefined {
    return this.inbox.find((entry) => entry.id === id);
  }

  /** The message is done with; a held one loses its row. */
  private pass(input: Input, outcome: MessageOutcome): void {
    if (input.kind === 'held') this.done.push(input.heldId);
    this.count(input, outcome);
  }

  /** Puts a message aside for good that is wrong in itself, without holding up its key. */
  private bury(input: Input, reason: string): void {
    this.pass(input, 'refused');
    this.held.push({ ...this.describe(input), state: 'dead', parks: false, reason: reasonOf(reason), tries: 1 });
  }

  private park(input: Input, message: Message): void {
    this.count(input, 'parked');
    if (input.kind === 'held') return;
    const reason = `Waits behind a failed message of ${message.key}.`;
    this.held.push({ ...this.describe(input), state: 'parked', parks: true, reason, tries: 0 });
  }

  /** The reaction threw: the message is tried again alone, and its key waits. */
  private async hold(input: Input, message: Message, error: unknown): Promise<void> {
    const { tries: most, firstPauseMs, longestPauseMs } = this.parts.retry;
    const tries = (input.kind === 'held' ? input.tries : 0) + 1;
    const state = tries >= most ? 'dead' : 'retrying';
    const retryInMs = backoff(tries - 1, firstPauseMs, longestPauseMs);
    const reason = reasonOf(error);
    this.count(input, state);
    if (input.kind === 'held') this.again.push({ id: input.heldId, state, reason, tries, retryInMs });
    else this.held.push({ ...this.describe(input), state, parks: true, reason, tries, retryInMs });
    const first = !this.isParked(message.key) && tries === 1;
    this.parkedHere.add(message.key);
    if (first && this.parts.reactions.of(MessageParked.eventName)) await this.tellParked(input, message, reason);
  }

  private async tellParked(input: Input, message: Message, reason: string): Promise<void> {
    const { key, name, origin } = this.describe(input);
    const data = { key, message: name, origin, reason };
    const id = `parked/${origin}`;
    const notice: Message = { name: MessageParked.eventName, id, key, body: { id, data }, trace: message.trace };
    this.accept(await this.outcomeOf(notice), message.trace);
  }

  private describe(input: Input): Pick<NewHeld, 'key' | 'name' | 'origin' | 'content'> {
    const message = messageOf(input);
    const record = input.kind === 'record' ? input.record : contentRecord(input);
    const content: HeldContent = record
      ? { kind: 'record', record }
      : { kind: 'message', message: message ?? raise('A message without record has content.') };
    return {
      key: storable(message?.key ?? record?.key ?? ''),
      name: storable(message?.name ?? record?.headers.ce_type ?? 'unknown'),
      origin: record ? `${partitionName(record)}/${record.offset}` : `${input.kind} ${message?.id ?? ''}`,
      content,
    };
  }

  private expectedAt(record: TopicPartition): bigint {
    return this.assignment.expected.get(partitionName(record)) ?? 0n;
  }

  private positions(locked: ReadonlyMap<string, bigint>) {
    const moved = new Map<string, PartitionOffset>();
    const rewind = new Map<string, PartitionOffset>();
    for (const input of this.assignment.inputs) {
      if (input.kind !== 'record') continue;
      const { topic, partition, offset } = input.record;
      const name = partitionName(input.record);
      const position = locked.get(name) ?? 0n;
      if (position < this.expectedAt(input.record)) rewind.set(name, { topic, partition, offset: position });
      else {
        const next = offset + 1n > position ? offset + 1n : position;
        moved.set(name, { topic, partition, offset: next });
      }
    }
    return { positions: [...moved.values()], rewind: [...rewind.values()] };
  }

  /** All writes and the commit in one round trip: if one fails, Postgres rolls back, and its error is what is thrown. */
  private async write(outbox: OutboxRow | undefined, positions: readonly PartitionOffset[]): Promise<EffectRow[]> {
    const { run } = this;
    const writes = this.map.write(outbox?.id ?? null);
    if (positions.length) writes.push(movePositions(run, positions));
    if (outbox) writes.push(insertOutbox(run, outbox));
    if (this.assignment.published.length) writes.push(deleteOutbox(run, this.assignment.published));
    if (this.inbox.length) writes.push(insertInbox(run, this.inbox));
    if (this.held.length) writes.push(insertHeld(run, this.held));
    if (this.again.length) writes.push(holdAgain(run, this.again));
    if (this.done.length) writes.push(deleteHeld(run, this.done));
    const effects = this.effects.length ? insertEffects(run, this.effects) : Promise.resolve([]);
    const [saved] = await Promise.all([effects, ...writes, run('commit', [])]);
    return saved;
  }

  private count(input: Input, outcome: MessageOutcome): void {
    pipelineMetrics.messages.add(1, { name: messageOf(input)?.name ?? 'unheard', outcome });
  }
}

/** The message in an input, if it has one. */
export const messageOf = (input: Input): Message | undefined => {
  if (input.kind === 'command' || input.kind === 'effect') return input.message;
  if (input.kind === 'held' && input.content.kind === 'message') return input.content.message;
  const { decoded } = input;
  if (decoded?.kind !== 'event') return undefined;
  const { event, trace } = decoded;
  return { name: event.name, id: event.id, key: event.key, body: event, trace };
};

const contentRecord = (input: Input) =>
  input.kind === 'held' && input.content.kind === 'record' ? input.content.record : undefined;

/** Needs that cannot be told yet are told, or thrown for, when the reaction runs. */
const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

const storable = (text: string): string => text.replaceAll('\u0000', '\uFFFD').toWellFormed().slice(0, 200);

const raise = (message: string): never => {
  throw new Error(message);
};
