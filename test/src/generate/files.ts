import { orderFulfilmentV1 } from '@baton/coordinator';
import { metricsPage } from './metrics-page.js';
import { openApiFiles } from './openapi-files.js';
import { sagaPage } from './saga-page.js';
import { services } from './services.js';
import { settingsPage } from './settings-page.js';

const DEFINITION = 'services/coordinator/src/definitions/order-fulfilment.v1.ts';

/** Every page and document of the reference that is made from several services: path from the top → text. */
export const referenceFiles = async (): Promise<ReadonlyMap<string, string>> =>
  new Map([
    ['docs/reference/saga-order-fulfilment.md', sagaPage(orderFulfilmentV1, DEFINITION)],
    ['docs/reference/settings.md', settingsPage(services)],
    ['docs/reference/metrics.md', metricsPage(services)],
    ...(await openApiFiles(services)),
  ]);
