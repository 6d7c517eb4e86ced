import { runService } from '@baton/service-kit';
import { shipping } from './shipping.module.js';

await runService(shipping);
