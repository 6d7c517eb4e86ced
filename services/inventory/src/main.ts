import { runService } from '@baton/service-kit';
import { inventory } from './inventory.module.js';

await runService(inventory);
