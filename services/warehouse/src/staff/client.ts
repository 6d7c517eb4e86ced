import { setTimeout as pause } from 'node:timers/promises';

/** What the staff reads of a pick list. */
export interface ListView {
  readonly orderId: string;
  readonly shipment: number;
  readonly state: string;
  readonly worker: string | null;
  readonly lines: readonly { readonly lineId: string; readonly quantity: number; readonly picked: number }[];
}

interface Page {
  readonly items: readonly ListView[];
  readonly next: string | null;
}

/** The warehouse understood a request and said no. */
export class RefusedByWarehouse extends Error {
  override readonly name = 'RefusedByWarehouse';
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A request that takes longer is given up and made again; all of them are idempotent. */
const TIMEOUT_MS = 15_000;

/** The part of the warehouse's HTTP API that pickers use, patient with a warehouse that is away. */
export class WarehouseClient {
  private readonly base: string;

  /**
   * @param warehouseUrl origin and path prefix of the API, such as `http://127.0.0.1:3003`
   * @param signal ends every request and every pause; requests then reject with its reason
   */
  constructor(
    warehouseUrl: string,
    private readonly signal: AbortSignal,
  ) {
    this.base = `${warehouseUrl.replace(/\/+$/, '')}/pick-lists`;
  }

  list(query: Readonly<Record<string, string>>): Promise<Page> {
    return this.ask<Page>('GET', `?${new URLSearchParams(query).toString()}`);
  }

  claim(list: ListView, worker: string): Promise<ListView> {
    return this.post(list, 'claim', { worker });
  }

  pick(list: ListView, picks: readonly { readonly lineId: string; readonly quantity: number }[], worker: string) {
    return this.post(list, 'pick', { picks, worker });
  }

  short(list: ListView, lineId: string, picked: number, worker: string): Promise<ListView> {
    return this.post(list, 'short', { lineId, picked, worker });
  }

  pack(list: ListView, parcels: number, worker: string): Promise<ListView> {
    return this.post(list, 'pack', { parcels, worker });
  }

  putAway(list: ListView): Promise<ListView> {
    return this.post(list, 'put-away', {});
  }

  private post({ orderId, shipment }: ListView, wish: string, body: unknown): Promise<ListView> {
    return this.ask<ListView>('POST', `/${encodeURIComponent(orderId)}/${shipment}/${wish}`, body);
  }

  /** Asks until there is an answer. Only a refusal (4xx) or the signal ends it without one. */
  private async ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      const response = await this.tryOnce(method, path, body);
      if (response) return response as Answer;
      await pause(wait, undefined, { signal: this.signal });
    }
  }

  private async tryOnce(method: string, path: string, body: unknown): Promise<unknown> {
    try {
      const response = await fetch(`${this.base}${path}`, {
        method,
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(TIMEOUT_MS)]),
        ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      // The body is read in any case: a connection goes back to the pool only then.
      const text = await response.text();
      if (response.ok) return JSON.parse(text);
      if (response.status >= 500 || response.status === 429 || response.status === 408) return undefined;
      throw refusal(response.status, text);
    } catch (error) {
      if (error instanceof RefusedByWarehouse || this.signal.aborted) throw error;
      return undefined;
    }
  }
}

/** Kinds of problems are named `urn:baton:problem:<code>`. */
const refusal = (status: number, text: string): RefusedByWarehouse => {
  try {
    const { type, detail } = JSON.parse(text) as { readonly type?: string; readonly detail?: string };
    return new RefusedByWarehouse(status, type?.split(':').at(-1) ?? 'unknown', detail ?? text);
  } catch {
    return new RefusedByWarehouse(status, 'unknown', text);
  }
};
