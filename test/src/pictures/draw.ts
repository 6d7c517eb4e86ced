import { dashboards } from '../observability/files.js';
import { dashboardPage } from './dashboard-page.js';
import type { Recording } from './recording.js';
import { tracePage } from './trace-page.js';
import { compensated, rowsOf, untroubled } from './trace-tree.js';

/**
 * Every page of a recording, by the name of its picture.
 * @throws Error when no order went as it has to for a trace that is shown
 */
export const pagesOf = (recording: Recording): ReadonlyMap<string, string> => {
  const traces = Object.entries(recording.traces).map(([orderId, trace]) => [orderId, rowsOf(trace)] as const);
  const traceOf = (orderId: string | undefined, said: string): string => {
    const rows = traces.find(([id]) => id === orderId)?.[1];
    if (orderId === undefined || rows === undefined) throw new Error(`No order was recorded for “${said}”`);
    return tracePage(`Order ${orderId} as one trace`, said, rows);
  };
  return new Map([
    ['trace', traceOf(untroubled(traces), 'From the HTTP request to the last mail.')],
    ['trace-undone', traceOf(compensated(traces), 'No carrier would take it: all that was done is undone.')],
    ...dashboards.map(
      (dashboard) =>
        [`dashboard-${dashboard.uid.replace(/^baton-/, '')}`, dashboardPage(dashboard, recording)] as const,
    ),
  ]);
};
