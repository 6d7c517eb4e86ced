/** RFC 9457 problem details, as every service answers with them. */
export interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly [member: string]: unknown;
}

/** The gateway's word for a service that nobody reaches. */
const SERVICE_AWAY = new Set([502, 503, 504]);

/** A service understood the request and said no, or failed at it. */
export class BatonError extends Error {
  override readonly name = 'BatonError';
  constructor(
    /** HTTP status. */
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(describe(status, problem));
  }

  /** No service has refused anything: the one behind the gateway is away. */
  get isAway(): boolean {
    return SERVICE_AWAY.has(this.status);
  }
}

/** No service answered: refused connections, unknown hosts, no answer in time. */
export class BatonUnreachable extends Error {
  override readonly name = 'BatonUnreachable';
  constructor(
    readonly url: string,
    options: { readonly cause: unknown },
  ) {
    super(`Baton does not answer at ${url}: ${reasonOf(options.cause)}`, options);
  }
}

const describe = (status: number, { title, detail }: Problem): string =>
  `${detail ?? title ?? 'The answer says no more.'} (HTTP ${status})`;

/** What lies behind fetch's "fetch failed". */
const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'TimeoutError') return 'no answer in time';
  const inner = cause.cause as (Error & { readonly code?: string; readonly errors?: readonly Error[] }) | undefined;
  // Several addresses were tried, and the outer error has no text of its own.
  const deepest = inner?.errors?.[0] ?? inner;
  return deepest?.message || inner?.code || cause.message;
};
