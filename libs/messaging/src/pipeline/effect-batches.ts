import type { Run } from '../state/rows.js';
import { traceHeaders, traceText } from '../telemetry/trace-text.js';
import { inTransaction } from './transaction.js';
import type { BatchPlace, NewEffect } from './effect.js';
import { insertRows, type WaitingEffect } from './effect-rows.js';
import { pack, unpack } from './packing.js';

/**
 * All effects that one unit of work asks for are one row, as all of its events are: rows are what costs. The unit of
 * work that takes an answer in clears the bit of its effect in the same transaction, so that the row is the inbox of its
 * effects' results; with the last bit the row goes.
 */
export interface NewBatch {
  /** The unit of work's. */
  readonly id: string;
  /** Process that performs the effects. */
  readonly owner: string;
  readonly effects: readonly NewEffect[];
}

type Stored = readonly [kind: string, key: string, payload: unknown, trace: string | null];

/** Batches that are taken apart in one transaction. */
const MOST_SPILLED = 20;

const bitOf = (index: number): number => 1 << (index & 7);

/** One bit for each effect, the lowest of each byte first, as Postgres' `get_bit` counts; all are set. */
const allOpen = (size: number): Buffer => {
  const bits = Buffer.alloc(Math.ceil(size / 8), 0xff);
  if (size % 8 > 0) bits[bits.length - 1] = bitOf(size) - 1;
  return bits;
};

/** The effects as they are stored. */
export const packEffects = (effects: readonly NewEffect[]): Promise<Buffer> =>
  pack(effects.map(({ kind, key, payload, trace }): Stored => [kind, key, payload, traceText(trace)]));

/** @param packed the batch's effects, by `packEffects` */
export const insertBatch = (run: Run, { id, owner, effects }: NewBatch, packed: Buffer): Promise<unknown> =>
  run(
    'insert into effect_batch (id, owner, open, effects) values ($1, $2, $3, $4)',
    [id, owner, allOpen(effects.length), packed],
    'effect-batch:insert',
  );

/** Batches that a transaction has locked, and what it ticks off in them. */
export class LockedBatches {
  private readonly changed = new Set<string>();

  private constructor(private readonly open: ReadonlyMap<string, Buffer>) {}

  /** @param rows each begins with a batch's id and its open bits */
  static of(rows: readonly (readonly unknown[])[]): LockedBatches {
    return new LockedBatches(new Map(rows.map(([id, open]) => [id as string, open as Buffer])));
  }

  /** Those of these batches that are still there. */
  static async lock(run: Run, ids: Iterable<string>): Promise<LockedBatches> {
    const distinct = [...new Set(ids)];
    if (distinct.length === 0) return LockedBatches.of([]);
    const { rows } = await run(
      'select id, open from effect_batch where id = any($1::bigint[]) order by id for update',
      [distinct],
      'effect-batch:lock',
    );
    return LockedBatches.of(rows);
  }

  /** @returns false if the effect was ticked off before */
  tick({ batch, index }: BatchPlace): boolean {
    const open = this.open.get(batch);
    const byte = open?.[index >> 3] ?? 0;
    if (!open || (byte & bitOf(index)) === 0) return false;
    open[index >> 3] = byte & ~bitOf(index);
    this.changed.add(batch);
    return true;
  }

  /** Writes what is ticked off; a batch without an open effect goes. */
  save(run: Run): Promise<unknown>[] {
    const changed = [...this.changed].map((id) => ({ id, open: this.open.get(id) ?? Buffer.alloc(0) }));
    const done = changed.filter(({ open }) => open.every((byte) => byte === 0)).map(({ id }) => id);
    const left = changed.filter(({ id }) => !done.includes(id));
    const writes: Promise<unknown>[] = [];
    if (done.length > 0) {
      writes.push(run('delete from effect_batch where id = any($1::bigint[])', [done], 'effect-batch:delete'));
    }
    if (left.length > 0) {
      writes.push(
        run(
          `update effect_batch b set open = k.open from unnest($1::bigint[], $2::bytea[]) as k(id, open)
           where b.id = k.id`,
          [left.map(({ id }) => id), left.map(({ open }) => open)],
          'effect-batch:tick',
        ),
      );
    }
    return writes;
  }
}

/** Every effect of this process' batches that has no answer. */
export const openPlaces = async (run: Run, owner: string): Promise<BatchPlace[]> => {
  const { rows } = await run('select id, open from effect_batch where owner = $1', [owner]);
  return rows.flatMap(([batch, open]) =>
    [...(open as Buffer)].flatMap((byte, at) =>
      [0, 1, 2, 3, 4, 5, 6, 7]
        .filter((bit) => (byte & bitOf(bit)) !== 0)
        .map((bit) => ({ batch: batch as string, index: 8 * at + bit })),
    ),
  );
};

/**
 * Takes batches apart that nobody will finish: what is open in them gets rows of its own, due now, for whoever claims
 * them first.
 * @param whose condition over `effect_batch b`
 * @param isMeant tells which of the open effects leave; the others stay in their batch
 */
export const spillBatches = async (
  run: Run,
  whose: string,
  params: readonly unknown[],
  isMeant: (place: BatchPlace) => boolean = () => true,
): Promise<void> => {
  for (let found = MOST_SPILLED; found === MOST_SPILLED; ) found = await spillSome(run, whose, params, isMeant);
};

/** @returns how many batches were found */
const spillSome = (
  run: Run,
  whose: string,
  params: readonly unknown[],
  isMeant: (place: BatchPlace) => boolean,
): Promise<number> =>
  inTransaction(run, async () => {
    // Somebody else who takes the same apart is not waited for.
    const { rows } = await run(
      `select id, open, effects from effect_batch b where ${whose} order by id limit ${MOST_SPILLED}
       for update skip locked`,
      params,
    );
    const batches = LockedBatches.of(rows);
    const spilled: WaitingEffect[] = [];
    for (const [batch, , effects] of rows) {
      for (const [index, [kind, key, payload, trace]] of (await unpack<Stored>(effects as Buffer)).entries()) {
        const place = { batch: batch as string, index };
        if (!isMeant(place) || !batches.tick(place)) continue;
        spilled.push({ kind, key, payload, trace: traceHeaders(trace), tries: 0, pauseMs: 0, lastError: null });
      }
    }
    await Promise.all([insertRows(run, spilled), ...batches.save(run)]);
    return rows.length;
  });
