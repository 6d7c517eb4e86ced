/** Where a transport says what an operator should know. Nothing of a record's content is ever logged. */
export interface TransportLogger {
  info(message: string, details?: Readonly<Record<string, unknown>>): void;
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
  /** What the client library says; of use to somebody who looks for a fault. */
  debug?(message: string, details?: Readonly<Record<string, unknown>>): void;
}

export const silent: TransportLogger = { info: () => {}, warn: () => {} };

/** The message of whatever was thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s+/g, ' ').trim();
}
