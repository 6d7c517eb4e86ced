import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Settings that every service has; each key is the name of an environment variable. */
export const baseConfig = z.object({
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('Postgres database of this service alone, as `postgres://user:password@host:port/database`.'),
  KAFKA_BROKERS: z
    .string()
    .regex(/^\s*[^\s,:]+:\d{1,5}\s*(,\s*[^\s,:]+:\d{1,5}\s*)*$/, 'must be host:port, several with commas')
    .optional()
    .describe('Kafka brokers, as `host:port`, comma-separated. Absent: the local transport at `LOCAL_TRANSPORT_URL`.'),
  KAFKA_TLS: z
    .stringbool()
    .default(false)
    .describe("`true` for TLS to the brokers, with the system's certificate authorities."),
  KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .describe('SASL for the brokers; absent: none.'),
  KAFKA_SASL_USERNAME: z.string().optional().describe('Needed with `KAFKA_SASL_MECHANISM`.'),
  KAFKA_SASL_PASSWORD: z.string().optional().describe('Needed with `KAFKA_SASL_MECHANISM`.'),
  LOCAL_TRANSPORT_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('Postgres database of the local transport, one for all services; not used with Kafka.'),
  HOST: z.string().default('127.0.0.1').describe('Address that the HTTP server binds to.'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0).describe('Port of the HTTP server; 0 takes a free one.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('From which level on something is logged.'),
  READY_OUTBOX_AGE_S: z.coerce
    .number()
    .positive()
    .default(30)
    .describe('Longest age of an event that is committed and not published before the service is not ready, seconds.'),
  ARCHIVE_AFTER_MINUTES: z.coerce
    .number()
    .min(0)
    .max(1_000_000)
    .default(60)
    .describe('How long what has ended stays beside what is under way before it moves into the archive, minutes.'),
  RETENTION_DAYS: z.coerce
    .number()
    .positive()
    .max(36_500)
    .default(90)
    .describe(
      'How long archives, histories and answers to repeated requests are kept, days; at least 30, and as long as every ' +
        'topic keeps its records. What is older goes month by month.',
    ),
});
export type BaseConfig = z.infer<typeof baseConfig>;

/** The environment does not fit: which variables, and what would. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `NAME_FILE` names a file that holds the value of `NAME`, so that secrets need not stand in the environment. */
export const withFiles = (schema: z.ZodObject, env: Environment): Environment => {
  const values: Record<string, string | undefined> = {};
  for (const name of Object.keys(schema.shape)) {
    const file = env[`${name}_FILE`];
    if (env[name] !== undefined && env[name] !== '') values[name] = env[name];
    else if (file) values[name] = readSecret(name, file);
  }
  return values;
};

const readSecret = (name: string, file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(`${name}_FILE names ${file}, which cannot be read: ${(error as Error).message}`);
  }
};

/**
 * Reads settings from the environment.
 * @throws ConfigError naming each variable that does not fit
 */
export const readConfig = <Schema extends z.ZodObject>(schema: Schema, env: Environment): z.infer<Schema> => {
  const parsed = schema.safeParse(withFiles(schema, env));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ConfigError(`The environment does not fit. Set these variables (or NAME_FILE):\n  ${faults.join('\n  ')}`);
};
