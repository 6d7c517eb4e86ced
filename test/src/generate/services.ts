import { coordinator } from '@baton/coordinator';
import { gateway } from '@baton/gateway';
import { inventory } from '@baton/inventory';
import { notification } from '@baton/notification';
import { orders } from '@baton/orders';
import type { ServiceDefinition } from '@baton/service-kit';
import { shipping } from '@baton/shipping';
import { warehouse } from '@baton/warehouse';

/** Every service of the system. */
export const services: readonly ServiceDefinition[] = [
  orders,
  coordinator,
  inventory,
  warehouse,
  shipping,
  notification,
  gateway,
];
