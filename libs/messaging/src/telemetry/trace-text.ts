import type { Headers } from '../transport/port.js';

/** W3C Trace Context, version 00: the trace's id, and whether it is recorded. */
const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})/;

/** Between a traceparent, which cannot hold it, and its tracestate. */
const SEPARATOR = ';';

/** What a row keeps of a trace: its traceparent and, if there is one, its tracestate. */
export const traceText = ({ traceparent, tracestate }: Headers): string | null => {
  if (traceparent === undefined) return null;
  return tracestate ? `${traceparent}${SEPARATOR}${tracestate}` : traceparent;
};

/** The trace that a row kept, as headers; rows of earlier releases have the traceparent alone. */
export const traceHeaders = (text: string | null): Headers => {
  if (text === null) return {};
  const at = text.indexOf(SEPARATOR);
  return at < 0 ? { traceparent: text } : { traceparent: text.slice(0, at), tracestate: text.slice(at + 1) };
};

/** A trace by its id, as telemetry backends name it. */
export interface TraceName {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** False for one that was not chosen when it began, so that no backend has it. */
  readonly isRecorded: boolean;
}

/** Which trace a row was made in; undefined where nothing was traced. */
export const traceOfText = (text: string | null): TraceName | undefined => {
  const [, traceId, flags] = TRACEPARENT.exec(text ?? '') ?? [];
  if (traceId === undefined || flags === undefined) return undefined;
  return { traceId, isRecorded: (Number.parseInt(flags, 16) & 1) === 1 };
};
