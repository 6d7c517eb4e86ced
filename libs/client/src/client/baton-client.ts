import { randomUUID } from 'node:crypto';
import type { OrderInput } from '@baton/contracts';
import { Http, type HttpOptions } from './http.js';
import type { KpiAnswer, KpiQuestion } from './kpi-views.js';
import type { Incident, SagaStatus, SagaSummary, SagaView } from './saga-views.js';
import type {
  Imported,
  OrderDetail,
  OrderStatus,
  OrderSummary,
  OrderView,
  Page,
  PageOptions,
  Replenished,
  StockItem,
  StockView,
} from './views.js';

export type BatonClientOptions = HttpOptions;

/** Levels in one request of an import, so that its body stays well below what a service reads (1 MB). */
const IMPORT_PART = 2_000;
const PAGE_SIZE = 200;

/**
 * The HTTP API of Baton behind its gateway.
 *
 *     const baton = new BatonClient({ url: 'http://127.0.0.1:7070' });
 *     await baton.orders.submit(order);
 *     console.log((await baton.orders.get(order.orderId)).waitsFor);
 *
 * Every method rejects with a BatonError for an answer that is an error (its problem+json in `problem`), and with a
 * BatonUnreachable when there is no answer; with a RangeError, and nothing sent, for an id or an
 * Idempotency-Key that can be none.
 */
export class BatonClient {
  private readonly http: Http;
  readonly orders: OrdersClient;
  readonly stock: StockClient;
  readonly sagas: SagasClient;
  readonly incidents: IncidentsClient;

  /** @throws RangeError when the url is no http(s) address */
  constructor(options: BatonClientOptions) {
    this.http = new Http(options);
    this.orders = new OrdersClient(this.http);
    this.stock = new StockClient(this.http);
    this.sagas = new SagasClient(this.http);
    this.incidents = new IncidentsClient(this.http);
  }

  /** How the business does: the five KPIs of a stretch of time. */
  kpis(question: KpiQuestion = {}): Promise<KpiAnswer> {
    return this.http.send({ method: 'GET', path: ['kpis'], query: { ...question } });
  }
}

/** Orders: handed over, followed, cancelled. */
export class OrdersClient {
  constructor(private readonly http: Http) {}

  /**
   * Hands over an order. The same order again changes nothing; another one under the same id is refused. The order id
   * alone makes a repetition safe: as an Idempotency-Key it would stand for the first content that was tried under it.
   */
  submit(order: OrderInput, options: { readonly idempotencyKey?: string } = {}): Promise<OrderView> {
    const { idempotencyKey } = options;
    const key = idempotencyKey !== undefined && { idempotencyKey };
    return this.http.send({ method: 'POST', path: ['orders'], body: order, repeatable: true, ...key });
  }

  get(orderId: string): Promise<OrderDetail> {
    return this.http.send({ method: 'GET', path: ['orders', orderId] });
  }

  /** Newest first. */
  list(options: PageOptions & { readonly status?: OrderStatus } = {}): Promise<Page<OrderSummary>> {
    return this.http.page(['orders'], { ...options });
  }

  /** Asks to cancel; how that ends shows in the order's status. */
  cancel(
    orderId: string,
    options: { readonly reason?: string; readonly idempotencyKey?: string } = {},
  ): Promise<OrderView> {
    const { reason, idempotencyKey } = options;
    return this.http.send({
      method: 'POST',
      path: ['orders', orderId, 'cancel'],
      body: reason === undefined ? {} : { reason },
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
  }
}

/** Stock per SKU and location. */
export class StockClient {
  constructor(private readonly http: Http) {}

  /**
   * SKUs with their levels, by name.
   * @param options.sku what the SKUs begin with
   * @param options.low only SKUs with at most this many units available in all
   */
  list(options: PageOptions & { readonly sku?: string; readonly low?: number } = {}): Promise<Page<StockView>> {
    return this.http.page(['stock'], { ...options });
  }

  get(sku: string): Promise<StockView> {
    return this.http.send({ method: 'GET', path: ['stock', sku] });
  }

  /**
   * Goods arrived: adds units, which waiting backorders may get at once.
   * @param options.idempotencyKey names the delivery, so that saying it again adds nothing; one for each call when absent
   */
  replenish(
    sku: string,
    location: string,
    quantity: number,
    options: { readonly idempotencyKey?: string } = {},
  ): Promise<Replenished> {
    return this.http.send({
      method: 'POST',
      path: ['stock', sku, location, 'replenishments'],
      body: { quantity },
      idempotencyKey: options.idempotencyKey ?? randomUUID(),
    });
  }

  /**
   * Loads a catalogue and sets its levels, in as many requests as it takes; repeating it is safe. Never sets a level
   * below what is reserved.
   */
  async import(items: readonly StockItem[]): Promise<Imported> {
    let all: Imported = { items: 0, created: 0, changed: 0, unchanged: 0, keptAtReserved: [], served: [] };
    for (let from = 0; from < items.length; from += IMPORT_PART) {
      const body = { items: items.slice(from, from + IMPORT_PART) };
      const part = await this.http.send<Imported>({
        method: 'POST',
        path: ['stock', 'import'],
        body,
        repeatable: true,
      });
      all = {
        items: all.items + part.items,
        created: all.created + part.created,
        changed: all.changed + part.changed,
        unchanged: all.unchanged + part.unchanged,
        keptAtReserved: [...all.keptAtReserved, ...part.keptAtReserved],
        served: [...all.served, ...part.served],
      };
    }
    return all;
  }
}

/** Sagas, as operators see them. */
export class SagasClient {
  constructor(private readonly http: Http) {}

  get(orderId: string): Promise<SagaView> {
    return this.http.send({ method: 'GET', path: ['sagas', orderId] });
  }

  /** Newest first. */
  list(options: PageOptions & { readonly status?: SagaStatus } = {}): Promise<Page<SagaSummary>> {
    return this.http.page(['sagas'], { ...options });
  }
}

/** What needs a person. */
export class IncidentsClient {
  constructor(private readonly http: Http) {}

  /** Open ones, the most urgent first. */
  list(options: PageOptions & { readonly owner?: string } = {}): Promise<Page<Incident>> {
    return this.http.page(['incidents'], { ...options });
  }
}

/** Every item of a list, page by page, as far as it is read. */
export async function* everyItem<Item>(
  list: (options: PageOptions) => Promise<Page<Item>>,
  pageSize = PAGE_SIZE,
): AsyncGenerator<Item> {
  for (let after: string | undefined; ; ) {
    const page = await list({ limit: pageSize, ...(after !== undefined && { after }) });
    yield* page.items;
    if (page.next === null) return;
    after = page.next;
  }
}
