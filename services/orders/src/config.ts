import { z } from 'zod';

const TRACE_ID = '{traceId}';

/** The address of a trace in a telemetry backend. */
const traceUrlTemplate = z.string().refine((template) => {
  const url = URL.parse(template.replaceAll(TRACE_ID, '0'));
  return template.includes(TRACE_ID) && (url?.protocol === 'http:' || url?.protocol === 'https:');
}, `must be an http(s) address with ${TRACE_ID} in it`);

/** Settings of the orders service; each key is an environment variable. */
export const ordersConfig = z.object({
  COORDINATOR_URL: z
    .url()
    .optional()
    .describe('Where the coordinator answers HTTP; asked for what an order waits for; absent: own facts must do.'),
  TRACE_URL_TEMPLATE: traceUrlTemplate
    .optional()
    .describe(
      'Where people find a trace, such as `http://127.0.0.1:16686/trace/{traceId}` for Jaeger; absent: orders are told ' +
        'with the id of their trace, and no link.',
    ),
});
export type OrdersConfig = z.infer<typeof ordersConfig>;

/** The address of a trace, or null where no backend is named. */
export const traceUrl = ({ TRACE_URL_TEMPLATE: template }: OrdersConfig, traceId: string): string | null =>
  template?.replaceAll(TRACE_ID, traceId) ?? null;
