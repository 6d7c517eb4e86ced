import { coordinator } from '@baton/coordinator';
import { gateway } from '@baton/gateway';
import { inventory } from '@baton/inventory';
import { notification } from '@baton/notification';
import { orders } from '@baton/orders';
import type { ServiceDefinition } from '@baton/service-kit';
import { shipping } from '@baton/shipping';
import { warehouse } from '@baton/warehouse';

/** All services in the order in which they are started; the gateway comes last. */
export const services: readonly ServiceDefinition[] = [
  coordinator,
  orders,
  inventory,
  warehouse,
  shipping,
  notification,
  gateway,
];
