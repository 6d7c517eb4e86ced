import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { endProcess, type Exit, type Running, within } from './processes-identity.js';

/** A Node program to run as a child. */
export interface NodeProgram {
  /** Path of the built main file. */
  readonly file: string;
  /** Options for node itself, such as `--import`. */
  readonly nodeArgs?: readonly string[];
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Takes each line that it writes to stdout or stderr. */
  readonly onLine?: (line: string) => void;
  /** Resolves when it is ready to work, for instance when its health address answers; told when it has ended before. */
  readonly ready?: (ended: AbortSignal) => Promise<void>;
  /** Ends the start, and the program with it, when it is aborted before it is ready. */
  readonly signal?: AbortSignal;
  /** Milliseconds for `ready`, and for stopping on SIGTERM before SIGKILL. */
  readonly readyDeadline?: number;
  readonly stopDeadline?: number;
}

/**
 * Starts a Node program in a process group of its own, so that Ctrl-C in the terminal reaches only us and we can stop
 * services before what they need, and with a channel, which closes when we are gone: a program that listens ends then.
 * Resolves when `ready` does. Rejects, with its last lines, when it ends before or is not ready in time.
 */
export async function startNode(program: NodeProgram): Promise<Running> {
  const { readyDeadline = 60_000, stopDeadline = 15_000 } = program;
  const child = spawn(process.execPath, [...(program.nodeArgs ?? []), program.file], {
    detached: true,
    env: { ...process.env, ...program.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    windowsHide: true,
  });
  let lastLines: readonly string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lastLines = [...lastLines.slice(-19), line];
      program.onLine?.(line);
    });
  }
  const ended = new AbortController();
  // 'close' comes after the last line; 'exit' may come before. Its own children may hold the pipes open: wait no longer.
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('exit', (code, by) => {
      const exit: Exit = { code, signal: by };
      ended.abort();
      void within(500, new Promise((closed) => child.once('close', closed))).then(() => resolve(exit));
    });
  });
  const { pid } = child;
  if (pid === undefined) {
    await exited;
    throw new Error(`${program.file} could not be started.`);
  }
  let stopping: Promise<void> | undefined;
  const steps = [
    ['SIGTERM', stopDeadline],
    ['SIGKILL', 5_000],
  ] as const;
  const stop = (): Promise<void> => (stopping ??= endProcess(pid, exited, steps).then(() => {}));

  const ready = program.ready?.(ended.signal) ?? Promise.resolve();
  const died = exited.then(({ code, signal: by }) => {
    throw new Error(`${program.file} ended before it was ready (${by ?? code ?? 'gone'}):\n${lastLines.join('\n')}`);
  });
  died.catch(() => {}); // later deaths are the supervisor's to tell
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const onAbort = (): void => aborted.reject(new Error(`${program.file} was not ready before it was to stop.`));
  program.signal?.addEventListener('abort', onAbort);
  if (program.signal?.aborted) onAbort();
  try {
    if (!(await within(readyDeadline, Promise.race([ready, died, aborted.promise])))) {
      throw new Error(`${program.file} was not ready within ${readyDeadline / 1000} s:\n${lastLines.join('\n')}`);
    }
  } catch (error) {
    await endProcess(pid, exited, [['SIGKILL', 5_000]]);
    throw error;
  } finally {
    program.signal?.removeEventListener('abort', onAbort);
  }
  return { pid, exited, stop };
}
