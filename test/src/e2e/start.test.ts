import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@baton/messaging/testing';
import { databases } from '@baton/run';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { send } from './support/http.js';
import { type Program, start } from './support/program.js';
import { PATIENCE_MS } from './support/system.js';

let folder: string;
let programs: Program[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-start-'));
  programs = [];
});
afterEach(async () => {
  for (const program of programs) {
    program.signal('SIGKILL');
    await program.ended;
  }
  // Postgres outlives a parent that was killed.
  await eventually(() => {
    const left = processesIn(folder);
    for (const each of left) process.kill(Number.parseInt(each, 10), 'SIGQUIT');
    return left.length === 0;
  }, PATIENCE_MS);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** `npm start` in the test's folder, at full speed. */
const run = (...args: readonly string[]): Program => {
  const program = start(['--data', folder, '--port', '0', '--speed', '50', ...args]);
  programs.push(program);
  return program;
};

/** Several starts and stops in one test, on a machine that may be busy. */
const LONG_MS = 300_000;

const summaryOf = ({ out }: Program) => JSON.parse(out.at(-1) ?? '') as Readonly<Record<string, number>>;
const urlOf = async (program: Program): Promise<string> =>
  (await program.says(/orders +(http:\S+)\/orders$/m))[1] ?? '';

/** Living processes whose command line names a folder. */
const processesIn = (path: string): readonly string[] =>
  execFileSync('ps', ['-axww', '-o', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((process) => process.includes(path));

describe('npm start', () => {
  test(
    'publishes the next orders, waits until they are done, and ends with balanced books on its last line',
    async () => {
      const first = run('--orders', '20', '--until-done');
      expect(await first.ended, first.err.join('\n')).toBe(0);
      const books = summaryOf(first);
      expect(books).toMatchObject({ placed: 20, incidents: 0, dead_letters: 0, stock_drift: 0 });
      expect(Object.keys(books)).toEqual([
        'placed',
        'completed',
        'cancelled',
        'waiting',
        'incidents',
        'dead_letters',
        'stock_drift',
        'mails',
        'seconds',
      ]);
      expect((books['completed'] ?? 0) + (books['cancelled'] ?? 0) + (books['waiting'] ?? 0)).toBe(20);
      expect(books['mails']).toBeGreaterThanOrEqual(3 * (books['completed'] ?? 0));
      expect(first.err.join('\n')).toContain(`data is kept in ${join(folder, 'embedded')}`);
      expect(processesIn(folder), 'nothing is left').toEqual([]);

      // The same folder: others, on top of those.
      const second = run('--orders', '5', '--until-done');
      expect(await second.ended, second.err.join('\n')).toBe(0);
      expect(summaryOf(second)).toMatchObject({ placed: 5, stock_drift: 0 });

      const third = run('--orders', '0');
      const url = await urlOf(third);
      expect((await send('GET', `${url}/orders/summary`)).body).toMatchObject({ total: 25 });
      third.signal('SIGTERM');
      expect(await third.ended).toBe(143);

      const anew = run('--orders', '0', '--reset');
      expect((await send('GET', `${await urlOf(anew)}/orders/summary`)).body).toMatchObject({ total: 0 });
      anew.signal('SIGINT');
      expect(await anew.ended).toBe(130);
      expect(processesIn(folder)).toEqual([]);
    },
    LONG_MS,
  );

  test(
    'interrupted by Ctrl-C leaves no process, and the next start goes on where it stopped',
    async () => {
      const first = run('--orders', '150');
      const url = await urlOf(first);
      const total = async () => Number((await send('GET', `${url}/orders/summary`)).body?.['total']);
      await eventually(async () => (await total()) > 0, PATIENCE_MS);
      const { body: summary } = await send('GET', `${url}/orders/summary`);
      first.signal('SIGINT');
      expect(summary, 'the middle of it').not.toMatchObject({ byStatus: { completed: 150 } });
      expect(await first.ended).toBe(130);
      expect(first.err.join('\n')).toContain('stopping: what is at hand is finished first');
      expect(processesIn(folder), 'neither a child nor Postgres').toEqual([]);

      const second = run('--orders', '0');
      const again = await urlOf(second);
      const open = ['placed', 'cancelling', 'dispatched', 'delivered'];
      await eventually(async () => {
        const { body } = await send('GET', `${again}/orders/summary`);
        const { total: all, byStatus } = body as { total: number; byStatus: Readonly<Record<string, number>> };
        expect(all).toBe(150);
        for (const status of open) expect(byStatus[status], status).toBe(0);
      }, 2 * PATIENCE_MS);
      expect((await send('GET', `${again}/stock/audit`)).body).toMatchObject({ drift: 0 });
      expect((await send('GET', `${again}/incidents`)).body).toMatchObject({ incidents: [] });
      for (const service of databases) {
        expect((await send('GET', `${again}/dead-letters/${service}`)).body, service).toMatchObject({ items: [] });
      }
      second.signal('SIGINT');
      expect(await second.ended).toBe(130);
    },
    LONG_MS,
  );

  test('moves away from a port that is taken, and says so', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const program = run('--orders', '0', '--port', String(port));
      const [, moved] = await program.says(new RegExp(`port ${port} is taken; the gateway listens on (\\d+)`));
      const url = await urlOf(program);
      expect(url).toBe(`http://127.0.0.1:${moved}`);
      expect((await send('GET', `${url}/health`)).status).toBe(200);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  test.for([
    ['--orders', 'many', /--orders <n>.*'many'.*whole number from 0 to 1000000/],
    ['--port', '70000', /--port <n>.*'70000'.*from 0 to 65535/],
    ['--speed', '0', /--speed <x>.*'0'.*from 0\.01 to 1000/],
    ['--staff', '1.5', /--staff <n>.*'1\.5'.*whole number from 1 to 500/],
    ['--quickly', '', /unknown option '--quickly'/],
  ] as const)('refuses %s %s and names the option', async ([option, value, says]) => {
    const program = start([option, ...(value === '' ? [] : [value]), '--data', folder]);
    programs.push(program);
    expect(await program.ended).toBe(1);
    expect(program.err.join('\n')).toMatch(says);
    expect(readdirSync(folder), 'nothing was begun').toEqual([]);
  });
});
