/** A trace as Jaeger's HTTP API gives it; times in microseconds. */
export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

export interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[];
  readonly startTime: number;
  readonly duration: number;
  readonly processID: string;
  readonly tags: readonly { readonly key: string; readonly value: string | number | boolean }[];
}

/** A span as a line of a waterfall; times in microseconds since the first span began. */
export interface Row {
  readonly depth: number;
  /** Position of the parent's row; absent for one without. */
  readonly parent: number | undefined;
  readonly service: string;
  readonly name: string;
  /** Where an HTTP request goes, else empty. */
  readonly path: string;
  readonly begin: number;
  readonly end: number;
  readonly mark: Mark | undefined;
}

/** `failed`: the span has the status of an error. `trouble` and `undoing` are what the event of a reaction says. */
export type Mark = 'failed' | 'trouble' | 'undoing';

// What Express does between a request and its handler says nothing about an order.
const LEFT_OUT = '@opentelemetry/instrumentation-express';
const UNDOING = /(Cancellation|Release)Requested|(Cancelled|Released)$/;
const TROUBLE = /(Rejected|Short|Lost|Returned|Delayed|Failed|BackorderPlaced|IncidentOpened)$/;

const tagOf = ({ tags }: JaegerSpan, name: string): JaegerSpan['tags'][number]['value'] | undefined =>
  tags.find(({ key }) => key === name)?.value;

const markOf = (span: JaegerSpan): Mark | undefined => {
  if (tagOf(span, 'error') === true || tagOf(span, 'otel.status_code') === 'ERROR') return 'failed';
  if (UNDOING.test(span.operationName)) return 'undoing';
  return TROUBLE.test(span.operationName) ? 'trouble' : undefined;
};

/** The spans of a trace, parents before children and children as they began; who has lost its parent stands at the top. */
export const rowsOf = (trace: JaegerTrace): readonly Row[] => {
  const byId = new Map(trace.spans.map((span) => [span.spanID, span]));
  const isKept = (span: JaegerSpan): boolean => tagOf(span, 'otel.scope.name') !== LEFT_OUT;
  const parentOf = (span: JaegerSpan): JaegerSpan | undefined => {
    const reference = span.references.find(
      ({ refType, traceID }) => refType === 'CHILD_OF' && traceID === trace.traceID,
    );
    const parent = reference && byId.get(reference.spanID);
    return parent === undefined || isKept(parent) ? parent : parentOf(parent);
  };
  const kept = trace.spans.filter(isKept).toSorted((one, other) => one.startTime - other.startTime);
  const children = Map.groupBy(kept, (span) => parentOf(span)?.spanID);
  const zero = kept[0]?.startTime ?? 0;
  const rows: Row[] = [];
  const add = (span: JaegerSpan, depth: number, parent: number | undefined): void => {
    const position = rows.length;
    rows.push({
      depth,
      parent,
      service: (trace.processes[span.processID]?.serviceName ?? 'unknown').replace(/^baton-/, ''),
      name: span.operationName,
      path: pathOf(span),
      begin: span.startTime - zero,
      end: span.startTime - zero + span.duration,
      mark: markOf(span),
    });
    for (const child of children.get(span.spanID) ?? []) add(child, depth + 1, position);
  };
  for (const root of children.get(undefined) ?? []) add(root, 0, undefined);
  return rows;
};

/** Of an HTTP request whose name does not tell it already. */
const pathOf = (span: JaegerSpan): string => {
  if (span.operationName.includes('/')) return '';
  const path = tagOf(span, 'url.path');
  if (typeof path === 'string') return path;
  const url = tagOf(span, 'url.full');
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).pathname : '';
};

/** The services of a trace in the order in which they appear. */
export const servicesOf = (rows: readonly Row[]): readonly string[] => [...new Set(rows.map(({ service }) => service))];

/** A trace whose order went through without any trouble: of those with all services, the fastest. */
export const untroubled = (traces: readonly (readonly [string, readonly Row[]])[]): string | undefined =>
  fastest(
    traces.filter(([, rows]) => isWhole(rows) && says(rows, 'FulfilmentCompleted') && rows.every(({ mark }) => !mark)),
  );

/** A trace whose order no carrier would take, so that stock and pick list had to be undone: the fastest. */
export const compensated = (traces: readonly (readonly [string, readonly Row[]])[]): string | undefined => {
  const needed = ['ShipmentRejected', 'PickListCancelled', 'StockReleased', 'FulfilmentCancelled'];
  return fastest(traces.filter(([, rows]) => isWhole(rows) && needed.every((event) => says(rows, event))));
};

const ALL = ['gateway', 'orders', 'coordinator', 'inventory', 'warehouse', 'shipping', 'notification'];

/** Everybody has a span in it, and none has lost its parent. */
const isWhole = (rows: readonly Row[]): boolean =>
  ALL.every((name) => servicesOf(rows).includes(name)) &&
  rows.filter(({ parent }) => parent === undefined).length === 1;

const says = (rows: readonly Row[], event: string): boolean => rows.some(({ name }) => name === `react ${event}`);

const fastest = (traces: readonly (readonly [string, readonly Row[]])[]): string | undefined =>
  traces.toSorted(([, one], [, other]) => lastEnd(one) - lastEnd(other))[0]?.[0];

export const lastEnd = (rows: readonly Row[]): number => Math.max(0, ...rows.map(({ end }) => end));
