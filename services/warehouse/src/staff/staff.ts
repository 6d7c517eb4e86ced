import { setTimeout as pause } from 'node:timers/promises';
import { chance } from './chance.js';
import { type ListView, RefusedByWarehouse, WarehouseClient } from './client.js';
import { Rota, type Task } from './rota.js';

/** Whom the simulated staff works for, and how. */
export interface StaffOptions {
  /** Origin (and path prefix) of the warehouse's API. */
  readonly warehouseUrl: string;
  /** How many people work at the same time. */
  readonly workers: number;
  /** How long one person takes for one list; 0 as fast as the warehouse answers. */
  readonly secondsPerList: number;
  /** Share of lines whose shelf holds less than the book says, 0 to 1. */
  readonly shortRate: number;
  /** Decides which lines are short, so that a run can be repeated. */
  readonly seed: string | number;
  /** Only lists of this location; all when absent. */
  readonly location?: string;
  /** What the people's names begin with. Two programs need different ones. */
  readonly name?: string;
  /** Ends the work. What is in hand is taken up by the next start under the same name. */
  readonly signal: AbortSignal;
}

/** Pick lists that they packed, reported short, and put away. */
export interface StaffCounts {
  readonly packed: number;
  readonly short: number;
  readonly putAway: number;
}

export interface Staff {
  /** What has been done since the start. */
  counts(): StaffCounts;
  /** Resolves when the signal has ended the work. */
  readonly finished: Promise<void>;
}

/** About how many units go into one parcel. */
const UNITS_A_PARCEL = 20;
const SECOND_MS = 1_000;

/**
 * Puts simulated people to work: clients of the same API that real people use. They claim open lists, pick, pack, report
 * short shelves and put stopped lists away, until the signal ends it; a warehouse that is away is waited for.
 */
export const startStaff = (options: StaffOptions): Staff => {
  const { workers, signal, name = 'staff' } = options;
  const client = new WarehouseClient(options.warehouseUrl, signal);
  const rota = new Rota(client, options.location, signal);
  const counts = { packed: 0, short: 0, putAway: 0 };
  const names = Array.from({ length: workers }, (_, index) => `${name}-${index + 1}`);

  const work = async (): Promise<void> => {
    await rota.resume(new Set(names));
    await Promise.all(
      names.map(async (worker) => {
        for (;;) {
          const task = await rota.next();
          const end = await handle(client, options, task, worker);
          if (end) counts[end] += 1;
          rota.done(task);
        }
      }),
    );
  };
  const finished = work().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return { counts: () => ({ ...counts }), finished };
};

type End = keyof StaffCounts | undefined;

const handle = async (client: WarehouseClient, options: StaffOptions, task: Task, free: string): Promise<End> => {
  const worker = task.worker ?? free;
  try {
    if (task.list.state === 'stopping') return await putAway(client, task.list);
    const list = await client.claim(task.list, worker);
    if (options.secondsPerList > 0) {
      await pause(options.secondsPerList * SECOND_MS, undefined, { signal: options.signal });
    }
    return await pickAndPack(client, options, list, worker);
  } catch (error) {
    if (!(error instanceof RefusedByWarehouse)) throw error;
    if (error.code === 'pick-list-stopped') return await putAway(client, task.list).catch(ignoreRefusal);
    // Somebody else was faster, or the list was called off before it was claimed: the next one, then.
    if (error.status !== 409) await pause(SECOND_MS, undefined, { signal: options.signal });
    return undefined;
  }
};

const pickAndPack = async (
  client: WarehouseClient,
  { seed, shortRate }: StaffOptions,
  list: ListView,
  worker: string,
): Promise<End> => {
  const { orderId, shipment, lines } = list;
  const short = lines.find(({ lineId }) => chance(seed, orderId, shipment, lineId, 'short') < shortRate);
  const picks = lines.filter((line) => line !== short).map(({ lineId, quantity }) => ({ lineId, quantity }));
  if (picks.length > 0) await client.pick(list, picks, worker);
  if (short) {
    const found = Math.floor(short.quantity * chance(seed, orderId, shipment, short.lineId, 'found'));
    await client.short(list, short.lineId, found, worker);
    return 'short';
  }
  const units = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  await client.pack(list, Math.ceil(units / UNITS_A_PARCEL), worker);
  return 'packed';
};

const putAway = async (client: WarehouseClient, list: ListView): Promise<End> => {
  await client.putAway(list);
  return 'putAway';
};

const ignoreRefusal = (error: unknown): undefined => {
  if (error instanceof RefusedByWarehouse) return undefined;
  throw error;
};
