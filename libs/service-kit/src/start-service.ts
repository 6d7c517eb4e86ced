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
  type Transport,
} from '@baton/messaging';
import { topicDeclarations } from '@baton/contracts';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import type { NestMicroservice } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Logger as NestLogger, LoggerModule } from 'nestjs-pino';
import type { DestinationStream } from 'pino';
import { DataSource } from 'typeorm';
import { baseConfig, ConfigError, readConfig } from './config.js';
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
  let transport: Transport | undefined;
  let pipeline: PipelineRuntime | undefined;
  let dataSource: DataSource | undefined;
  let housekeeper: Housekeeper | undefined;
  if (hasDatabase) {
    const settings = retentionOf(config);
    const databaseUrl = config.DATABASE_URL;
    if (databaseUrl === undefined)
      throw new ConfigError('DATABASE_URL is missing: the Postgres database of this service.');
    dataSource = await openDatabase(definition, databaseUrl, log, options.signal);
    transport = options.transport ?? (await connectTransport(definition.name, config, log, options.signal));
    await transport.ensureTopics(topicDeclarations);
    const { name: service, dueSources = [], gathering = {}, retention: plan = {} } = definition;
    const keeper = new Housekeeper({ service, dataSource, plan, settings, log });
    // It may have gone while the brokers were waited for.
    await onceThere(log, options.signal, () => keeper.start());
    housekeeper = keeper;
    pipeline = new PipelineRuntime({ service, databaseUrl, dataSource, transport, log, dueSources, gathering });
  }

  const providers: Provider[] = [
    { provide: CONFIG, useValue: own },
    { provide: BASE_CONFIG, useValue: config },
    { provide: PIPELINE, useValue: pipeline },
    ...(pipeline ? [{ provide: Pipeline, useValue: pipeline }, PerformerFinder, PlainReactions] : []),
  ];
  const root: DynamicModule = {
    module: RootModule,
    global: true,
    imports: [
      LoggerModule.forRoot({ pinoHttp: { logger }, useExisting: true }),
      TerminusModule.forRoot({ logger: false }),
      DiscoveryModule,
      ...(dataSource ? [TypeOrmModule.forRootAsync(existing(dataSource))] : []),
      definition.module,
    ],
    controllers: [HealthController, ...(pipeline ? [DeadLettersController] : [])],
    providers,
    exports: providers,
  };

  const app = await NestFactory.create<NestExpressApplication>(root, {
    bufferLogs: true,
    rawBody: true,
    bodyParser: false,
    abortOnError: false,
  });
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
  if (pipeline) {
    const performers = app.get(PerformerFinder).find();
    const plain = app.get(PlainReactions).find();
    const server = app.connectMicroservice(
      { strategy: new ReactionServer(pipeline, performers, plain) },
      { inheritAppConfig: false, deferInitialization: true },
    ) as NestMicroservice;
    server.useGlobalFilters(new ReactionErrors());
    // Else its start would call the hooks of all providers again.
    server.setIsInitHookCalled(true);
    await app.startAllMicroservices();
  }
  answerUnreadable(app.getHttpServer());
  const stopsAnswering = lastAnswers(app.getHttpServer());
  await app.listen(config.PORT, config.HOST);
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`;
  log.info('Listening', { url });

  const database = dataSource;
  const unobserve = database
    ? observeService(definition.name, definition.metrics, (sql, params = []) => database.query(sql, [...params]))
    : undefined;

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    unobserve?.();
    await housekeeper?.stop();
    // Requests under way are answered first; what then still waits (for a Postgres that is away) is cut off.
    const server = app.getHttpServer();
    stopsAnswering();
    const cut = setTimeout(() => server.closeAllConnections(), ANSWER_DEADLINE_MS);
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    await app.close().finally(() => {
      clearTimeout(cut);
      clearInterval(sweep);
    });
    if (!options.transport) await transport?.close();
    log.info('Stopped');
  };
  return { name: definition.name, url, app, pipeline, housekeeper, stop: () => (stopping ??= stop()) };
};

/** The data source that exists already, as Nest's module wants it: made by a factory. */
const existing = (dataSource: DataSource) => ({
  useFactory: () => ({ type: 'postgres' as const }),
  dataSourceFactory: () => Promise.resolve(dataSource),
});
