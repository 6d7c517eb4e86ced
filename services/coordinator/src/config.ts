import { days, hours, minutes, seconds } from '@baton/saga';
import { z } from 'zod';
import { Definitions } from './definitions/index.js';
import { kpiSettings } from './kpis/inputs.js';

const UNITS: Readonly<Record<string, (count: number) => number>> = { s: seconds, m: minutes, h: hours, d: days };
const DURATION = /^([A-Za-z]+)=(\d+)([smhd])$/;

/** `backorder=10m,reminding=1m` as milliseconds by name. */
const policyChange = z
  .string()
  .default('')
  .transform((text, context) => {
    const changes = text.split(',').filter((each) => each.trim() !== '');
    const parsed = changes.flatMap((each) => {
      const [, name = '', count = '', unit = ''] = DURATION.exec(each.trim()) ?? [];
      const milliseconds = UNITS[unit]?.(Number(count));
      if (milliseconds !== undefined) return [[name, milliseconds] as const];
      context.addIssue({ code: 'custom', message: `"${each}" is not like backorder=10m (s, m, h or d)` });
      return [];
    });
    return Object.fromEntries(parsed);
  });

/** Settings of the coordinator; each key is an environment variable. */
export const coordinatorConfig = z.object({
  ...kpiSettings,
  COORDINATOR_POLICY: policyChange
    .superRefine((change, context) => {
      try {
        return void new Definitions(change);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      }
    })
    .describe(
      'Durations that replace those of the saga definitions, by name, such as `backorder=10m,reminding=1m` (s, m, h or d). ' +
        'For demonstrations and tests: sagas that are under way are measured by them too.',
    ),
});
export type CoordinatorConfig = z.output<typeof coordinatorConfig>;
