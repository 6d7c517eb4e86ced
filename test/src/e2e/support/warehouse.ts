import { eventually } from '@baton/messaging/testing';
import { type Answer, send } from './http.js';
import { PATIENCE_MS, type TestSystem } from './system.js';

/** One person in the warehouse, through the gateway. */
export class Picker {
  constructor(
    private readonly world: Pick<TestSystem, 'url'>,
    private readonly name = 'Kim',
  ) {}

  /** Waits until a shipment's list has this state. */
  listIs(orderId: string, state: string, shipment = 1): Promise<Answer['body']> {
    return eventually(async () => {
      const { body } = await send('GET', this.path(orderId, shipment));
      if (body?.['state'] !== state) throw new Error(`The list of ${orderId} is not ${state}: ${JSON.stringify(body)}`);
      return body;
    }, PATIENCE_MS);
  }

  async claim(orderId: string, shipment = 1): Promise<void> {
    await this.listIs(orderId, 'open', shipment);
    await this.wish(orderId, shipment, 'claim', { worker: this.name });
  }

  async pick(orderId: string, picks: readonly { readonly lineId: string; readonly quantity: number }[], shipment = 1) {
    await this.wish(orderId, shipment, 'pick', { worker: this.name, picks });
  }

  async short(orderId: string, lineId: string, picked: number, shipment = 1): Promise<void> {
    await this.wish(orderId, shipment, 'short', { worker: this.name, lineId, picked });
  }

  async pack(orderId: string, shipment = 1): Promise<void> {
    await this.wish(orderId, shipment, 'pack', { worker: this.name, parcels: 1 });
  }

  async putAway(orderId: string, shipment = 1): Promise<void> {
    await this.wish(orderId, shipment, 'put-away', {});
  }

  /** Claims, picks and packs a whole list. */
  async work(orderId: string, shipment = 1): Promise<void> {
    await this.claim(orderId, shipment);
    const list = await this.listIs(orderId, 'claimed', shipment);
    const lines = list?.['lines'] as readonly { readonly lineId: string; readonly quantity: number }[];
    await this.pick(
      orderId,
      lines.map(({ lineId, quantity }) => ({ lineId, quantity })),
      shipment,
    );
    await this.pack(orderId, shipment);
  }

  private async wish(orderId: string, shipment: number, what: string, body: unknown): Promise<void> {
    const answer = await send('POST', `${this.path(orderId, shipment)}/${what}`, JSON.stringify(body));
    if (answer.status !== 200) throw new Error(`${what} of ${orderId}: ${answer.status} ${answer.text}`);
  }

  private path(orderId: string, shipment: number): string {
    return `${this.world.url}/pick-lists/${orderId}/${shipment}`;
  }
}
