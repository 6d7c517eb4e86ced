export * from './commands.js';
export type { OrderDetail } from './api.js';
export * from './domain/order.js';
export * from './domain/view.js';
export { isOverdue } from './domain/wishes.js';
export { orders } from './orders.module.js';
export { OrderReactions } from './reactions.js';
export { Orders } from './store/order.entity.js';
export type { AcceptedStatus, OrderSummary } from './store/order-queries.js';
