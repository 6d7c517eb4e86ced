import type { Run } from '../state/rows.js';
import type { TopicPartition } from '../transport/port.js';
import type { Standing } from './ahead.js';
import { type TakenEffects, takeEffects } from './effect-places.js';
import { lockHeld, type Parked, parkedKeys } from './held-messages.js';
import { type InboxEntry, readInbox } from './inbox.js';
import { type Input, messageOf } from './inputs.js';
import { lockPositions } from './positions.js';
import { partitionName } from '../transport/delivery/partition-name.js';

/** Everything in the database that tells which messages were handled already, and which have to wait. */
export interface HandledBefore {
  /** Where each partition stands, locked. */
  readonly positions: ReadonlyMap<string, Standing>;
  /** Effects that were waiting for their answer, and are taken. */
  readonly effects: TakenEffects;
  /** Answers to idempotency keys. */
  readonly inbox: ReadonlyMap<string, InboxEntry>;
  /** Held messages that still are as they were found, locked. */
  readonly held: ReadonlySet<string>;
  /** Keys whose later messages wait, and behind which held message. */
  readonly parked: ReadonlyMap<string, bigint>;
}

/** Begins the transaction and reads all of it in one round trip. */
export const begin = async (run: Run, inputs: readonly Input[]): Promise<HandledBefore> => {
  const partitions = new Map<string, TopicPartition>();
  const keys = new Set<string>();
  for (const input of inputs) {
    if (input.kind === 'record') partitions.set(partitionName(input.record), input.record);
    const key = messageOf(input)?.key;
    if (key !== undefined) keys.add(key);
  }
  const held = inputs.filter((input) => input.kind === 'held');
  const answered = inputs.flatMap((input) => (input.kind === 'effect' ? input.effect.places : []));
  const inboxIds = inputs.flatMap((input) => (input.kind === 'command' && input.inbox ? [input.inbox.id] : []));
  const heldIds = held.map(({ heldId }) => heldId);
  const [, positions, effects, inbox, { live, changed }, others] = await Promise.all([
    run('begin', [], 'begin'),
    lockPositions(run, [...partitions.values()]),
    takeEffects(run, answered),
    readInbox(run, inboxIds),
    lockHeld(run, held),
    parkedKeys(run, [...keys], heldIds),
  ]);
  return { positions, effects, inbox, held: live, parked: earliest(others, changed) };
};

const earliest = (one: Parked, other: Parked): Parked => {
  const all = new Map(one);
  for (const [key, id] of other) if (id < (all.get(key) ?? id + 1n)) all.set(key, id);
  return all;
};
