// Gets from a fresh clone to a running command: a Node and a pnpm that fit, dependencies, a build, and then the command.
// Needs nothing but Node 18 or later with its npm. Says nothing, and nothing ever on stdout, unless it takes long.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STAMP = join(ROOT, 'node_modules', '.baton.json'); // a failed install leaves pnpm's own marks behind
const OLDEST_NODE = [24, 11];
const PNPM = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).packageManager.split('@')[1];
// npm's package `node` has no macOS build of 24, and 26 needs a library that slim Linux images lack.
const NODE = process.platform === 'linux' ? '24.21.0' : '26.10.0';
const WINDOWS = process.platform === 'win32';
const COMMANDS = {
  start: ['infra/run/dist/main.js'],
  test: ['scripts/test.mjs'],
  check: ['scripts/test.mjs', '--checks-only'],
  bench: ['test/dist/bench/main.js'],
  pictures: ['test/dist/pictures/main.js'],
  baton: ['libs/client/dist/main.js'],
  build: undefined,
  lock: undefined,
};

// npm's settings for its scripts would become pnpm's.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
const say = (line) => process.stderr.write(`${line}\n`);

const [command = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(COMMANDS, command)) {
  say(`Usage: node scripts/run.mjs ${Object.keys(COMMANDS).join('|')} [argument ...]`);
  process.exit(2);
}
const stamp = readStamp();
env.PATH = toolchain(stamp.path);
install();
if (command !== 'lock') build();
// What a unit of work makes lives for some milliseconds: with room for a few of them, most of it is never copied.
env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ''} --max-semi-space-size=32`.trim();
if (COMMANDS[command] !== undefined) run(COMMANDS[command]);

/** A PATH on which `node` is new enough: our own, the one found last time, or one with npm's package `node`. */
function toolchain(known) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fits = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const installed = stamp.hash === hash();
  if (
    fits &&
    (installed ||
      spawnSync('pnpm', ['--version'], { env, encoding: 'utf8', shell: WINDOWS, cwd: ROOT }).stdout?.trim() === PNPM)
  )
    return env.PATH;
  if (installed && known !== undefined && existsSync(join(known.split(delimiter)[0], WINDOWS ? 'node.cmd' : 'node')))
    return known;
  const packages = [...(fits ? [] : [`node@${NODE}`]), `pnpm@${PNPM}`];
  say(`getting ${packages.join(' and ')} from npm …`);
  const wanted = packages.map((name) => `--package=${name}`);
  const print = WINDOWS ? 'node -p process.env.PATH' : '"node" -p process.env.PATH';
  const quoted = WINDOWS ? `"${print}"` : print;
  return execFileSync('npm', ['exec', '-y', '--prefer-offline', '--update-notifier=false', ...wanted, '-c', quoted], {
    env,
    encoding: 'utf8',
    shell: WINDOWS,
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}

/**
 * Installs what the lockfile says, if it or a manifest has changed since the last install that succeeded; `lock` writes
 * the lockfile anew first.
 */
function install() {
  const lock = command === 'lock';
  if (lock || stamp.hash !== hash()) {
    say('installing dependencies (the first time about half a minute) …');
    const result = spawnSync('pnpm', ['install', lock ? '--no-frozen-lockfile' : '--frozen-lockfile'], {
      env,
      cwd: ROOT,
      encoding: 'utf8',
      shell: WINDOWS,
    });
    if (/ERR_PNPM_OUTDATED_LOCKFILE/.test(result.stdout + result.stderr))
      fail(
        { stderr: 'pnpm-lock.yaml is older than a package.json: `npm run lock` brings it up to date.' },
        'pnpm install',
      );
    if (result.status !== 0) fail(result, 'pnpm install');
  }
  if (stamp.hash !== hash() || stamp.path !== env.PATH)
    writeFileSync(STAMP, JSON.stringify({ hash: hash(), path: env.PATH }));
}

function build() {
  const slow = spawn(process.execPath, ['-e', 'setTimeout(() => console.error("building …"), 2500)'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const result = spawnSync('node', ['node_modules/typescript/bin/tsc', '-b'], {
    env,
    cwd: ROOT,
    encoding: 'utf8',
    shell: WINDOWS,
  });
  slow.kill();
  if (result.status !== 0) fail(result, 'The build');
}

/** Runs a program in our process group, hands signals on and takes over how it ends. */
function run(program) {
  // The channel tells the program when we are killed and can tell it no more.
  const child = spawn('node', [...program.map((part) => (part.includes('/') ? join(ROOT, part) : part)), ...args], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    shell: false,
  });
  // Ctrl-C reaches the whole group, the program too: we only have to outlive it. Without a terminal we hand it on.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
  // npm hands no SIGTERM on, and cannot when it is killed: its absence has to serve.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined) {
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      child.kill('SIGTERM');
    }, 500);
  }
  child.on('error', (error) => fail({ stderr: error.message }, command));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(result, what) {
  say(`${[result.error?.message, result.stdout, result.stderr].filter(Boolean).join('\n').trim()}\n${what} failed.`);
  process.exit(1);
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return {};
  }
}

/** Of everything that decides what lies in node_modules. */
function hash() {
  const folders = ['libs', 'services']
    .filter((name) => existsSync(join(ROOT, name)))
    .flatMap((name) => readdirSync(join(ROOT, name)).map((inner) => `${name}/${inner}`));
  const patches = existsSync(join(ROOT, 'patches'))
    ? readdirSync(join(ROOT, 'patches')).map((name) => `patches/${name}`)
    : [];
  const manifests = ['.', ...folders, 'infra/run', 'test'].map((folder) => join(folder, 'package.json'));
  const digest = createHash('sha256').update(`${process.platform} ${process.arch} ${PNPM}`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests, ...patches]) {
    if (existsSync(join(ROOT, file))) digest.update(`\n${file}\n`).update(readFileSync(join(ROOT, file)));
  }
  return digest.digest('hex');
}
