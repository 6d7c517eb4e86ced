import { Messaging1700000000000 } from './1-messaging.js';
import { Vacuum1764000001000 } from './2-vacuum.js';
import { EffectBatches1764000006000 } from './3-effect-batches.js';
import { HandledAhead1764000007000 } from './4-handled-ahead.js';
import { OutboxOrder1764000011000 } from './5-outbox-order.js';

/** The migrations of the pipeline's own tables, oldest first; every service runs them before its own. */
export const messagingMigrations = [
  Messaging1700000000000,
  Vacuum1764000001000,
  EffectBatches1764000006000,
  HandledAhead1764000007000,
  OutboxOrder1764000011000,
] as const;
