import type { EventDraft } from '@baton/contracts';
import type { SagaDefinition } from './definition.js';
import { draft } from './events.js';
import { hasEnded, type Saga } from './saga.js';

/**
 * Says that a saga is still under way, and which units it has, those that have ended too; nothing once it has ended.
 * @param n tells apart the times that this is said
 */
export const continued = ({ says, identity }: SagaDefinition, saga: Saga, n: number): readonly EventDraft[] =>
  says.continued === undefined || hasEnded(saga)
    ? []
    : [draft(says.continued, { [identity.saga]: saga.id, [`${identity.unit}s`]: saga.units.map((unit) => unit.n) }, n)];
