import { runService } from '@baton/service-kit';
import { coordinator } from './coordinator.module.js';

await runService(coordinator);
