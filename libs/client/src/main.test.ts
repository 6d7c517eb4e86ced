import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { superstoreOrders } from './sample/superstore.js';
import { NOBODY } from './testing/baton.js';
import { fakeGateway } from './testing/fake-gateway.js';

// The built program, as a shell runs it.
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * @param reads how many bytes of stdout are read before it is closed
 * @param deaf nobody reads stderr
 */
const baton = (
  args: readonly string[],
  options: { readonly stdin?: string; readonly reads?: number; readonly deaf?: boolean } = {},
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: 'pipe' });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (options.reads !== undefined && out.length >= options.reads) child.stdout.destroy();
    });
    if (options.deaf) child.stderr.destroy();
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
    child.stdin.end(options.stdin ?? '');
  });

const summary = (index: number) => ({
  orderId: `o-${index}`,
  status: 'placed',
  statusSince: '',
  placedAt: '',
  lines: 1,
  units: 1,
});

test('a reader that goes away early is no error', async () => {
  const orders = Array.from({ length: 200 }, (_, index) => summary(index));
  const gateway = await fakeGateway(() => ({ body: { orders, next: 'more' } }));
  const { code, err } = await baton(['orders', '--url', gateway.url, '--limit', '20000'], { reads: 100 });
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

test('a publish goes on to its end when nobody reads what it says on the way', async () => {
  const gateway = await fakeGateway(() => ({ status: 201, body: {} }));
  const stdin = [
    'no order',
    ...superstoreOrders()
      .slice(0, 100)
      .map((order) => JSON.stringify(order)),
  ].join('\n');
  const args = ['publish', '-', '--skip-invalid', '--url', gateway.url];
  const { code, out } = await baton(args, { stdin, deaf: true });
  expect({ code, out }).toEqual({ code: 0, out: '100 events accepted, 1 line skipped.\n' });
  expect(gateway.seen).toHaveLength(100);
  expect((await baton(['publish', '-', '--url', gateway.url], { stdin, deaf: true })).code).toBe(2);
});

test('the exit code is the process’s, and a failure is one line without a stack', async () => {
  expect(await baton(['order', 'o-1', '--url', NOBODY])).toEqual({
    code: 3,
    out: '',
    err: expect.stringMatching(/^baton: Baton does not answer at http:\/\/127\.0\.0\.1:9.*\n$/),
  });
  expect(await baton(['publish', '-', '--url', NOBODY], { stdin: '{}' })).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^standard input:1: orderId: /),
  });
});

test.skipIf(process.platform !== 'linux')('a full disk is a failure in one line', async () => {
  const gateway = await fakeGateway(() => ({ body: { orders: [summary(1)], next: null } }));
  const full = await open('/dev/full', 'w');
  const child = spawn(process.execPath, [MAIN, 'orders', '--url', gateway.url], { stdio: ['ignore', full.fd, 'pipe'] });
  let err = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  await full.close();
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringMatching(/^baton: ENOSPC: no space left on device.*\n$/),
  });
});

test('all output arrives before the process ends', async () => {
  const orders = Array.from({ length: 200 }, (_, index) => summary(index));
  const gateway = await fakeGateway(() => ({ body: { orders, next: 'more' } }));
  const { code, out } = await baton(['orders', '--url', gateway.url, '--limit', '5000', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toHaveLength(5_000);
});
