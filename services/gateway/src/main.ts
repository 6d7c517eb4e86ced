import { runService } from '@baton/service-kit';
import { gateway } from './gateway.module.js';

await runService(gateway);
