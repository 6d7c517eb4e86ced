import { identifier, MAX_STOCK_QUANTITY } from '@baton/contracts';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { everyItem } from '../client/baton-client.js';
import { orderStatuses, type OrderStatus, type Page, type PageOptions } from '../client/views.js';
import { clientOf, type Connection, DEFAULT_URL } from './connection.js';
import { type Io, printable, say, sayJson } from './io.js';
import { addKpis } from './kpis.js';
import { publish, type PublishOptions } from './publish/command.js';
import { incidentsTable, ordersTable, orderPage, stockTable } from './views.js';

interface Listing extends Connection {
  readonly limit: number;
}

const EXIT_CODES = `
Exit codes:
  0  done
  1  a service refused or failed; of several orders, at least one
  2  the command line or the input is wrong; nothing was sent
  3  nobody answers at the address`;

const PUBLISH_HELP = `
Each line is an order as POST /orders takes it, or a CloudEvent in structured mode (OrderSubmitted,
OrderCancellationSubmitted). The whole input is checked first; if a line is not valid, nothing is sent.
The same order again changes nothing, so sending a file again is safe.`;

const integer =
  (least: number, most: number) =>
  (value: string): number => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

const brokers = (value: string): string => {
  if (/^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$/.test(value)) return value;
  throw new InvalidArgumentError('It must be host:port, several with commas.');
};

const id = (value: string): string => {
  const parsed = identifier.safeParse(value);
  if (parsed.success) return value;
  throw new InvalidArgumentError(`It ${parsed.error.issues[0]?.message ?? 'is not an identifier'}.`);
};

/** The `baton` command line. */
export const createProgram = (io: Io): Command => {
  const program = new Command('baton')
    .description('Publishes order events to Baton, and follows orders and stock.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .configureHelp({ helpWidth: 100 })
    .showHelpAfterError('(baton --help and baton COMMAND --help say more)')
    .addHelpText('after', EXIT_CODES);

  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--url <url>', `address of the gateway; else BATON_URL, else ${DEFAULT_URL}`)
      .option('--json', 'JSON for machines in place of text');
  const listing = (name: string, description: string): Command =>
    command(name, description).option('--limit <n>', 'show at most so many', integer(1, 1_000_000), 50);
  const json = (value: unknown): void => sayJson(io.stdout, value);
  const show = <Item>(
    options: Listing,
    { items, more }: Cut<Item>,
    table: (items: readonly Item[]) => string,
  ): void => {
    if (options.json) return json(items);
    say(io.stdout, table(items));
    if (more) say(io.stdout, `\nThe first ${items.length}; there are more, which --limit N shows.`);
  };

  command('publish', 'Publish order events from JSON lines, or sample orders')
    .addArgument(new Argument('[file]', 'JSON lines; - for standard input'))
    .option('--kafka <brokers>', 'write straight to Kafka (host:port, several with commas) in place of HTTP', brokers)
    .option('--concurrency <n>', 'HTTP requests at the same time', integer(1, 256), 8)
    .option('--skip-invalid', 'send what is valid, and only name the other lines')
    .addOption(new Option('--sample <name>', 'orders of a sample in place of a file').choices(['superstore']))
    .option('--count <n>', 'how many orders of the sample', integer(1, 1_000_000), 10)
    .option('--from <n>', 'the first of them, by its place in the sample', integer(1, 1_000_000), 1)
    .option(
      '--round <n>',
      'from 2 on, order ids get a suffix, so that the sample can be used again',
      integer(1, 1_000_000),
      1,
    )
    .addHelpText('after', PUBLISH_HELP)
    .action((file: string | undefined, options: PublishOptions) => publish(io, file, options));

  listing('orders', 'List orders, newest first')
    .addOption(new Option('--status <status>', 'only orders in this status').choices(orderStatuses))
    .action(async (options: Listing & { readonly status?: OrderStatus }) => {
      const { orders } = clientOf(io, options);
      const { status } = options;
      const list = (page: PageOptions) => orders.list({ ...page, ...(status && { status }) });
      show(options, await upTo(options.limit, list), ordersTable);
    });

  command('order', 'Show one order: its status, what it waits for, what happened to it')
    .argument('<order-id>', 'id of the order', id)
    .action(async (orderId: string, options: Connection) => {
      const order = await clientOf(io, options).orders.get(orderId);
      if (options.json) json(order);
      else say(io.stdout, orderPage(order, io.stdout));
    });

  command('cancel', 'Ask to cancel an order; what has gone out stays out')
    .argument('<order-id>', 'id of the order', id)
    .option('--reason <text>', 'why')
    .action(async (orderId: string, options: Connection & { readonly reason?: string }) => {
      const { reason } = options;
      const answer = await clientOf(io, options).orders.cancel(orderId, reason === undefined ? {} : { reason });
      if (options.json) json(answer);
      else say(io.stdout, `Asked to cancel order ${orderId}. "baton order ${orderId}" shows how that ends.`);
    });

  listing('stock', 'List stock per SKU and location')
    .argument('[sku]', 'only this SKU', id)
    .action(async (sku: string | undefined, options: Listing) => {
      const { stock } = clientOf(io, options);
      const one = async (known: string) => ({ items: [await stock.get(known)], more: false });
      const found = await (sku === undefined ? upTo(options.limit, (page) => stock.list(page)) : one(sku));
      show(options, found, stockTable);
    });

  command('replenish', 'Say that goods arrived; waiting backorders may get them at once')
    .argument('<sku>', 'what arrived', id)
    .argument('<location>', 'where', id)
    .argument('<quantity>', 'units', integer(1, MAX_STOCK_QUANTITY))
    .action(async (sku: string, location: string, quantity: number, options: Connection) => {
      const level = await clientOf(io, options).stock.replenish(sku, location, quantity);
      if (options.json) return json(level);
      const { onHand, reserved, served } = level;
      say(io.stdout, `${sku} at ${location}: ${onHand} on hand, ${reserved} reserved.`);
      for (const { orderId } of served) say(io.stdout, `Order ${printable(orderId)} got what it waited for.`);
    });

  listing('incidents', 'List open incidents: sagas that need an operator').action(async (options: Listing) => {
    const { incidents } = clientOf(io, options);
    show(options, await upTo(options.limit, (page) => incidents.list(page)), incidentsTable);
  });

  addKpis(command('kpis', 'Show cycle time, errors, utilisation, throughput and return on investment'), io);

  return program;
};

const MAX_PAGE = 200;

/** The beginning of a list, and whether it goes on. */
interface Cut<Item> {
  readonly items: readonly Item[];
  readonly more: boolean;
}

const upTo = async <Item>(limit: number, list: (options: PageOptions) => Promise<Page<Item>>): Promise<Cut<Item>> => {
  const items: Item[] = [];
  for await (const item of everyItem(list, Math.min(limit, MAX_PAGE))) {
    if (items.length === limit) return { items, more: true };
    items.push(item);
  }
  return { items, more: false };
};
