import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { endTelemetry } from '@baton/service-kit';
import { Command, InvalidArgumentError } from 'commander';
import colors from 'picocolors';
import { Board } from './board.js';
import { Auditor, balances, type Books } from './books.js';
import { startEmbedded } from './embedded.js';
import { refuseHeld, reset, settle } from './places.js';
import { startProcesses } from './processes-system.js';
import { stopOnSignals } from './processes.js';
import { loadCatalogue, nextOrders, nextPlace, publishOrders } from './sample.js';
import type { System } from './system.js';

const LOOK_MS = 400;
const DEFAULT_ORDERS = 50;
const DEFAULT_PORT = 7070;
/** Where `baton` looks when it is told nothing else. */
const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;

interface Options {
  readonly orders?: number;
  readonly untilDone?: boolean;
  readonly kafka?: boolean;
  readonly reset?: boolean;
  readonly data: string;
  readonly port: number;
  readonly speed: number;
  readonly staff: number;
}

const number =
  (least: number, most: number, whole = true) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`Give a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`);
    }
    return value;
  };

const command = new Command('npm start --')
  .description('Runs the whole system on this machine and lets it fulfil real orders.')
  .option(
    '--orders <n>',
    `publish the next n sample orders (default ${DEFAULT_ORDERS} on an empty database)`,
    number(0, 1_000_000),
  )
  .option('--until-done', 'stop when each of them has ended or waits for stock; exit code 0 if the books balance')
  .option('--kafka', 'real Kafka (KAFKA_BROKERS, or a broker that is started here), one process per service')
  .option('--reset', 'forget all data first')
  .option('--data <folder>', 'where data is kept', process.env.BATON_DATA ?? '.baton/data')
  .option('--port <n>', 'port of the gateway; 0 takes a free one', number(0, 65_535), DEFAULT_PORT)
  .option(
    '--speed <x>',
    'how fast carriers and staff work: 1 is seconds, 10 ten times as fast',
    number(0.01, 1_000, false),
    1,
  )
  .option('--staff <n>', 'how many people pick at the same time', number(1, 500), 24);

const say = (line: string): void => void process.stderr.write(`${colors.dim('·')} ${line}\n`);

/** Runs the command line of `npm start`; ends the process. */
export const run = async (argv: readonly string[]): Promise<void> => {
  command.parse(argv, { from: 'user' });
  const options = command.opts<Options>();
  const begun = performance.now();
  const folder = resolve(options.data.replace(/^~(?=\/)/, homedir()), options.kafka ? 'kafka-mode' : 'embedded');
  refuseHeld(folder);
  if (options.reset) reset(folder);
  const { KAFKA_BROKERS } = process.env;
  if (options.reset && options.kafka && KAFKA_BROKERS !== undefined) {
    say(`${KAFKA_BROKERS} keeps its topics, and what they hold is handled again; remove them if that is not wanted`);
  }
  say(`data is kept in ${folder}`);
  const places = await settle(folder, options.port);
  if (places.portMoved) say(`port ${options.port} is taken; the gateway listens on ${places.gatewayPort}`);
  const world = { deliverySeconds: 2 / options.speed, packingSeconds: 0.5 / options.speed, staff: options.staff };

  const stopping = new AbortController();
  let system: System | undefined;
  const starting: Promise<System> = options.kafka
    ? startProcesses(places, world, say)
    : startEmbedded(places, world, say);
  const stop = async (): Promise<void> => {
    stopping.abort();
    say('stopping: what is at hand is finished first …');
    system ??= await starting.catch(() => undefined);
    await system?.stop();
    await endTelemetry();
  };
  stopOnSignals(stop);
  system = await starting;
  void system.gaveUp.then(async (reason) => {
    if (stopping.signal.aborted) return;
    process.stderr.write(`${colors.red('✗')} ${reason.message}\n  The log is ${join(folder, 'baton.log')}.\n`);
    await stop();
    process.exit(1);
  });
  say(`everything is up after ${seconds(begun)} s`);

  const auditor = new Auditor((database) => (system as System).databaseUrl(database));
  try {
    const orderIds = await publish(system, auditor, options, stopping.signal);
    if (options.untilDone) {
      await watch(auditor, orderIds, stopping.signal);
      const books = await auditor.books(orderIds);
      await system.stop();
      await endTelemetry();
      finish(books, orderIds.length, seconds(begun));
    } else {
      explain(system, folder, await nextPlace(auditor, orderIds));
      await watchForever(auditor, orderIds, stopping.signal);
    }
  } finally {
    await auditor.close();
  }
};

const publish = async (
  system: System,
  auditor: Auditor,
  options: Options,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  await loadCatalogue(system.url, say);
  const count = options.orders ?? ((await auditor.isEmpty()) ? DEFAULT_ORDERS : 0);
  const orders = await nextOrders(system, auditor, count, say);
  if (orders.length > 0) say(`publishing ${orders.length} orders to orders-intake`);
  await publishOrders(system.transport, orders, signal);
  return orders.map(({ orderId }) => orderId);
};

/** Shows progress until every order has ended or waits for stock, and its mails are sent. */
const watch = async (auditor: Auditor, orderIds: readonly string[], signal: AbortSignal): Promise<void> => {
  const board = new Board();
  for (;;) {
    signal.throwIfAborted();
    // A database that is being started again is looked at once more.
    const left = await auditor.unsettled(orderIds).catch(() => undefined);
    const progress = await auditor.progress(orderIds).catch(() => undefined);
    if (progress) board.show(progress, orderIds.length);
    if (left === 0) break;
    await pause(LOOK_MS, undefined, { signal });
  }
  board.end();
};

const watchForever = async (auditor: Auditor, orderIds: readonly string[], signal: AbortSignal): Promise<void> => {
  const board = new Board();
  while (!signal.aborted) {
    const progress = await auditor.progress(orderIds).catch(() => undefined);
    if (progress && orderIds.length > 0) board.show(progress, orderIds.length);
    await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
};

const explain = ({ url, brokers }: System, folder: string, sampleFrom: number): void => {
  process.stderr.write(`
  ${colors.bold('Baton runs.')}  Ctrl-C stops it; the next start goes on where it stopped.

    orders      ${url}/orders
    one order   ${url}/orders/CA-2014-103800
    mails       ${url}/mails
    the API     ${url}/
    log         ${join(folder, 'baton.log')}${brokers === undefined ? '' : `\n    Kafka       ${brokers}`}

  Try next:${url === DEFAULT_URL ? '' : `\n    export BATON_URL=${url}`}
    npm run baton -- orders
    npm run baton -- publish --sample superstore --from ${sampleFrom}
    npm run baton -- order CA-2014-103800
    npm run baton -- stock

`);
};

const finish = (books: Books, asked: number, took: number): void => {
  const ok = balances(books, asked);
  process.stderr.write(
    ok
      ? `${colors.green('✓')} the books balance\n`
      : `${colors.red('✗')} the books do not balance: see ${colors.bold('placed = completed + cancelled + waiting')}\n`,
  );
  process.stdout.write(`${JSON.stringify({ ...books, seconds: took })}\n`);
  process.exitCode = ok ? 0 : 1;
};

const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10;
