import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSupervisor, type Running, startNode, type Supervisor } from './processes.js';
import { claimFolder, gone, identityOf, ownerOf, processesOf, releaseFolder, within } from './processes-identity.js';

let folder: string;
let lines: string[];
let supervisor: Supervisor;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-processes-'));
  lines = [];
  supervisor = createSupervisor({ log: (line) => lines.push(line), pause: 5, longestPause: 20, stopDeadline: 2_000 });
});

afterEach(async () => {
  await supervisor.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a program and says how to start it; ready when it has printed "ready". */
function program(name: string, source: string): () => Promise<Running> {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, source);
  return () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const onLine = (line: string): void => {
      if (line === 'ready') resolve();
      else lines.push(`${name}: ${line}`);
    };
    return startNode({ file, onLine, ready: () => promise, stopDeadline: 1_000, readyDeadline: 20_000 });
  };
}

const ALIVE = `setInterval(() => {}, 1 << 30); console.log('ready');`;

describe('A supervisor', () => {
  test('starts again what was killed, says so, and hands over the new process', async () => {
    const first = await supervisor.supervise({ name: 'worker', start: program('worker', ALIVE) });
    process.kill(first.pid, 'SIGKILL');
    await expect.poll(() => lines.length, { timeout: 20_000 }).toBe(2);
    const second = supervisor.running('worker')?.pid ?? 0;
    expect(second).not.toBe(first.pid);
    expect(identityOf(second)).toBeDefined();
    expect(lines).toEqual(['worker died (SIGKILL); starting it again', `worker is back (pid ${second})`]);
  });

  test('gives up on what dies again and again, with how it ended', async () => {
    let starts = 0;
    const start = program('doomed', `console.log('ready'); setTimeout(() => process.exit(3), 20);`);
    await supervisor.supervise({ name: 'doomed', start: () => (starts++, start()) });
    const error = await supervisor.gaveUp;
    expect(error.message).toBe('doomed died (exit code 3), 5 times within 60 s. Giving up.');
    expect(starts).toBe(5);
    expect(supervisor.running('doomed')).toBeUndefined();
  });

  test('counts a start that fails as a death, and tells why', async () => {
    let starts = 0;
    const good = program('worker', ALIVE);
    const bad = program('broken', `console.log('no settings'); process.exit(1);`);
    const first = await supervisor.supervise({ name: 'worker', start: () => (starts++ === 0 ? good() : bad()) });
    process.kill(first.pid, 'SIGKILL');
    const error = await supervisor.gaveUp;
    expect(error.message).toMatch(/worker did not start .*ended before it was ready \(1\):\nno settings/s);
    expect(starts).toBe(5);
  });

  test('gives up on what never gets ready, however long each start takes', async () => {
    const window = 100;
    const impatient = createSupervisor({ log: (line) => lines.push(line), pause: 5, longestPause: 5, window });
    const good = program('worker', ALIVE);
    let starts = 0;
    const start = async (): Promise<Running> => {
      if (starts++ === 0) return good();
      await new Promise((resolve) => setTimeout(resolve, 2 * window));
      throw new Error('not ready in time');
    };
    const first = await impatient.supervise({ name: 'worker', start });
    process.kill(first.pid, 'SIGKILL');
    expect((await impatient.gaveUp).message).toMatch(/^worker did not start \(not ready in time\), 5 times/);
    await impatient.stopAll();
  });

  test('ends what is being started when it is to stop', async () => {
    const begun = Promise.withResolvers<number>();
    const file = join(folder, 'slow.mjs');
    writeFileSync(file, `console.log(process.pid); ${ALIVE}`);
    const starting = supervisor.supervise({
      name: 'slow',
      start: (signal) =>
        startNode({ file, signal, onLine: (line) => begun.resolve(Number(line)), ready: () => new Promise(() => {}) }),
    });
    const refused = expect(starting).rejects.toThrow('was not ready before it was to stop');
    const pid = await begun.promise;
    await supervisor.stopAll();
    await refused;
    expect(identityOf(pid)).toBeUndefined();
  });

  test('rejects when the first start fails', async () => {
    const start = program('broken', `console.error('port taken'); process.exit(1);`);
    await expect(supervisor.supervise({ name: 'broken', start })).rejects.toThrow('port taken');
  });

  test('stops the last started first, and kills what does not stop', async () => {
    const tells = (name: string): string =>
      `process.on('SIGTERM', () => { console.log('stopping'); setTimeout(() => process.exit(0), 50); }); ${ALIVE} //${name}`;
    const deaf = `process.on('SIGTERM', () => {}); ${ALIVE}`;
    const started = [
      await supervisor.supervise({ name: 'first', start: program('first', tells('first')) }),
      await supervisor.supervise({ name: 'deaf', start: program('deaf', deaf) }),
      await supervisor.supervise({ name: 'last', start: program('last', tells('last')) }),
    ];
    const ends: string[] = [];
    started.forEach(
      (running, index) => void running.exited.then((exit) => ends.push(`${index} ${exit.signal ?? exit.code}`)),
    );
    await supervisor.stopAll();
    expect(lines).toEqual(['last: stopping', 'first: stopping']);
    expect(ends).toEqual(['2 0', '1 SIGKILL', '0 0']);
    expect(started.map(({ pid }) => identityOf(pid))).toEqual([undefined, undefined, undefined]);
  });
});

test('A child ends with a parent that is killed', async () => {
  const built = new URL('../dist/processes.js', import.meta.url).href;
  const child = `import { stopOnSignals } from '${built}'; stopOnSignals(async () => {}); ${ALIVE}`;
  writeFileSync(join(folder, 'child.mjs'), child);
  const parent = await program(
    'parent',
    `import { startNode } from '${built}';
     const child = await startNode({ file: '${join(folder, 'child.mjs')}' });
     console.log(child.pid); console.log('ready'); setInterval(() => {}, 1 << 30);`,
  )();
  const pid = Number(lines[0]?.split(' ')[1]);
  expect(identityOf(pid)).toBeDefined();
  process.kill(parent.pid, 'SIGKILL');
  expect(await within(10_000, gone(pid))).toBe(true);
});

test('A supervisor whose process ends by an error leaves nothing', async () => {
  const built = new URL('../dist/processes.js', import.meta.url).href;
  writeFileSync(join(folder, 'deaf.mjs'), `process.on('SIGTERM', () => {}); ${ALIVE}`);
  const parent = await program(
    'parent',
    `import { createSupervisor, startNode } from '${built}';
     const supervisor = createSupervisor({ log: () => {} });
     const child = await supervisor.supervise({ name: 'deaf', start: () => startNode({ file: '${join(folder, 'deaf.mjs')}' }) });
     console.log(child.pid); console.log('ready'); setTimeout(() => { throw new Error('bug'); }, 50);`,
  )();
  const pid = Number(lines[0]?.split(' ')[1]);
  expect((await parent.exited).code).toBe(1);
  expect(await within(10_000, gone(pid))).toBe(true);
});

test('A folder is held by one living process', async () => {
  claimFolder(folder);
  expect(ownerOf(folder)).toBe(process.pid);
  claimFolder(folder); // again, after a restart within this process
  const other = await program('other', ALIVE)();
  const identity = identityOf(other.pid);
  writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: other.pid, identity }));
  expect(() => claimFolder(folder)).toThrow(`Process ${other.pid} is already running on ${folder}`);
  // The same pid, given to a later process, is not the owner.
  writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: other.pid, identity: `${identity}0` }));
  expect(ownerOf(folder)).toBeUndefined();
  writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: other.pid, identity }));
  await other.stop();
  claimFolder(folder);
  releaseFolder(folder);
  expect(ownerOf(folder)).toBeUndefined();
});

test('A process is found by its program and a path it names, and by nothing else', async () => {
  const running = await program('findme', ALIVE)();
  const path = join(folder, 'findme.mjs');
  expect(processesOf('node', path)).toEqual([running.pid]);
  expect(processesOf('java', path)).toEqual([]);
  expect(processesOf('node', `${path}.other`)).toEqual([]);
  await running.stop();
  expect(processesOf('node', path)).toEqual([]);
});
