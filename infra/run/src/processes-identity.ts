import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Takes one line for people, without a line end. */
export type Log = (line: string) => void;

/** How a process ended, as Node reports it; both null when it was not our child and is simply gone. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that was started and can be ended. */
export interface Running {
  readonly pid: number;
  /** Resolves when the process has ended, for whatever reason. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Ends it gracefully, by force after a deadline; may be called more than once. */
  stop(): Promise<void>;
  /** What to send it when the parent leaves at once and can wait for nothing; SIGKILL when absent. */
  readonly partingSignal?: NodeJS.Signals;
}

/**
 * A token that tells this run of a pid from any later process with the same pid (its start time), or undefined when
 * no such process lives. A zombie counts as gone.
 */
export function identityOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is the command in parentheses and may hold spaces; state and start time follow it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    process.kill(pid, 0);
    if (process.platform === 'win32') return 'alive';
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

/** As Windows writes them: what holds a blank, such as a path, in quotes. */
const quoted = (argument: string): string => (/\s/.test(argument) ? `"${argument}"` : argument);

/** Every process that can be seen, with its command line as one string. */
function commandLines(): readonly (readonly [pid: number, command: string])[] {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => {
        try {
          return [
            Number(name),
            readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').map(quoted).join(' '),
          ] as const;
        } catch {
          return [Number(name), ''] as const;
        }
      });
  }
  const listing =
    process.platform === 'win32'
      ? execFileSync(
          'powershell',
          ['-NoProfile', '-Command', 'Get-CimInstance Win32_Process | % { "$($_.ProcessId) $($_.CommandLine)" }'],
          { encoding: 'utf8', maxBuffer: 64 << 20 },
        )
      : execFileSync('ps', ['-axww', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 64 << 20 });
  return listing
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => [Number(match[1]), match[2] ?? ''] as const);
}

/**
 * The pids of processes whose command line begins with a path to `program` and names `path`. Used in place of a pid
 * file's word alone: a pid is given again after a restart of the machine, a command line that names our folder is ours.
 */
export function processesOf(program: string, path: string): readonly number[] {
  const name = String.raw`${program}(\.exe)?`;
  const starts = new RegExp(String.raw`^("([^"]*[/\\])?${name}"|(\S*[/\\])?${name})\s`, 'i');
  return commandLines()
    .filter(([, command]) => starts.test(command) && command.includes(path))
    .map(([pid]) => pid)
    .filter((pid) => identityOf(pid) !== undefined);
}

/** Sends a signal and says whether the process was still there. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Resolves true as soon as `done` does, false after `milliseconds`; rejects when `done` does. */
export async function within(milliseconds: number, done: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  try {
    return await Promise.race([
      done.then(() => true),
      sleep(milliseconds, false, { signal: over.signal }).catch(() => false),
    ]);
  } finally {
    over.abort(); // a timer left behind would keep the process alive
  }
}

/** Resolves when a process that is not our child is gone. */
export async function gone(pid: number): Promise<void> {
  const identity = identityOf(pid);
  while (identity !== undefined && identityOf(pid) === identity) await sleep(20);
}

/**
 * Ends a process step by step: sends each signal and waits its milliseconds before the next, harder one.
 * Returns the signal after which it was gone.
 */
export async function endProcess(
  pid: number,
  ended: Promise<unknown>,
  steps: readonly (readonly [NodeJS.Signals, number])[],
  send: (pid: number, name: NodeJS.Signals) => unknown = signal,
): Promise<NodeJS.Signals | undefined> {
  for (const [name, patience] of steps) {
    send(pid, name);
    if (await within(patience, ended)) return name;
  }
  return undefined;
}

interface Owner {
  readonly pid: number;
  readonly identity: string;
}

/**
 * Takes a data folder for this process, so that a second start on it is refused instead of ending the first one's
 * processes. The claim of a process that died is void. Throws when another living process holds the folder.
 */
export function claimFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const owner = ownerOf(folder);
  if (owner !== undefined && owner !== process.pid) {
    throw new Error(`Process ${owner} is already running on ${folder}. End it first, or choose another data folder.`);
  }
  const mine: Owner = { pid: process.pid, identity: identityOf(process.pid) ?? '' };
  writeFileSync(join(folder, 'owner.json'), `${JSON.stringify(mine)}\n`);
}

/** Gives a claimed folder back. */
export function releaseFolder(folder: string): void {
  if (ownerOf(folder) === process.pid) rmSync(join(folder, 'owner.json'), { force: true });
}

/** The pid of the living process that holds a folder, if any. */
export function ownerOf(folder: string): number | undefined {
  try {
    const owner = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as Owner;
    return identityOf(owner.pid) === owner.identity ? owner.pid : undefined;
  } catch {
    return undefined;
  }
}
