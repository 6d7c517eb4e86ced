import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '@baton/messaging/testing';
import { PATIENCE_MS } from './system.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.resolve('@baton/run')));

/** What `npm start` runs, as a process of its own. */
export interface Program {
  readonly pid: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
  /** Resolves with the exit code, or the signal that ended it, after its last line. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** Waits until a line on stderr fits; its match. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
}

/** Starts the built program with these options, away from this process's own terminal and settings. */
export const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Program => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    // By the channel it notices when the tests are killed, and ends.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NO_COLOR: '1', ...env },
    detached: true,
  });
  const { pid, stdout, stderr } = child;
  if (pid === undefined || !stdout || !stderr) throw new Error(`${MAIN} could not be started.`);
  const out: string[] = [];
  const err: string[] = [];
  createInterface({ input: stdout }).on('line', (text) => out.push(text));
  createInterface({ input: stderr }).on('line', (text) => err.push(text));
  const ended = endOf(child);
  let over = false;
  void ended.then(() => {
    over = true;
  });
  return {
    pid,
    out,
    err,
    ended,
    signal: (name) => void child.kill(name),
    says: async (pattern) => {
      const match = await eventually(() => {
        const found = pattern.exec(err.join('\n'));
        if (!found && !over) throw new Error(`It has not said ${pattern}:\n${err.join('\n')}`);
        return found ?? undefined;
      }, 2 * PATIENCE_MS);
      if (!match) throw new Error(`It ended without saying ${pattern}:\n${err.join('\n')}`);
      return match;
    },
  };
};

const endOf = (child: ChildProcess): Program['ended'] =>
  new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
