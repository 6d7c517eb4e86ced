import type * as client from '@baton/client';
import type * as coordinator from '@baton/coordinator';
import type * as inventory from '@baton/inventory';
import type * as orders from '@baton/orders';
import type { Page } from '@baton/service-kit';
import { expectTypeOf, test } from 'vitest';

// The client may import no service, so it says again what they answer. The compiler holds the two together here.

/** A record waits for its order under the status `awaited`; nobody is shown it before that has come. */
type Shown<View extends { readonly status: string }> = Omit<View, 'status'> & {
  readonly status: Exclude<View['status'], 'awaited'>;
};

test('what a service answers is what the client says it does', () => {
  expectTypeOf<Shown<orders.OrderView>>().toExtend<client.OrderView>();
  expectTypeOf<Shown<orders.OrderDetail>>().toExtend<client.OrderDetail>();
  expectTypeOf<orders.OrderSummary>().toExtend<client.OrderSummary>();
  expectTypeOf<inventory.StockView>().toExtend<client.StockView>();
  expectTypeOf<coordinator.SagaSummary>().toExtend<client.SagaSummary>();
  expectTypeOf<coordinator.SagaView>().toExtend<client.SagaView>();
  expectTypeOf<coordinator.IncidentRecord>().toExtend<client.Incident>();
  expectTypeOf<coordinator.KpiAnswer>().toExtend<client.KpiAnswer>();
  expectTypeOf<Page>().toExtend<Omit<client.Page<unknown>, 'items'>>();
});

test('a list can be asked for in each of the statuses, and in no other', () => {
  expectTypeOf<client.OrderStatus>().toEqualTypeOf<orders.AcceptedStatus>();
  expectTypeOf<client.SagaStatus>().toEqualTypeOf<coordinator.SagaSummary['status']>();
});
