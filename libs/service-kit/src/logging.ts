import type { IncomingMessage } from 'node:http';
import type { PipelineLog } from '@baton/messaging';
import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';

/** pino's number for the level `info`. */
const INFO = 30;

/** What Nest says of each module and route at every start is of no use to an operator. */
const chatter = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'NestMicroservice',
]);

const isChatter = (details: unknown): boolean =>
  typeof details === 'object' && details !== null && 'context' in details && chatter.has(String(details.context));

/** JSON lines with the service's name and, inside a trace, its ids. Nothing that is logged holds personal data. */
export const makeLogger = (service: string, level: string, destination?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        logMethod(args, method, level) {
          if (level > INFO || !isChatter(args[0])) method.apply(this, args);
        },
      },
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const context = trace.getActiveSpan()?.spanContext();
        return context ? { trace_id: context.traceId, span_id: context.spanId } : {};
      },
    },
    destination ?? pino.destination({ fd: 1, sync: false }),
  );

/**
 * Gives each request a logger of the service that was asked, which nestjs-pino then takes: its own would be that of the
 * first service of a process. A request's headers, query and body may name a person or hold a secret: of a request only
 * method and path are kept.
 */
export const logRequestsBy =
  (logger: Logger) =>
  (request: IncomingMessage & { log?: Logger }, _response: unknown, next: () => void): void => {
    const { method, url = '/' } = request;
    request.log = logger.child({ req: { method, path: url.split('?', 1)[0] } });
    next();
  };

/** The pipeline's view of a logger. */
export const pipelineLog = (logger: Logger): PipelineLog => ({
  info: (message, details) => logger.info(details ?? {}, message),
  warn: (message, details) => logger.warn(details ?? {}, message),
  error: (message, details) => logger.error(details ?? {}, message),
});
