import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { percentile, rounded } from './figure.js';

const WRITES = 300;
const BLOCK = 8_192;

/** What everything else is to be read against: how long one small write takes to reach this folder's disk. */
export const machineOf = (folder: string) => {
  const file = join(folder, 'fsync-probe');
  const descriptor = openSync(file, 'w');
  const block = Buffer.alloc(BLOCK, 1);
  const times = Array.from({ length: WRITES }, () => {
    const begun = performance.now();
    // In place, as a log that was made beforehand: no time is spent on making the file longer.
    writeSync(descriptor, block, 0, BLOCK, 0);
    fdatasyncSync(descriptor);
    return performance.now() - begun;
  }).sort((a, b) => a - b);
  closeSync(descriptor);
  rmSync(file);
  return {
    figure: 'machine',
    fsync_p50_ms: rounded(percentile(times, 50), 3),
    fsync_p99_ms: rounded(percentile(times, 99), 3),
    cpus: availableParallelism(),
    node: process.version,
    load: rounded(loadavg()[0] ?? 0),
  };
};
