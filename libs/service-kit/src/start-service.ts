import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import {
  Housekeeper,
  PerformerFinder,
  Pipeline,
  PipelineRuntime,
  PlainReactions,
  ReactionErrors,
  ReactionServer,
  type PipelineLog,
  type Transport,
} from '@baton/messaging';
import { topicDeclarations } from '@baton/contracts';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import type { NestMicroservice } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TerminusModule } from '@nestjs/terminus';
import { Logger as NestLogger, LoggerModule } from 'nestjs-pino';
import type { DestinationStream, Logger } from 'pino';
import { DataSource } from 'typeorm';
import { type BaseConfig, baseConfig, ConfigError, readConfig } from './config.js';
import { onceThere, openDatabase } from './database.js';
import { readJson } from './json-bodies.js';
import { DeadLettersController } from './dead-letters.js';
import { HealthController } from './health.js';
import { lastAnswers } from './last-answers.js';
import { logRequestsBy, makeLogger, pipelineLog } from './logging.js';
import { observeService } from './measuring.js';
import { openApiOf, serveOpenApi } from './openapi.js';
import { ProblemFilter } from './problem.js';
import { CONFIG, type ServiceDefinition } from './service.js';
import { BASE_CONFIG, PIPELINE } from './tokens.js';
import { refuseUnknown } from './refuse-unknown.js';
import { retentionOf } from './retention.js';
import { connectTransport } from './transport.js';
import { answerUnreadable } from './unreadable.js';

/** How to start a service; what is left out comes from the environment. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A transport that several services of one process share; its owner closes it. */
  readonly transport?: Transport;
  readonly logDestination?: DestinationStream;
  /** Ends the waiting for a database or brokers that are not there. */
  readonly signal?: AbortSignal;
}

/** A service that runs. */
export interface RunningService {
  readonly name: string;
  /** Base address of its HTTP API. */
  readonly url: string;
  readonly app: NestExpressApplication;
  /** Absent in a service without a database. */
  readonly pipeline: PipelineRuntime | undefined;
  /** Works by itself; here for whoever cannot wait for it. Absent in a service without a database. */
  readonly housekeeper: Housekeeper | undefined;
  /** Takes nothing more in, finishes what is at hand, and closes everything. */
  stop(): Promise<void>;
}

/** How long requests under way may take when a service stops, milliseconds. */
const ANSWER_DEADLINE_MS = 5_000;
/** How often connections are closed meanwhile that have got their answer and are kept for another request. */
const SWEEP_MS = 50;

@Module({})
class RootModule {}

/**
 * Starts a service: settings, logs, database and migrations, pipeline, HTTP API with problems, health and OpenAPI.
 * @throws ConfigError when a setting is missing or does not fit
 */
export const startService = async (
  definition: ServiceDefinition,
  options: StartOptions = {},
): Promise<RunningService> => {
  const env = options.env ?? process.env;
  const config = readConfig(baseConfig, env);
  const own = definition.config ? readConfig(definition.config, env) : {};
  const logger = makeLogger(definition.name, config.LOG_LEVEL, options.logDestination);
  const log = pipelineLog(logger);

  const hasDatabase = definition.entities.length > 0;
  const parts = hasDatabase ? await partsWithDatabase(definition, config, log, options) : undefined;
  const app = await NestFactory.create<NestExpressApplication>(rootModule(definition, own, config, logger, parts), {
    bufferLogs: true,
    rawBody: true,
    bodyParser: false,
    abortOnError: false,
  });
  await prepare(app, definition, logger);
  if (parts) await startReactions(app, parts.pipeline, options.signal);
  answerUnreadable(app.getHttpServer());
  const stopsAnswering = lastAnswers(app.getHttpServer());
  await app.listen(config.PORT, config.HOST);
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`;
  log.info('Listening', { url });

  const unobserve =
    parts &&
    observeService(definition.name, definition.metrics, (sql, of = []) => parts.dataSource.query(sql, [...of]));

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    unobserve?.();
    await parts?.housekeeper.stop();
    stopsAnswering();
    await close(app);
    await parts?.dataSource.destroy();
    if (!options.transport) await parts?.transport.close();
    log.info('Stopped');
  };
  const { pipeline, housekeeper } = parts ?? {};
  return { name: definition.name, url, app, pipeline, housekeeper, stop: () => (stopping ??= stop()) };
};

/** What a service with a database has besides its HTTP API. */
interface Parts {
  readonly dataSource: DataSource;
  readonly transport: Transport;
  readonly housekeeper: Housekeeper;
  readonly pipeline: PipelineRuntime;
}

const partsWithDatabase = async (
  definition: ServiceDefinition,
  config: BaseConfig,
  log: PipelineLog,
  options: StartOptions,
): Promise<Parts> => {
  const { name: service, dueSources = [], gathering = {}, retention: plan = {} } = definition;
  const settings = retentionOf(config);
  const databaseUrl = config.DATABASE_URL;
  if (databaseUrl === undefined)
    throw new ConfigError('DATABASE_URL is missing: the Postgres database of this service.');
  const dataSource = await openDatabase(definition, databaseUrl, log, options.signal);
  const transport = options.transport ?? (await connectTransport(service, config, log, options.signal));
  await transport.ensureTopics(topicDeclarations, options.signal);
  const housekeeper = new Housekeeper({ service, dataSource, plan, settings, log });
  // It may have gone while the brokers were waited for.
  await onceThere(log, options.signal, () => housekeeper.start());
  const pipeline = new PipelineRuntime({ service, databaseUrl, dataSource, transport, log, dueSources, gathering });
  return { dataSource, transport, housekeeper, pipeline };
};

const rootModule = (
  definition: ServiceDefinition,
  own: object,
  config: BaseConfig,
  logger: Logger,
  parts: Parts | undefined,
): DynamicModule => {
  const providers: Provider[] = [
    { provide: CONFIG, useValue: own },
    { provide: BASE_CONFIG, useValue: config },
    { provide: PIPELINE, useValue: parts?.pipeline },
  ];
  if (parts) {
    // Not TypeOrmModule's: that keeps data sources by name for the whole process, and several services may share one.
    providers.push({ provide: DataSource, useValue: parts.dataSource });
    providers.push({ provide: Pipeline, useValue: parts.pipeline }, PerformerFinder, PlainReactions);
  }
  return {
    module: RootModule,
    global: true,
    imports: [
      LoggerModule.forRoot({ pinoHttp: { logger }, useExisting: true }),
      TerminusModule.forRoot({ logger: false }),
      DiscoveryModule,
      definition.module,
    ],
    controllers: [HealthController, ...(parts ? [DeadLettersController] : [])],
    providers,
    exports: providers,
  };
};

/** Sets the HTTP API up, alike for every service. */
const prepare = async (app: NestExpressApplication, definition: ServiceDefinition, logger: Logger): Promise<void> => {
  app.useLogger(app.get(NestLogger));
  app.use(logRequestsBy(logger));
  app.useGlobalFilters(new ProblemFilter());
  app.disable('x-powered-by');
  // Nobody asks again with it, and it would be made of every answer.
  app.disable('etag');
  definition.prepare?.(app);
  serveOpenApi(app, openApiOf(app, definition));
  refuseUnknown(app);
  const { bodyLimit = '1mb' } = definition;
  if (bodyLimit !== false) readJson(app, bodyLimit);
  await app.init();
};

const startReactions = async (
  app: NestExpressApplication,
  pipeline: PipelineRuntime,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const performers = app.get(PerformerFinder).find();
  const plain = app.get(PlainReactions).find();
  const server = app.connectMicroservice(
    { strategy: new ReactionServer(pipeline, performers, plain) },
    { inheritAppConfig: false, deferInitialization: true },
  ) as NestMicroservice;
  server.useGlobalFilters(new ReactionErrors());
  // Else its start would call the hooks of all providers again.
  server.setIsInitHookCalled(true);
  // Its start waits for the database as well.
  signal?.throwIfAborted();
  const giveUp = (): void => void pipeline.stop();
  signal?.addEventListener('abort', giveUp);
  await app.startAllMicroservices().finally(() => signal?.removeEventListener('abort', giveUp));
};

/** Requests under way are answered first; what then still waits (for a Postgres that is away) is cut off. */
const close = async (app: NestExpressApplication): Promise<void> => {
  const server = app.getHttpServer();
  const cut = setTimeout(() => server.closeAllConnections(), ANSWER_DEADLINE_MS);
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  await app.close().finally(() => {
    clearTimeout(cut);
    clearInterval(sweep);
  });
};
