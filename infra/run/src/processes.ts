import { setTimeout as sleep } from 'node:timers/promises';
import { type Exit, type Log, type Running, signal, within } from './processes-identity.js';

export type { Exit, Log, Running } from './processes-identity.js';
export { startNode, type NodeProgram } from './processes-node.js';

/** A process that is to run until it is stopped. */
export interface Supervised<Process extends Running = Running> {
  /** For people, and unique. */
  readonly name: string;
  /**
   * Starts it and resolves when it is ready; called again after each death. A rejection counts as a death. The signal is
   * aborted when everything is to stop: whoever can, ends the start then.
   */
  readonly start: (stopping: AbortSignal) => Promise<Process>;
}

/** Limits of a supervisor's patience; milliseconds. */
export interface SupervisorOptions {
  readonly log: Log;
  /** How many deaths within `window` are too many; what a start takes is no part of it, however long that is. */
  readonly deaths?: number;
  readonly window?: number;
  /** The wait before the first restart; it doubles with each death within the window, up to `longestPause`. */
  readonly pause?: number;
  readonly longestPause?: number;
  /** How long one process may take to stop before it is killed. */
  readonly stopDeadline?: number;
}

/** Restarts what dies, until it dies too often. */
export interface Supervisor {
  /** Starts a process and keeps it running. Rejects when the first start fails. */
  supervise<Process extends Running>(process: Supervised<Process>): Promise<Process>;
  /** The process that runs under this name now, if one does. */
  running(name: string): Running | undefined;
  /** Stops everything, the last started first; nothing is restarted any more. */
  stopAll(): Promise<void>;
  /** Resolves with the reason when a process has died too often; the caller then stops all and ends. Never rejects. */
  readonly gaveUp: Promise<Error>;
}

interface Entry {
  readonly process: Supervised;
  running: Running | undefined;
  starting: Promise<unknown> | undefined;
  deaths: readonly number[];
}

/**
 * Makes a supervisor. When this process ends without stopAll, by an exit or an uncaught error, what still runs gets its
 * parting signal, so that nothing outlives us but what a kill -9 leaves: for that, Node programs end when the channel to us
 * closes, and startPostgres and startKafka end what an earlier run has left.
 */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { log, deaths = 5, window = 60_000, pause = 200, longestPause = 5_000, stopDeadline = 30_000 } = options;
  const entries: Entry[] = [];
  const stopped = new AbortController();
  const gaveUp = Promise.withResolvers<Error>();
  const part = (): void => {
    for (const { running } of entries)
      if (running !== undefined) signal(running.pid, running.partingSignal ?? 'SIGKILL');
  };
  process.on('exit', part);

  const watch = (entry: Entry, running: Running): void => {
    entry.running = running;
    void running.exited.then((exit) => {
      entry.running = undefined;
      if (!stopped.signal.aborted) entry.starting = restart(entry, `died (${describe(exit)})`);
    });
  };

  const restart = async (entry: Entry, what: string): Promise<void> => {
    const { name, start } = entry.process;
    const now = Date.now();
    entry.deaths = [...entry.deaths.filter((at) => now - at < window), now];
    const count = entry.deaths.length;
    if (count >= deaths) {
      gaveUp.resolve(new Error(`${name} ${what}, ${count} times within ${window / 1000} s. Giving up.`));
      return;
    }
    log(`${name} ${what}; starting it again`);
    await sleep(Math.min(pause * 2 ** (count - 1), longestPause), undefined, { signal: stopped.signal }).catch(
      () => {},
    );
    if (stopped.signal.aborted) return;
    const begun = Date.now();
    // Else a start that fails only after a minute would be tried for ever.
    const leaveOutStart = (): void => {
      entry.deaths = entry.deaths.map((at) => at + Date.now() - begun);
    };
    try {
      const running = await start(stopped.signal);
      leaveOutStart();
      watch(entry, running);
      if (stopped.signal.aborted) return await running.stop();
      log(`${name} is back (pid ${running.pid})`);
    } catch (error) {
      leaveOutStart();
      if (!stopped.signal.aborted)
        await restart(entry, `did not start (${error instanceof Error ? error.message : String(error)})`);
    }
  };

  const stop = async (entry: Entry): Promise<void> => {
    // A start under way ends first: it may have made half a database.
    if (entry.starting !== undefined) await within(stopDeadline, entry.starting);
    const { running } = entry;
    if (running === undefined) return;
    void running.stop().catch(() => {});
    if (await within(stopDeadline, running.exited)) return;
    log(`${entry.process.name} did not stop within ${stopDeadline / 1000} s; killing it`);
    signal(running.pid, 'SIGKILL');
    await within(5_000, running.exited);
  };

  let stopping: Promise<void> | undefined;
  return {
    gaveUp: gaveUp.promise,
    running: (name) => entries.find((entry) => entry.process.name === name)?.running,
    supervise: async (supervised) => {
      if (stopped.signal.aborted) throw new Error(`${supervised.name} is not started: everything is being stopped.`);
      const entry: Entry = { process: supervised, running: undefined, starting: undefined, deaths: [] };
      entries.push(entry);
      const first = supervised.start(stopped.signal).then(async (running) => {
        watch(entry, running);
        if (stopped.signal.aborted) await running.stop();
        return running;
      });
      entry.starting = first.catch(() => {});
      return first;
    },
    stopAll: () =>
      (stopping ??= (async () => {
        stopped.abort();
        for (const entry of entries.toReversed()) await stop(entry);
        process.off('exit', part);
      })()),
  };
}

/**
 * Calls `stop` once at the first SIGINT, SIGTERM or SIGHUP and then ends this process with the signal's exit code. A
 * second one, more than a second later (a terminal and a parent may both deliver the same Ctrl-C), ends it at once.
 * When our own parent is killed the same happens, if it gave us a channel (`stdio: 'ipc'`).
 */
export function stopOnSignals(stop: (name: NodeJS.Signals) => Promise<void>): void {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  let first: number | undefined;
  const act = (name: keyof typeof codes): void => {
    if (first !== undefined) {
      if (Date.now() - first > 1_000) process.exit(codes[name]);
      return;
    }
    first = Date.now();
    const end = (): never => process.exit(codes[name]);
    stop(name).then(end, end);
  };
  for (const name of Object.keys(codes) as (keyof typeof codes)[]) process.on(name, () => act(name));
  process.once('disconnect', () => act('SIGTERM'));
  process.channel?.unref(); // listening alone must not keep us alive
}

function describe({ code, signal: by }: Exit): string {
  return by ?? (code === null ? 'gone' : `exit code ${code}`);
}
