import { readFile } from 'node:fs/promises';
import { superstoreOrders } from '../../sample/superstore.js';
import { Finished, exitCodes, UsageError } from '../exit-codes.js';
import { type Io, printable, say, sayJson } from '../io.js';
import { Progress } from '../progress.js';
import { clientOf, type Connection } from '../connection.js';
import { type Entry, type Fault, orderEntry, parseLines } from './entries.js';
import { publishOverHttp, type RefusedEntry } from './over-http.js';
import { publishOverKafka } from './over-kafka.js';

export interface PublishOptions extends Connection {
  readonly kafka?: string;
  readonly concurrency: number;
  readonly skipInvalid?: boolean;
  readonly sample?: string;
  readonly count: number;
  readonly from: number;
  readonly round: number;
}

/** Faults and refusals that are listed; a file of the wrong kind has one in each line. */
const LISTED = 20;

/** `baton publish`: everything is checked before anything is sent. */
export const publish = async (io: Io, file: string | undefined, options: PublishOptions): Promise<void> => {
  const { entries, faults, name } = await inputOf(io, file, options);
  for (const { line, reason } of faults.slice(0, LISTED)) say(io.stderr, `${name}:${line}: ${printable(reason)}`);
  if (faults.length > LISTED) say(io.stderr, `… and ${faults.length - LISTED} more lines that are no events`);
  if (faults.length > 0 && !options.skipInvalid) {
    throw new UsageError(
      `${count(faults.length, 'line')} of ${name} not valid; nothing was sent. --skip-invalid leaves them out.`,
    );
  }
  if (entries.length === 0) throw new UsageError(`There is no event in ${name}.`);

  const { refused, published } = await send(io, entries, options);
  report(io, options, { published, refused, skipped: faults });
  if (refused.length > 0) throw new Finished(exitCodes.failed);
};

const inputOf = async (io: Io, file: string | undefined, options: PublishOptions) => {
  const { sample, count: wanted, from, round } = options;
  if (sample === undefined) {
    if (file === undefined)
      throw new UsageError('Name a FILE of JSON lines, - for standard input, or --sample superstore.');
    const name = file === '-' ? 'standard input' : file;
    return { name, ...parseLines(file === '-' ? await readAll(io.stdin) : await read(file)) };
  }
  if (file !== undefined) throw new UsageError('A FILE and --sample at the same time: which of the two?');
  const orders = superstoreOrders({ round }).slice(from - 1, from - 1 + wanted);
  return { name: `the ${sample} sample from order ${from} on`, entries: orders.map(orderEntry), faults: [] };
};

const read = async (file: string): Promise<Buffer> => {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`${file} can not be read: ${(error as Error).message}`, { cause: error });
  }
};

const readAll = async (stream: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const send = async (io: Io, entries: readonly Entry[], options: PublishOptions) => {
  const progress = new Progress(io.stderr, entries.length);
  let published = 0;
  const onSent = (sent: number): void => {
    published += sent;
    progress.add(sent);
  };
  try {
    if (options.kafka === undefined) {
      const client = clientOf(io, options);
      return {
        refused: await publishOverHttp(entries, { client, concurrency: options.concurrency, onSent }),
        published,
      };
    }
    const brokers = options.kafka.split(',').map((broker) => broker.trim());
    await publishOverKafka(entries, { brokers, onSent });
    return { refused: [], published };
  } catch (error) {
    progress.end();
    say(io.stderr, `${published} of ${count(entries.length, 'event')} sent. Sending all again is safe.`);
    throw error;
  } finally {
    progress.end();
  }
};

interface Result {
  readonly published: number;
  readonly refused: readonly RefusedEntry[];
  readonly skipped: readonly Fault[];
}

const report = (io: Io, { json, kafka }: PublishOptions, result: Result): void => {
  if (json) {
    sayJson(io.stdout, result);
    return;
  }
  const { published, refused, skipped } = result;
  for (const { line, orderId, detail } of refused.slice(0, LISTED)) {
    say(io.stderr, `${line === undefined ? '' : `line ${line}: `}order ${orderId} was refused: ${printable(detail)}`);
  }
  if (refused.length > LISTED) say(io.stderr, `… and ${refused.length - LISTED} more were refused`);
  const parts = [
    `${count(published, 'event')} ${kafka === undefined ? 'accepted' : 'written to Kafka'}`,
    ...(refused.length > 0 ? [`${refused.length} refused`] : []),
    ...(skipped.length > 0 ? [`${count(skipped.length, 'line')} skipped`] : []),
  ];
  say(io.stdout, `${parts.join(', ')}.`);
};

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
