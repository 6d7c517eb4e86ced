import type { DueSource, Gathering, RetentionPlan } from '@baton/messaging';
import type { Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { MigrationInterface } from 'typeorm';
import type { z } from 'zod';
import type { ServiceMetrics } from './measuring.js';

/** The names of the services; also their databases, consumer groups and telemetry service names (`baton-…`). */
export type ServiceName =
  | 'orders'
  | 'coordinator'
  | 'inventory'
  | 'warehouse'
  | 'shipping'
  | 'notification'
  | 'gateway';

/** All that a service says about itself; `startService` and `runService` do the rest, the same for every service. */
export interface ServiceDefinition<Config extends z.ZodObject = z.ZodObject> {
  readonly name: ServiceName;
  /** One sentence for the API's documentation. */
  readonly doc: string;
  /** Nest module with the service's controllers (reactions and API) and providers. */
  readonly module: Type;
  /** TypeORM entities of the service's own tables; empty for a service without a database. */
  readonly entities: readonly (new () => object)[];
  /** Migrations of those tables, oldest first; those of the messaging tables are added. */
  readonly migrations: readonly (new () => MigrationInterface)[];
  /**
   * The service's own settings, each key the name of an environment variable. Checked at the start; a value that does
   * not fit ends the process with the variable's name and the remedy. Injected as `@Inject(CONFIG)`.
   */
  readonly config?: Config;
  readonly dueSources?: readonly DueSource[];
  /** Which messages may wait for company before they are handled, and how long. */
  readonly gathering?: Gathering;
  /** What leaves for archives, and what is dropped after the retention. */
  readonly retention?: RetentionPlan;
  readonly metrics?: ServiceMetrics;
  /** Largest JSON body, such as `1mb`; false when bodies are not parsed at all. */
  readonly bodyLimit?: string | false;
  /** Changes the application before it listens, for what decorators cannot say (the gateway's proxies). */
  readonly prepare?: (app: NestExpressApplication) => void;
}

/** Injection token of the service's own settings, parsed. */
export const CONFIG = Symbol('baton:config');

/** Declares a service. */
export const defineService = <Config extends z.ZodObject>(
  definition: ServiceDefinition<Config>,
): ServiceDefinition<Config> => definition;
