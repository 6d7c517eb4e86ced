import { Pipeline } from '@baton/messaging';
import {
  type BookingAnswer,
  type BookingName,
  type BookingRequest,
  CARRIERS,
  type CarrierPort,
  ReportTracking,
  shipping,
} from '@baton/shipping';
import { Module } from '@nestjs/common';

/** Every tenth order is rejected by all carriers, so that its shipment is undone; ids end in their number. */
const isRejected = (orderId: string): boolean => orderId.endsWith('0');

const trackingNumberOf = (orderId: string, shipment: string | number): string => `T-${orderId}-${shipment}`;

/**
 * Carriers inside of shipping's own process that answer at once: they book or reject, collect, and report the delivery
 * right after the handover's answer, by the same command that a webhook submits.
 */
class InProcessCarriers implements CarrierPort {
  constructor(private readonly pipeline: Pipeline) {}

  book({ reference }: BookingRequest): Promise<BookingAnswer> {
    const [orderId = '', shipment = ''] = reference.split('/');
    return Promise.resolve(
      isRejected(orderId)
        ? { kind: 'rejected', reason: 'does not go there' }
        : { kind: 'booked', bookingId: `B-${reference}`, trackingNumber: trackingNumberOf(orderId, shipment) },
    );
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }

  handOver({ carrier, bookingKey }: BookingName): Promise<string> {
    const at = new Date().toISOString();
    setImmediate(() => this.reportDelivery(bookingKey, carrier, at));
    return Promise.resolve(at);
  }

  private reportDelivery(bookingKey: string, carrier: string, at: string): void {
    const [orderId = '', shipment = ''] = bookingKey.split('/');
    const trackingNumber = trackingNumberOf(orderId, shipment);
    const report = { orderId, shipment: Number(shipment), carrier, trackingNumber, status: 'delivered', at } as const;
    this.pipeline
      .submit(ReportTracking, report, { idempotencyKey: `webhook/${carrier}/${trackingNumber}` })
      // Without its report the order never ends, which the audit tells; here is why.
      .catch((error: unknown) => console.error(`The delivery of ${orderId} was not taken in: ${String(error)}`));
  }
}

const carriers = {
  provide: CARRIERS,
  inject: [Pipeline],
  useFactory: (pipeline: Pipeline) => new InProcessCarriers(pipeline),
};

type Providers = readonly (object & { readonly provide?: unknown })[];
const isCarriers = (provider: Providers[number]): boolean => 'provide' in provider && provider.provide === CARRIERS;
const shipped = (part: 'controllers' | 'providers'): Providers =>
  Reflect.getMetadata(part, shipping.module) as Providers;

/** Shipping's own module with other carriers behind its port. */
@Module({
  controllers: [...shipped('controllers')] as never[],
  providers: [...shipped('providers').filter((provider) => !isCarriers(provider)), carriers] as never[],
})
class ShippingWithCarriers {}

export const shippingWithCarriers = { ...shipping, module: ShippingWithCarriers };
