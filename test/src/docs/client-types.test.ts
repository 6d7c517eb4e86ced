import type * as client from '@baton/client';
import type * as coordinator from '@baton/coordinator';
import type * as inventory from '@baton/inventory';
import type * as orders from '@baton/orders';
import { describe, expectTypeOf, it } from 'vitest';

/** A type by its members alone, however it is put together. */
type Plain<Type> = Type extends object ? { readonly [Member in keyof Type]: Plain<Type[Member]> } : Type;

/** An order as it is served: nothing is told of one that was only heard of. */
type Accepted<View extends { readonly status: orders.OrderStatus }> = {
  readonly [Member in keyof View]: Member extends 'status' ? client.OrderStatus : View[Member];
};

describe('What the client says that a service answers is what the service says', () => {
  it('of orders', () => {
    expectTypeOf<Plain<client.OrderView>>().toEqualTypeOf<Plain<Accepted<orders.OrderView>>>();
    expectTypeOf<Plain<client.OrderDetail>>().toEqualTypeOf<Plain<Accepted<orders.OrderDetail>>>();
    expectTypeOf<Plain<client.OrderSummary>>().toEqualTypeOf<Plain<Accepted<orders.OrderSummary>>>();
  });

  it('of stock', () => {
    expectTypeOf<Plain<client.StockView>>().toEqualTypeOf<Plain<inventory.StockView>>();
    expectTypeOf<Plain<client.Replenished>>().toEqualTypeOf<Plain<inventory.ChangedLevel>>();
    expectTypeOf<Plain<client.Imported>>().toEqualTypeOf<Plain<inventory.ImportedStock>>();
  });

  it('of sagas and KPIs', () => {
    expectTypeOf<Plain<client.SagaSummary>>().toEqualTypeOf<Plain<coordinator.SagaSummary>>();
    expectTypeOf<Plain<client.SagaView>>().toEqualTypeOf<Plain<coordinator.SagaView>>();
    expectTypeOf<Plain<client.Incident>>().toEqualTypeOf<Plain<coordinator.IncidentRecord>>();
    expectTypeOf<Plain<client.KpiAnswer>>().toEqualTypeOf<Plain<coordinator.KpiAnswer>>();
  });
});
