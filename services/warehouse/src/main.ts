import { runService } from '@baton/service-kit';
import { warehouse } from './warehouse.module.js';

await runService(warehouse);
