import { setTimeout as pause } from 'node:timers/promises';
import type { ListView, WarehouseClient } from './client.js';

/** A list for one of us to work, and under whose name if somebody of us holds it already. */
export interface Task {
  readonly list: ListView;
  readonly worker: string | null;
}

const PAGE = '200';
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;

const nameOf = ({ orderId, shipment }: ListView): string => `${orderId}/${shipment}`;

/**
 * Hands out work. All workers share one look at the open and the stopped lists; a list that one of them has in hand is
 * not given to another. While there is nothing, looks become rarer, up to one a second.
 */
export class Rota {
  private readonly ready: Task[] = [];
  private readonly inHand = new Set<string>();
  private looking: Promise<void> | undefined;
  private idleMs = 0;

  constructor(
    private readonly client: WarehouseClient,
    private readonly location: string | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /** The next list; waits until there is one. Rejects when the signal ends the work. */
  async next(): Promise<Task> {
    for (;;) {
      this.signal.throwIfAborted();
      const task = this.ready.shift();
      if (task) return task;
      this.looking ??= this.look().finally(() => {
        this.looking = undefined;
      });
      await this.looking;
    }
  }

  /** The list is out of hand again. */
  done({ list }: Task): void {
    this.inHand.delete(nameOf(list));
  }

  /** Takes up what these workers held when they were interrupted. */
  async resume(names: ReadonlySet<string>): Promise<void> {
    for (const state of ['claimed', 'picking']) {
      for (let after: string | null | undefined; after !== null; ) {
        const page = await this.client.list(this.query(state, after));
        this.take(
          page.items.filter(({ worker }) => worker !== null && names.has(worker)),
          true,
        );
        after = page.next;
      }
    }
  }

  private async look(): Promise<void> {
    if (this.idleMs > 0) await pause(this.idleMs, undefined, { signal: this.signal });
    const pages = await Promise.all([this.client.list(this.query('stopping')), this.client.list(this.query('open'))]);
    for (const { items } of pages) this.take(items, false);
    const none = this.ready.length === 0;
    this.idleMs = none ? Math.min(Math.max(this.idleMs * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS) : 0;
  }

  private take(lists: readonly ListView[], ours: boolean): void {
    for (const list of lists) {
      if (this.inHand.has(nameOf(list))) continue;
      this.inHand.add(nameOf(list));
      this.ready.push({ list, worker: ours ? list.worker : null });
    }
  }

  private query(state: string, after?: string) {
    const { location } = this;
    return { state, limit: PAGE, ...(location !== undefined && { location }), ...(after !== undefined && { after }) };
  }
}
