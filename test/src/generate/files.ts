import { sagaPlans } from '@baton/coordinator';
import { metricsPage } from './metrics-page.js';
import { openApiFiles } from './openapi-files.js';
import { sagaPage } from './saga-page.js';
import { services } from './services.js';
import { settingsPage } from './settings-page.js';

/** A page for each saga, of the version that new ones begin with. */
const sagaPages = (): readonly (readonly [path: string, text: string])[] => {
  const latest = new Map(sagaPlans.map((plan) => [plan.name, plan]));
  return [...latest.values()].map((plan) => [
    `docs/reference/saga-${plan.name}.md`,
    sagaPage(plan, `services/coordinator/src/definitions/${plan.name}.v${plan.version}.ts`),
  ]);
};

/** Every page and document of the reference that is made from several services: path from the top → text. */
export const referenceFiles = async (): Promise<ReadonlyMap<string, string>> =>
  new Map([
    ...sagaPages(),
    ['docs/reference/settings.md', settingsPage(services)],
    ['docs/reference/metrics.md', metricsPage(services)],
    ...(await openApiFiles(services)),
  ]);
