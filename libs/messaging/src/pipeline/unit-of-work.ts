import { type Span, SpanKind } from '@opentelemetry/api';
import type { ClientBase } from 'pg';
import type { Moment } from '../api/moment.js';
import type { Loaded, Needs } from '../api/needs.js';
import { type Outcome, Refused } from '../api/outcome.js';
import { IdentityMap } from '../state/identity-map.js';
import type { Run } from '../state/rows.js';
import type { MessageOutcome } from '../telemetry/metrics.js';
import { reactionAttributes, tellTrouble, traceParked, traceRefusal } from '../telemetry/trouble.js';
import { beginSpan, fail, linkTo, type Traced, unseenSpan } from '../telemetry/tracing.js';
import type { Headers } from '../transport/port.js';
import { isHandled } from './ahead.js';
import { runOn } from './connection.js';
import { crashPoint } from './crash-points.js';
import { placeText } from './effect.js';
import { DatabaseFault } from './errors.js';
import { begin, type HandledBefore } from './handled-before.js';
import {
  buried,
  describe,
  type Failed,
  failed,
  heldAgain,
  heldAnew,
  parkedAgain,
  tellFailure,
  tellUntold,
  waitingBehind,
} from './holding.js';
import { type Input, look, type Message, messageOf } from './inputs.js';
import { Ledger } from './ledger.js';
import { Loading } from './loading.js';
import { isBehind, movedPositions, standingOf } from './moved-positions.js';
import { readOutbox } from './outbox.js';
import { MessageParked } from './reactions.js';
import type { Committed, Task, UnitOfWorkParts } from './task.js';

/** One message that is handled now. */
interface Turn {
  readonly input: Input;
  readonly message: Message;
  readonly before: HandledBefore;
}

type Found = { readonly loaded: Loaded<Needs> } | { readonly failure: unknown };

/**
 * One transaction for all messages that are at hand: lock and move positions, load all state in bulk, run the reactions
 * one after another in memory, save in bulk, commit. A reaction that throws leaves no trace; its message is held and
 * the rest goes on. Any error of the database ends the whole, and the caller decides what next.
 */
export class UnitOfWork {
  private readonly run: Run;
  private readonly map: IdentityMap;
  private readonly ledger: Ledger;
  private readonly now: string;
  private readonly loading: Loading;
  /** Keys that this unit of work begins to hold up. */
  private readonly parkedHere = new Set<string>();

  constructor(
    client: ClientBase,
    private readonly parts: UnitOfWorkParts,
    private readonly task: Task,
  ) {
    this.run = runOn(client);
    this.map = new IdentityMap(parts.tables, this.run);
    this.loading = new Loading(this.map, parts.reactions);
    this.now = parts.now();
    this.ledger = new Ledger(this.map, this.now);
  }

  async execute(): Promise<Committed> {
    const { inputs, id, isKnown, published } = this.task;
    for (const input of inputs) look(input, this.parts.reactions.isHeard);
    // One round trip: positions are locked before rows, because the statements are run in the order of their sending.
    const isCondemned = 'condemned' in this.task;
    const [before] = await Promise.all([
      begin(this.run, inputs),
      isCondemned ? undefined : this.loading.prefetch(inputs),
    ]);
    if (!isCondemned) await this.loading.prefetchSecond();
    for (const input of inputs) {
      const pending = this.handle(input, before);
      if (pending) await pending;
    }

    const looked = new Set([...this.map.outboxIds()].filter((outboxId) => !isKnown(outboxId)));
    const found = looked.size > 0 ? await readOutbox(this.run, [...looked]) : [];
    // Those among the older ones that are known are published, or queued before.
    const unpublished = found.filter((row) => !isKnown(row.id));
    const { positions, rewind } = movedPositions(this.task, before.positions);
    const outbox = this.ledger.outbox(id);
    crashPoint('before-commit');
    const { owner } = this.parts;
    const answered = before.effects.batches;
    const effects = await this.ledger.write(this.run, { id, outbox, positions, published, owner, answered });
    this.ledger.report();
    const { settle, awaited } = this.ledger;
    return {
      before: unpublished,
      looked,
      outbox,
      effects,
      positions,
      rewind,
      settle,
      awaited,
      heldSoonMs: this.ledger.heldSoonMs,
    };
  }

  /** A promise only where something has to be waited for; nearly all messages are handled in one turn, without any. */
  private handle(input: Input, before: HandledBefore): Promise<void> | undefined {
    if (this.isRepeated(input, before)) this.count(input, 'repeated');
    else if (input.kind !== 'record' || !isBehind(input.record, this.task, before.positions))
      return this.take(input, before);
    return undefined;
  }

  private take(input: Input, before: HandledBefore): Promise<void> | undefined {
    const decoded = input.kind === 'record' || input.kind === 'held' ? input.decoded : undefined;
    const message = messageOf(input);
    if (decoded?.kind === 'unheard') this.pass(input, 'unheard');
    else if (decoded?.kind === 'refused') {
      this.ledger.settle.push(() => traceRefusal(this.parts.service, describe(input), decoded.trace));
      this.bury(input, decoded.reason);
    } else if (message && this.mustWait(input, message.key, before)) this.park(input, message);
    else if (message) return this.react({ input, message, before });
    return undefined;
  }

  /** Whether it was handled already; a repeated command is answered again. */
  private isRepeated(input: Input, before: HandledBefore): boolean {
    switch (input.kind) {
      case 'record':
        return isHandled(standingOf(input.record, before.positions), input.record.offset);
      case 'effect':
        return !input.effect.places.some((place) => before.effects.places.has(placeText(place)));
      case 'held':
        return !before.held.has(input.heldId);
      case 'command': {
        const entry = input.inbox && (before.inbox.get(input.inbox.id) ?? this.ledger.answerOf(input.inbox.id));
        if (input.inbox && entry) this.ledger.answerAgain(input, entry, input.inbox.fingerprint);
        return entry !== undefined;
      }
    }
  }

  private isParked(key: string, { parked }: HandledBefore): boolean {
    return parked.has(key) || this.parkedHere.has(key);
  }

  /**
   * A held message was found to be next of its key, which another process may have changed since; a command is answered
   * now, whatever waits.
   */
  private mustWait(input: Input, key: string, before: HandledBefore): boolean {
    if (input.kind === 'command') return false;
    if (input.kind !== 'held') return this.isParked(key, before);
    const earliest = before.parked.get(key);
    return this.parkedHere.has(key) || (earliest !== undefined && earliest < BigInt(input.heldId));
  }

  private react(turn: Turn): Promise<void> | undefined {
    const found = this.find(turn.message);
    return found ? this.reactTo(turn, found) : this.fetchAndReact(turn);
  }

  private async fetchAndReact(turn: Turn): Promise<void> {
    const found = await this.loading.load(turn.message).then(
      (loaded) => ({ loaded }),
      (failure: unknown) => {
        if (failure instanceof DatabaseFault) throw failure;
        return { failure };
      },
    );
    await this.reactTo(turn, found);
  }

  /** What the reaction to a message needs to see, or why it cannot be told; undefined if it must be fetched first. */
  private find(message: Message): Found | undefined {
    if ('condemned' in this.task) return { failure: this.task.condemned };
    try {
      const loaded = this.loading.see(message);
      return loaded && { loaded };
    } catch (failure) {
      return { failure };
    }
  }

  private reactTo(turn: Turn, found: Found): Promise<void> | undefined {
    const traced = this.beginSpan(turn);
    try {
      if ('failure' in found) throw found.failure;
      const outcome = this.outcomeOf(turn.message, found.loaded, turn.before);
      if (outcome instanceof Promise) return this.acceptLater(turn, traced, outcome);
      this.accept(turn, traced, outcome);
    } catch (error) {
      return this.failed(turn, traced, error);
    }
    this.end(traced.span);
    return undefined;
  }

  private async acceptLater(turn: Turn, traced: Traced, outcome: Promise<Outcome>): Promise<void> {
    try {
      this.accept(turn, traced, await outcome);
    } catch (error) {
      await this.failed(turn, traced, error);
      return;
    }
    this.end(traced.span);
  }

  private accept({ input, message }: Turn, { span, headers }: Traced, outcome: Outcome): void {
    this.ledger.accept(outcome, message.key, headers);
    if (outcome.deadLetter !== undefined) this.refuse(span, input, outcome.deadLetter);
    else this.pass(input, 'handled');
    if (input.kind === 'command') this.ledger.answer(input, outcome.reply ?? { body: undefined });
  }

  private failed(turn: Turn, { span }: Traced, error: unknown): Promise<void> | undefined {
    const { input } = turn;
    // A refusal is told to whoever asked, and may name a person, such as who holds a list; its code names nobody.
    fail(span, error, input.kind === 'command' && error instanceof Refused ? error.code : undefined);
    if (input.kind !== 'command' && !(error instanceof Refused)) {
      return this.hold(turn, error)
        .then((state) => tellTrouble(span, state))
        .finally(() => this.end(span));
    }
    if (input.kind === 'command') this.ledger.settle.push(() => input.reject(error));
    else this.refuse(span, input, (error as Refused).message);
    this.end(span);
    return undefined;
  }

  /** A span is told once what it is about is committed: what is rolled back is done again, and told then. */
  private end(span: Span): void {
    if (!span.isRecording()) return;
    const at = performance.now();
    this.ledger.settle.push(() => span.end(at));
  }

  private beginSpan({ input, message }: Turn): Traced {
    const trace = this.traceOf(input, message);
    const unseen = unseenSpan(trace);
    if (unseen) return unseen;
    const attributes = reactionAttributes(this.parts.service, input, message);
    const traced = beginSpan(`react ${message.name}`, trace, SpanKind.CONSUMER, attributes);
    if (trace !== message.trace) linkTo(traced.span, message.trace);
    return traced;
  }

  /** A request of a person, or of the world outside, goes on in the trace of the order that it is about. */
  private traceOf(input: Input, message: Message): Headers {
    return (input.kind === 'command' ? this.map.traceOf(message.key) : undefined) ?? message.trace;
  }

  private outcomeOf(message: Message, loaded: Loaded<Needs>, before: HandledBefore): Outcome | Promise<Outcome> {
    const reaction = this.parts.reactions.the(message.name);
    const moment: Moment = {
      now: this.now,
      unit: this.task.id,
      messageId: message.id,
      parked: this.isParked(message.key, before),
    };
    return reaction.call(message.body, { loaded, moment });
  }

  /** The message is done with; a held one loses its row. */
  private pass(input: Input, outcome: MessageOutcome): void {
    if (input.kind === 'held') this.ledger.done.push(input.heldId);
    this.count(input, outcome);
  }

  private refuse(span: Span, input: Input, reason: string): void {
    tellTrouble(span, 'refused');
    this.bury(input, reason);
  }

  private bury(input: Input, reason: string): void {
    this.pass(input, 'refused');
    this.ledger.held.push(buried(input, reason));
  }

  private park(input: Input, message: Message): void {
    this.count(input, 'parked');
    if (input.kind === 'held') {
      if (input.state === 'retrying') this.ledger.again.push(parkedAgain(input, message.key));
      return;
    }
    this.ledger.settle.push(() => traceParked(this.parts.service, message));
    this.ledger.held.push(waitingBehind(input, message.key));
  }

  /** The reaction threw: the message is tried again alone, and its key waits. */
  private async hold({ input, message, before }: Turn, error: unknown): Promise<Failed['state']> {
    const failure = failed(input, error, this.parts.retry);
    this.count(input, failure.state);
    this.ledger.settle.push(() => tellFailure(this.parts.log, input, failure, error));
    if (input.kind === 'held') this.ledger.again.push(heldAgain(input, failure));
    else this.ledger.held.push(heldAnew(input, failure));
    const isFirst = failure.tries === 1 && !this.isParked(message.key, before);
    this.parkedHere.add(message.key);
    if (isFirst && this.parts.reactions.of(MessageParked.eventName)) {
      // The message is held whether or not this can be told; what is wrong with it alone must stop nobody else.
      const untold = (problem: unknown): void =>
        void this.ledger.settle.push(() => tellUntold(this.parts.log, input, problem));
      if ('muted' in this.task) untold(this.task.muted);
      else {
        await this.tellParked(input, message, failure.reason, before).catch((problem: unknown) => {
          if (problem instanceof DatabaseFault) throw problem;
          untold(problem);
        });
      }
    }
    return failure.state;
  }

  private async tellParked(input: Input, message: Message, reason: string, before: HandledBefore): Promise<void> {
    const { key, name, origin } = describe(input);
    const id = `parked/${origin}`;
    const body = { id, data: { key, message: name, origin, reason } };
    const notice: Message = { name: MessageParked.eventName, id, key, body, trace: message.trace };
    const outcome = await this.outcomeOf(notice, await this.loading.load(notice), before);
    this.ledger.accept(outcome, key, message.trace);
  }

  private count(input: Input, outcome: MessageOutcome): void {
    this.ledger.count(messageOf(input)?.name ?? 'unheard', outcome);
  }
}
