import { runService } from '@baton/service-kit';
import { orders } from './orders.module.js';

await runService(orders);
