import type { EventDraft } from '@baton/contracts';
import { definitionOf } from '@baton/contracts';
import { type Outcome, Refused, type Reply } from '../api/outcome.js';
import type { IdentityMap } from '../state/identity-map.js';
import type { Run } from '../state/rows.js';
import { type MessageOutcome, pipelineMetrics } from '../telemetry/metrics.js';
import type { Headers, OutgoingRecord } from '../transport/port.js';
import { describeIssues, encode, MAX_BODY_BYTES } from '../wire/cloud-events.js';
import { checkStorable, effectText, type NewEffect, type SavedEffect } from './effect.js';
import { insertBatch, type LockedBatches, packEffects } from './effect-batches.js';
import { deleteHeld, type HeldAgain, holdAgain, insertHeld, type NewHeld } from './held-messages.js';
import { type InboxEntry, insertInbox, type NewInboxEntry } from './inbox.js';
import type { CommandInput } from './inputs.js';
import { deleteOutbox, insertOutbox, type OutboxRow, packRecords } from './outbox.js';
import { type Moved, movePositions } from './positions.js';

/** What is written besides, when a unit of work is closed. */
export interface Closing {
  /** The unit of work's. */
  readonly id: string;
  readonly outbox: OutboxRow | undefined;
  readonly positions: readonly Moved[];
  /** Outbox rows that are published and can go. */
  readonly published: readonly string[];
  /** This process, which performs the effects. */
  readonly owner: string;
  /** Batches of effects that have answered. */
  readonly answered: LockedBatches;
}

const NOTHING: readonly never[] = [];

/** What one unit of work will write, besides its rows of state; gathered in memory, written in one round trip. */
export class Ledger {
  /** Answers for those who submitted commands, for after the commit. */
  readonly settle: (() => void)[] = [];
  readonly held: NewHeld[] = [];
  readonly again: HeldAgain[] = [];
  /** Patient messages that are awaited now. */
  readonly awaited = new Map<string, readonly string[]>();
  /** Held messages that are done with. */
  readonly done: string[] = [];
  private readonly records: OutgoingRecord[] = [];
  private readonly effects = new Map<string, NewEffect>();
  private readonly inbox: NewInboxEntry[] = [];
  /** By name of the message, then by outcome. */
  private readonly counts = new Map<string, Map<MessageOutcome, number>>();

  constructor(
    private readonly map: IdentityMap,
    private readonly now: string,
  ) {}

  /**
   * Takes an outcome over; what can fail comes first, so that a reaction leaves all of its marks or none.
   * @param key the message's: events of other orders are told in the traces of those
   * @param trace of the reaction
   */
  accept(outcome: Outcome, key: string, trace: Headers): void {
    const { publish = NOTHING, effects: drafts = NOTHING, save = NOTHING, awaits = NOTHING } = outcome;
    const records = publish.map((draft) => this.record(draft, this.traceFor(draft.key, key, trace)));
    const effects = drafts.map(
      ({ effect: kind, key, payload, atHand }): NewEffect => ({ kind, key, payload, trace, atHand }),
    );
    for (const effect of effects) checkStorable(effect);
    this.map.apply(save, records, trace);
    for (const record of records) this.records.push(record);
    if (awaits.length > 0) this.awaited.set(key, awaits);
    else this.awaited.delete(key);
    for (const effect of effects) {
      // Of two under one key, the first is saved.
      const text = effectText(effect);
      if (!this.effects.has(text)) this.effects.set(text, effect);
    }
  }

  answer(input: CommandInput, reply: Reply): void {
    if (input.inbox) this.inbox.push({ ...input.inbox, reply });
    this.settle.push(() => input.resolve(reply));
  }

  /** An answer that was given earlier in this unit of work. */
  answerOf(inboxId: string): InboxEntry | undefined {
    return this.inbox.find(({ id }) => id === inboxId);
  }

  /** The same request gets its answer again; another one under its key is refused. */
  answerAgain(input: CommandInput, entry: InboxEntry, fingerprint: string): void {
    if (entry.fingerprint === fingerprint) {
      this.settle.push(() => input.resolve(entry.reply));
      return;
    }
    const detail = 'This Idempotency-Key was used for another request; a new request needs a key of its own.';
    this.settle.push(() => input.reject(new Refused(422, 'idempotency-key-reused', detail)));
  }

  count(name: string, outcome: MessageOutcome): void {
    let ofName = this.counts.get(name);
    if (!ofName) this.counts.set(name, (ofName = new Map()));
    ofName.set(outcome, (ofName.get(outcome) ?? 0) + 1);
  }

  /** Adds what happened to the process' counters; called once it is committed. */
  report(): void {
    for (const [name, ofName] of this.counts) {
      for (const [outcome, count] of ofName) pipelineMetrics.messages.add(count, { name, outcome });
    }
  }

  /** What was put aside is tried again after its pause; what is done with lets the next of its key go on at once. */
  get heldSoonMs(): number | undefined {
    if (this.done.length > 0) return 0;
    const pauses = [...this.held, ...this.again].flatMap(({ retryInMs }) => retryInMs ?? []);
    return pauses.length > 0 ? Math.min(...pauses) : undefined;
  }

  /** The outbox row with all events, if there are any. */
  outbox(id: string): OutboxRow | undefined {
    return this.records.length > 0 ? { id, records: this.records } : undefined;
  }

  /**
   * Sends all writes and the commit in one round trip: if one fails, Postgres rolls back, and its error is what is
   * thrown.
   * @returns the effects that were saved, claimed by this process
   */
  async write(run: Run, closing: Closing): Promise<readonly SavedEffect[]> {
    const { id, outbox, positions, published, owner, answered } = closing;
    const effects = [...this.effects.values()];
    // First, so that nothing comes between the writes.
    const [records, batch] = await Promise.all([
      outbox && packRecords(outbox.records),
      effects.length > 0 ? packEffects(effects) : undefined,
    ]);
    const writes = this.map.write(outbox?.id ?? null);
    if (positions.length) writes.push(movePositions(run, positions));
    if (outbox && records) writes.push(insertOutbox(run, outbox.id, records, published));
    else if (published.length) writes.push(deleteOutbox(run, published));
    if (this.inbox.length) writes.push(insertInbox(run, this.inbox));
    if (this.held.length) writes.push(insertHeld(run, this.held));
    if (this.again.length) writes.push(holdAgain(run, this.again));
    if (this.done.length) writes.push(deleteHeld(run, this.done));
    if (batch) writes.push(insertBatch(run, { id, owner, effects }, batch));
    writes.push(...answered.save(run));
    await Promise.all([...writes, run('commit', [], 'commit')]);
    return effects.map((effect, index) => ({ ...effect, tries: 0, places: [{ batch: id, index }] }));
  }

  private traceFor(key: string, ownKey: string, trace: Headers): Headers {
    return (key === ownKey ? undefined : this.map.traceOf(key)) ?? trace;
  }

  private record(draft: EventDraft, trace: Headers): OutgoingRecord {
    const valid = definitionOf(draft.name).schema.safeParse(draft.data);
    if (!valid.success) throw new Error(`A reaction said an invalid ${draft.name}: ${describeIssues(valid.error)}`);
    const record = { ...encode({ ...draft, data: valid.data }, this.now, trace), isChecked: true };
    // Committed, it would be published in vain for ever, and everything after it would wait.
    if (record.value.length > MAX_BODY_BYTES) {
      throw new Error(
        `A reaction said a ${draft.name} of ${record.value.length} bytes; at most ${MAX_BODY_BYTES} are read.`,
      );
    }
    return record;
  }
}
