import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { processesOf, within } from './processes-identity.js';

test('A program is known by its name, in whatever folder it and its data are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton processes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const programs = join(folder, 'my programs');
  mkdirSync(programs);
  const program = join(programs, 'sleepy');
  symlinkSync(process.execPath, program);
  const data = join(folder, 'data');
  const child = spawn(program, ['-e', "console.log('up'); setInterval(() => {}, 1 << 30)", data]);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect(processesOf('sleepy', data)).toEqual([child.pid]);
  expect(processesOf('programs', data)).toEqual([]);
  expect(processesOf('sleepy', join(folder, 'others'))).toEqual([]);
  child.kill('SIGKILL');
  expect(await within(10_000, ended)).toBe(true);
  expect(processesOf('sleepy', data)).toEqual([]);
});
