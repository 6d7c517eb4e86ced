import type { ServiceDefinition, ServiceName } from '@baton/service-kit';

/**
 * Every service as it is shipped, but for the carriers that shipping asks. Each is loaded when it is asked for: a process of
 * its own has nothing of the others in its memory.
 */
const loads: Readonly<Record<ServiceName, () => Promise<ServiceDefinition>>> = {
  coordinator: async () => (await import('@baton/coordinator')).coordinator,
  orders: async () => (await import('@baton/orders')).orders,
  inventory: async () => (await import('@baton/inventory')).inventory,
  warehouse: async () => (await import('@baton/warehouse')).warehouse,
  shipping: async () => (await import('./carrier.js')).shippingWithCarriers,
  notification: async () => (await import('@baton/notification')).notification,
  gateway: async () => (await import('@baton/gateway')).gateway,
};

export const serviceNames = Object.keys(loads) as readonly ServiceName[];

const isService = (name: string): name is ServiceName => Object.hasOwn(loads, name);

export const definitionOf = (name: string): Promise<ServiceDefinition> => {
  if (!isService(name)) throw new Error(`There is no service ${name}.`);
  return loads[name]();
};
