import { runService } from '@baton/service-kit';
import { notification } from './notification.module.js';

await runService(notification);
