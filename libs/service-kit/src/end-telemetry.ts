/** Longest that a process waits for whoever takes its telemetry, milliseconds; one that is away holds no stop up. */
const PATIENCE_MS = 3_000;

let send = (): Promise<void> => Promise.resolve();

/** Says how to send what was traced and measured; called by whoever begins to trace and measure. */
export const onTelemetryEnd = (sends: () => Promise<void>): void => {
  send = sends;
};

/**
 * Sends what was traced and measured and is not sent yet. The last thing that a process does: what it finishes while it
 * stops belongs to the traces of its orders too, and whatever ends after this is told nowhere.
 */
export const endTelemetry = async (): Promise<void> => {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PATIENCE_MS);
  await Promise.race([send().catch(() => undefined), late]);
  clearTimeout(timer);
};
