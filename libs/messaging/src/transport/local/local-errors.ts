/** SQLSTATE classes that time cures: connection, rollback, resources, operator, system. */
const PASSING = new Set(['08', '40', '53', '55', '57', '58']);

/** The SQLSTATE of an error that Postgres answered with. */
function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Postgres is not there or not ready: what has no SQLSTATE comes from the connection. */
export function isAway(error: unknown): boolean {
  if (isRefused(error) || error instanceof NewerSchema) return false;
  const state = sqlState(error);
  return state === undefined || PASSING.has(state.slice(0, 2));
}

/** A newer version of this library has changed the schema; this one must not touch it. */
export class NewerSchema extends Error {
  constructor(schema: string, version: number, known: number) {
    super(
      `schema ${schema} has version ${version}, and this program knows it up to ${known}: ` +
        'a newer version of it has run here; start that one',
    );
    this.name = 'NewerSchema';
  }
}

/** The records themselves were refused. */
export class UnknownTopic extends Error {
  constructor(topic: string) {
    super(`topic ${topic} does not exist; ensureTopics makes it`);
    this.name = 'UnknownTopic';
  }
}

export const isRefused = (error: unknown): boolean =>
  error instanceof UnknownTopic || ['22', '54'].includes(sqlState(error)?.slice(0, 2) ?? '');
