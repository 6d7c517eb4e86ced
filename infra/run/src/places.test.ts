import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refuseHeld, reset, settle } from './places.js';
import { claimFolder, releaseFolder } from './processes-identity.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'baton-places-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.for(['postgres', 'kafka'])('A folder whose %s runs is nobody else’s to begin with, or to forget', async (part) => {
  await settle(folder, 0);
  claimFolder(join(folder, part));
  expect(() => refuseHeld(folder)).toThrow(`Process ${process.pid} is already running on ${folder}.`);
  releaseFolder(join(folder, part));
  refuseHeld(folder);
  reset(folder);
  expect(existsSync(folder)).toBe(false);
});
