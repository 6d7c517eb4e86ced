import { parseArgs } from 'node:util';

/** What to measure, and on what. */
export interface BenchOptions {
  /** Orders in flight, one figure each. */
  readonly widths: readonly number[];
  /** Length of each figure and of the warm-up before it, seconds. */
  readonly seconds: number;
  readonly warmup: number;
  readonly transport: 'kafka' | 'local';
  /** All services in this process, or a process each. */
  readonly processes: 'one' | 'each';
  /** Of every topic. */
  readonly partitions: number;
  /** Half of all orders want the same SKU. */
  readonly hot: boolean;
  /** A figure at half of the best throughput, for its latency. */
  readonly half: boolean;
  /** Figures at so many orders a second, however many are in flight. */
  readonly paces: readonly number[];
  /** Plain SQL on the same Postgres, to compare with. */
  readonly floor: boolean;
  /** Figures with ever more finished sagas in the databases, and with waiting ones. */
  readonly growth: boolean;
  readonly finished: readonly number[];
  readonly waiting: number;
  /** CPU with nothing to do, for this many seconds; 0 leaves it out. */
  readonly idle: number;
  /** Folder for CPU profiles and what Postgres counted. */
  readonly profile: string | undefined;
}

export const USAGE = `npm run bench -- [option ...]

  --w N,N              orders in flight, one figure each        (1,32,256,2000; with --growth 256)
  --seconds N          length of a figure                       (10)
  --warmup N           before each figure, seconds              (3)
  --transport T        kafka | local                            (kafka)
  --processes P        one | each: services in one process, or a process each  (one)
  --partitions N       of each topic                            (4)
  --hot                half of all orders want the same SKU
  --half               one more figure at half of the best throughput
  --pace N,N           figures at so many orders a second, however many are in flight
  --floor              plain SQL on the same Postgres, and the ratio to it
  --growth             figures with ever more finished sagas, and with waiting backorders
  --finished N,N       how many finished ones                   (0,100000,1000000)
  --waiting N          how many waiting backorders              (10000)
  --idle [--idle-seconds N]  CPU with nothing to do, instead of figures  (60)
  --profile FOLDER     CPU profiles, statements and rows a saga; slower by some per cent

JSON lines on stdout, everything else on stderr. Exit code 1 when the books do not balance.
`;

/** The arguments do not fit; the message says which. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const count = (name: string, text: string, least: number): number => {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  throw new UsageError(`--${name} wants a number from ${least} on, not "${text}".`);
};

const counts = (name: string, text: string, least: number): readonly number[] =>
  text.split(',').map((each) => count(name, each, least));

const choice = <const Word extends string>(name: string, text: string, words: readonly Word[]): Word => {
  const word = words.find((each) => each === text);
  if (word !== undefined) return word;
  throw new UsageError(`--${name} is ${words.join(' or ')}, not "${text}".`);
};

/** @throws UsageError */
export const parseOptions = (args: readonly string[]): BenchOptions => {
  const { values } = parse(args);
  const whole = (['growth', 'idle'] as const).find((name) => values[name]);
  const left = (['floor', 'half', 'pace'] as const).find((name) => values[name]);
  if (whole !== undefined && left !== undefined) throw new UsageError(`--${whole} measures without --${left}.`);
  return {
    widths: counts('w', values.w ?? (values.growth ? '256' : '1,32,256,2000'), 1),
    seconds: count('seconds', values.seconds, 0.1),
    warmup: count('warmup', values.warmup, 0),
    transport: choice('transport', values.transport, ['kafka', 'local']),
    processes: choice('processes', values.processes, ['one', 'each']),
    partitions: count('partitions', values.partitions, 1),
    hot: values.hot,
    half: values.half,
    paces: values.pace === undefined ? [] : counts('pace', values.pace, 1),
    floor: values.floor,
    growth: values.growth,
    finished: counts('finished', values.finished, 0),
    waiting: count('waiting', values.waiting, 0),
    idle: values.idle ? count('idle-seconds', values['idle-seconds'], 1) : 0,
    profile: values.profile,
  };
};

const parse = (args: readonly string[]) => {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        w: { type: 'string' },
        seconds: text('10'),
        warmup: text('3'),
        transport: text('kafka'),
        processes: text('one'),
        partitions: text('4'),
        hot: flag,
        half: flag,
        pace: { type: 'string' },
        floor: flag,
        growth: flag,
        finished: text('0,100000,1000000'),
        waiting: text('10000'),
        idle: flag,
        'idle-seconds': text('60'),
        profile: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
};
