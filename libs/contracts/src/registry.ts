import type { EventDefinition } from './define.js';
import * as fulfilment from './events/fulfilment.js';
import * as inventory from './events/inventory.js';
import * as notification from './events/notification.js';
import * as orders from './events/orders.js';
import * as shipping from './events/shipping.js';
import * as warehouse from './events/warehouse.js';
import { topics } from './topics.js';

const isDefinition = (value: unknown): value is EventDefinition => typeof value === 'function' && 'eventName' in value;

const topicOrder = Object.keys(topics);

/** Every event of the system, by topic and name (the order of a module's exports is not the same everywhere). */
export const eventDefinitions: readonly EventDefinition[] = [
  orders,
  inventory,
  warehouse,
  shipping,
  notification,
  fulfilment,
]
  .flatMap((module) => Object.values<unknown>(module).filter(isDefinition))
  .toSorted(
    (one, other) => topicOrder.indexOf(one.topic) - topicOrder.indexOf(other.topic) || (one.type < other.type ? -1 : 1),
  );

const byType = new Map(eventDefinitions.map((definition) => [definition.type, definition]));
// Of an event with several versions the newest is the one that is written.
const byName = new Map(
  eventDefinitions
    .toSorted((one, other) => one.version - other.version)
    .map((definition) => [definition.eventName, definition]),
);

/** The definition behind a CloudEvents type such as `baton.orders.OrderPlaced.v1`, if there is one. */
export const definitionOfType = (type: string): EventDefinition | undefined => byType.get(type);

/**
 * The definition of an event's name; its newest version, if there are several.
 * @throws RangeError for a name that no contract declares.
 */
export const definitionOf = (name: string): EventDefinition => {
  const definition = byName.get(name);
  if (!definition) throw new RangeError(`No contract declares an event named ${name}; see libs/contracts/src/events.`);
  return definition;
};
