import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Auditor } from '@baton/run';
import { audit } from './audit.js';
import { Counters } from './counters.js';
import { type Figure, figureOf, rounded, until, watch } from './figure.js';
import { measureFloor } from './floor.js';
import { History } from './growth.js';
import { machineOf } from './machine.js';
import type { BenchOptions } from './options.js';
import { profileReport } from './profile-report.js';
import { LOCATION, Shop, SKUS, skuOf } from './shop.js';
import { StatementCounts } from './statements.js';
import { type BenchSystem, startSystem } from './system.js';

type Print = (line: object) => void;
type Say = (line: string) => void;

const ON_HAND = 100_000_000;
/** What is under way when a figure ends, and what its mails and books need to settle, may take this long. */
const DRAIN_MS = 120_000;
/** Before the first figure the code is warmed up with so many in flight: one order at a time would take minutes. */
const WARM_WIDTH = 256;
/** And for so many times as long: Node's and Kafka's compilers take some seconds of real work to be done. */
const FIRST_WARM_UP = 3;
const QUIET_MS = 5_000;
const STOCK_UP_MS = 60_000;
const TEMPLATES = 10;

/**
 * Measures what the options ask for; each result is printed as one JSON line.
 * @throws AuditFailed when the books do not balance after a figure
 */
export const bench = async (options: BenchOptions, print: Print, say: Say): Promise<void> => {
  const system = await startSystem(options, say);
  try {
    print(machineOf(system.folder));
    await stockUp(
      system,
      Array.from({ length: SKUS }, (_, index) => skuOf(index)),
      ON_HAND,
    );
    const run = await Run.begin(system, options, say);
    const figures: Figure[] = [];
    const show = (figure: Figure): void => {
      figures.push(figure);
      print(figure);
    };
    try {
      if (options.idle > 0) return print(await run.idle());
      if (options.growth) return await run.growth(print);
      for (const width of options.widths) show(await run.closedLoop('closed-loop', width));
      const best = figures.reduce((one, other) => (other.sagas_per_s > one.sagas_per_s ? other : one));
      print({ ...best, figure: 'best' });
      if (options.half) print(await run.paced('half', best.sagas_per_s / 2));
      for (const pace of options.paces) print(await run.paced('paced', pace));
    } finally {
      await run.end();
    }
    if (options.floor) {
      await system.stopServices();
      print(await compare(system, options, figures));
    }
  } catch (error) {
    // The log goes with the folder.
    say(`The services' last words:\n${system.lastWords()}`);
    throw error;
  } finally {
    await system.stop();
  }
};

/** A system under load, one figure after another. */
class Run {
  private constructor(
    private readonly system: BenchSystem,
    private readonly options: BenchOptions,
    private readonly say: Say,
    private readonly shop: Shop,
    private readonly counters: Counters,
    private readonly auditor: Auditor,
  ) {}

  static async begin(system: BenchSystem, options: BenchOptions, say: Say): Promise<Run> {
    const shop = await Shop.open(await system.connect(), options.hot);
    const run = new Run(system, options, say, shop, new Counters(system), new Auditor(system.databaseUrl));
    shop.keep(WARM_WIDTH);
    await run.warmUp(WARM_WIDTH, FIRST_WARM_UP);
    await run.settle();
    return run;
  }

  async closedLoop(name: string, width: number): Promise<Figure> {
    this.say(`${name}: ${width} in flight …`);
    this.shop.keep(width);
    return this.figure(name, width);
  }

  /** So many orders a second, whatever becomes of them. */
  async paced(name: string, perSecond: number): Promise<Figure> {
    this.say(`${name}: ${Math.round(perSecond)} orders a second …`);
    this.shop.pace(perSecond);
    return this.figure(name, null);
  }

  async growth(print: Print): Promise<void> {
    const { widths, finished, waiting } = this.options;
    const history = new History(this.system.databaseUrl);
    const all = async (done: number, idle: number): Promise<void> => {
      for (const width of widths) {
        print({ ...(await this.closedLoop('growth', width)), finished: done, waiting: idle });
      }
    };
    await all(0, 0);
    if (waiting > 0) {
      this.say(`${waiting} orders that wait for stock …`);
      await history.letWait(waiting, this.shop, (skus) => stockUp(this.system, skus, 0));
    }
    for (const count of finished) {
      if (count > 0) {
        this.say(`${count} finished sagas …`);
        await history.grow(count, await this.templates());
      }
      if (count > 0 || waiting > 0) await all(count, waiting);
    }
  }

  /** What everything uses while there is nothing to do, as per cent of one core. */
  async idle(): Promise<object> {
    const { idle: seconds, transport, processes } = this.options;
    // In one process the shop would be counted with the services.
    await this.shop.close();
    await pause(QUIET_MS);
    this.say(`idle for ${seconds} s …`);
    const before = await this.counters.read();
    await pause(seconds * 1_000);
    const after = await this.counters.read();
    const percent = (name: 'node' | 'kafka' | 'postgres'): number =>
      rounded(((after[name] - before[name]) / seconds) * 100);
    return {
      figure: 'idle',
      transport,
      processes,
      seconds,
      node_percent: percent('node'),
      kafka_percent: percent('kafka'),
      postgres_percent: percent('postgres'),
    };
  }

  async end(): Promise<void> {
    await this.shop.close();
    await Promise.all([this.counters.close(), this.auditor.close()]);
  }

  private async figure(name: string, width: number | null): Promise<Figure> {
    const { options, system } = this;
    const { profile, seconds } = options;
    const ends = width ?? 1;
    await this.warmUp(ends);
    const counting = profile === undefined ? undefined : new StatementCounts(system.databaseUrl);
    if (counting) {
      await counting.begin();
      await system.host.startProfile();
    }
    const stretch = await watch(this.counters, this.shop, system.host.pids, { seconds, ends });
    const figure = figureOf(name, width, options, stretch);
    if (profile !== undefined && counting) {
      const folder = join(profile, `${name}-${width ?? 'paced'}`);
      mkdirSync(folder, { recursive: true });
      const statements = await counting.report(figure.sagas);
      await system.host.stopProfile(folder);
      const report = `${JSON.stringify(figure)}\n\n${profileReport(folder, figure.sagas)}\n\n${statements}\n`;
      writeFileSync(join(folder, 'report.txt'), report);
      this.say(report);
    }
    await this.settle();
    return figure;
  }

  /** Lets the load run for a while, and on until the first wave of orders has ended. */
  private async warmUp(ends: number, times = 1): Promise<void> {
    this.shop.listen();
    await until(this.shop, times * this.options.warmup, ends);
    this.shop.take();
  }

  /** Lets everything end, and audits the books. */
  private async settle(): Promise<void> {
    await this.shop.drain(DRAIN_MS);
    await audit(this.auditor, this.shop.takeSubmitted(), DRAIN_MS);
  }

  /** Ended orders in the usual mixture: the one of ten that is cancelled among them. */
  private async templates(): Promise<readonly string[]> {
    this.shop.keep(TEMPLATES);
    await this.shop.drain(DRAIN_MS);
    const ids = this.shop.takeSubmitted();
    await audit(this.auditor, ids, DRAIN_MS);
    return ids;
  }
}

/** Imports these SKUs with so many units each. */
const stockUp = async (system: BenchSystem, skus: readonly string[], onHand: number): Promise<void> => {
  const response = await fetch(`${system.host.inventoryUrl}/stock/import`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(STOCK_UP_MS),
    body: JSON.stringify({ items: skus.map((sku) => ({ sku, location: LOCATION, onHand })) }),
  });
  if (!response.ok) throw new Error(`Stock was not imported: ${response.status} ${await response.text()}`);
};

const compare = async (system: BenchSystem, { seconds }: BenchOptions, figures: readonly Figure[]): Promise<object> => {
  const floor = await measureFloor(system.databaseUrl, seconds);
  const best = Math.max(...figures.map(({ sagas_per_s: rate }) => rate));
  const alone = figures.find(({ w }) => w === 1);
  return {
    figure: 'floor',
    ...floor,
    best,
    ratio: rounded(best / floor.floor),
    ratio_batched: rounded(best / floor.floor_batched, 3),
    ...(alone && { p50_ms: alone.p50_ms, p50_ratio: rounded(alone.p50_ms / floor.floor_p50_ms) }),
  };
};
