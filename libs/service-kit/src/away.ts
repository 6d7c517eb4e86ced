/** What the driver and its pool say without a code: no answer in time, or a connection that broke. */
const BROKEN = /\btimeout\b|connection (terminated|error)|not queryable/i;

/**
 * True for an error of the infrastructure, which time mends: the network (codes such as ECONNREFUSED or EAI_AGAIN), or a
 * Postgres that breaks a connection off, has no room, or is starting or stopping (SQLSTATE 08, 53, 57).
 */
export const isAway = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { code, message } = error as Error & { readonly code?: unknown };
  if (typeof code !== 'string') return BROKEN.test(message);
  return /^(E(?!RR_)[A-Z]+(_[A-Z]+)?|08...|53...|57...)$/.test(code);
};
